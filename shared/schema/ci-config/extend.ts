/** `extends`: every hash of the configuration merged over its parents, the later parent over the earlier. */
import type { Reading } from './reading.ts'
import {
  type CiHash,
  deepMerge,
  EMPTY,
  entryOf,
  type Gap,
  isHash,
  isList,
  listed,
  type Place,
  textOf,
} from './value.ts'

/** GitLab's bound: a job and ten parents above one another. */
const MAX_LEVELS = 11

/** What a parent from an include that cannot be read might set. */
const MIGHT_SET = ['tags', 'image', 'services', 'script']

type Extended = { hash: CiHash; levels: number }

export function extended(config: CiHash, gaps: readonly Gap[], reading: Reading): CiHash {
  const { fault, work } = reading
  const done = new Map<string, Extended>()
  const merged = new Map(config)
  for (const [key, { value, at }] of config) {
    work(1, at)
    if (isHash(value)) merged.set(key, { value: extendedOf(key, value, []).hash, at })
  }
  return merged

  function extendedOf(key: string, hash: CiHash, below: readonly string[]): Extended {
    const known = done.get(key)
    if (known !== undefined) return known
    const entry = entryOf(hash, 'extends')
    if (entry === undefined) return keep(key, { hash, levels: 1 })
    const parents = isList(entry.value) ? entry.value : [entry.value]
    let base: CiHash = EMPTY
    let levels = 1
    work(parents.length, entry.at)
    for (const [index, parent] of parents.entries()) {
      // Once more over itself it changes nothing.
      if (index > 0 && parent === parents[index - 1]) continue
      const name = textOf(parent)
      const above = parentOf(name, key, entry.at, [...below, key])
      base = deepMerge(base, above.hash, entry.at, reading)
      levels = Math.max(levels, above.levels + 1)
    }
    if (levels === MAX_LEVELS + 1) fault(entry.at, `"${key}" extends over more than ${MAX_LEVELS} levels`)
    return keep(key, { hash: deepMerge(base, hash, entry.at, reading), levels })
  }

  function parentOf(name: string | undefined, key: string, at: Place, below: readonly string[]): Extended {
    const nothing = { hash: EMPTY, levels: 0 }
    if (name === undefined) {
      fault(at, `"${key}" extends something that is no name`)
      return nothing
    }
    if (below.includes(name)) {
      fault(at, `"${key}" extends itself: ${[...below.slice(below.indexOf(name)), name].join(' → ')}`)
      return nothing
    }
    if (below.length >= MAX_LEVELS) {
      fault(at, `"${key}" extends over more than ${MAX_LEVELS} levels`)
      return nothing
    }
    const parent = config.get(name)?.value
    if (isHash(parent)) return extendedOf(name, parent, below)
    if (parent === undefined && gaps.length > 0) return { hash: unknownParent(name, at), levels: 0 }
    fault(at, `"${key}" extends ${listed([name])}, which is ${parent === undefined ? 'nowhere' : 'no hash'}`)
    return nothing
  }

  function keep(key: string, result: Extended): Extended {
    done.set(key, result)
    return result
  }
}

function unknownParent(name: string, at: Place): CiHash {
  const value = {
    kind: 'unknown',
    why: `it extends "${name}" of an include that cannot be read here`,
  } as const
  return new Map(MIGHT_SET.map((key) => [key, { value, at }]))
}
