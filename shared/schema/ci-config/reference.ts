/** `!reference [job, key, …]`, after includes are merged and parents extended: replaced by what stands there. */
import { Ended, type Reading, stepsToKeep } from './reading.ts'
import {
  type CiEntry,
  type CiHash,
  type CiValue,
  type Gap,
  isHash,
  isList,
  isReference,
  isUnknown,
  type Place,
  type Reference,
} from './value.ts'

/** GitLab's bound for references that lead to references. */
const MAX_LEVELS = 10
/** Of lists and hashes in one another, which inputs and references make deeper than any text. */
const MAX_DEPTH = 1_000

/** `levels`: how many references lead to one another within it. */
type Resolved = { value: CiValue; levels: number }

export function withoutReferences(config: CiHash, gaps: readonly Gap[], { fault, work }: Reading): CiHash {
  const done = new Map<string, Resolved>()
  /** By identity: what was merged into many places is one value. */
  const seen = new Map<CiValue, Resolved>()
  const within: string[] = []
  let depth = 0
  return resolvedHash(config).hash

  function resolved(value: CiValue, at: Place): Resolved {
    if (isReference(value)) return followed(value)
    if (!isHash(value) && !isList(value)) return { value, levels: 0 }
    const known = seen.get(value)
    if (known !== undefined) return known
    depth += 1
    if (depth > MAX_DEPTH) {
      fault(at, `is nested deeper than ${MAX_DEPTH} levels`)
      throw new Ended()
    }
    const result = isHash(value) ? resolvedEntries(value) : resolvedItems(value, at)
    depth -= 1
    seen.set(value, result)
    return result
  }

  function resolvedEntries(value: CiHash): Resolved {
    const { hash, levels } = resolvedHash(value)
    return { value: hash, levels }
  }

  function resolvedItems(value: readonly CiValue[], at: Place): Resolved {
    work(value.length, at)
    let levels = 0
    const items = value.map((item) => {
      const one = resolved(item, at)
      levels = Math.max(levels, one.levels)
      return one.value
    })
    return { value: items, levels }
  }

  function resolvedHash(hash: CiHash): { hash: CiHash; levels: number } {
    const plain = new Map<string, CiEntry>()
    let levels = 0
    for (const [key, { value, at }] of hash) {
      work(1, at)
      const one = resolved(value, at)
      levels = Math.max(levels, one.levels)
      plain.set(key, { value: one.value, at })
    }
    return { hash: plain, levels }
  }

  function followed({ path, at }: Reference): Resolved {
    for (const part of path) work(stepsToKeep(part), at)
    const name = JSON.stringify(path)
    const known = done.get(name)
    if (known !== undefined) return known
    const nothing = { value: null, levels: 0 }
    if (within.includes(name) || within.length > MAX_LEVELS) {
      const where = within.includes(name) ? 'back to itself' : `over more than ${MAX_LEVELS} others`
      fault(at, `!reference ${name} leads ${where}`)
      return nothing
    }
    const target = targetOf(path)
    if (target === undefined || target === null || target === false) {
      if (gaps.length === 0) fault(at, `!reference ${name} leads nowhere`)
      const why = `!reference ${name} is of an include that cannot be read here`
      return gaps.length === 0 ? nothing : { value: { kind: 'unknown', why }, levels: 0 }
    }
    within.push(name)
    const { value, levels } = resolved(target, at)
    within.pop()
    const result = { value, levels: levels + 1 }
    if (result.levels === MAX_LEVELS + 1)
      fault(at, `!reference ${name} leads over more than ${MAX_LEVELS} others`)
    done.set(name, result)
    return result
  }

  /** Through hashes alone; what a reference or a list holds has no keys yet. */
  function targetOf(path: readonly string[]): CiValue | undefined {
    let value: CiValue | undefined = config
    for (const part of path) {
      if (isUnknown(value)) return value
      value = isHash(value) ? value.get(part)?.value : undefined
    }
    return path.length === 0 ? undefined : value
  }
}
