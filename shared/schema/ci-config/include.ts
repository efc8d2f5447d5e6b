/** A file with all that it includes, merged as GitLab merges: what is included first, the file itself last. */
import { withInputs } from './inputs.ts'
import { type Reading, stepsToKeep } from './reading.ts'
import {
  type CiHash,
  type CiValue,
  deepMerge,
  EMPTY,
  entryOf,
  type Gap,
  isHash,
  isList,
  type Place,
  textOf,
} from './value.ts'
import { type CiText, parseCiText } from './yaml.ts'

/** The repository's files; paths are relative to its root, without a slash before them. */
export type CiFiles = {
  /** Undefined when there is no such file. */
  read(path: string): string | undefined
  /** The files that a pattern with `*` or `**` matches, sorted. */
  list(pattern: string): readonly string[]
}

/** GitLab's bound, for the whole of a configuration; one that cannot be read here counts, too. */
const MAX_INCLUDES = 150

/** Of whom only GitLab itself knows the content. */
const ELSEWHERE = ['remote', 'template', 'project', 'component', 'artifact'] as const

export function* gather(
  path: string,
  files: CiFiles,
  reading: Reading,
): Generator<void, { config: CiHash; gaps: readonly Gap[]; includes: number }> {
  const { fault, work } = reading
  const gaps: Gap[] = []
  const parsed = new Map<string, CiText | undefined>()
  let includes = 0
  let patterns = 0
  const config = yield* contentOf(path, undefined, { file: path, line: 1 }, [])
  return { config, gaps, includes: includes - gaps.length }

  function* contentOf(
    file: string,
    given: CiHash | undefined,
    at: Place,
    within: readonly string[],
  ): Generator<void, CiHash> {
    const text = files.read(file)
    if (text === undefined) {
      fault(
        at,
        within.length === 0 ? 'is not there, or cannot be read' : `includes "${file}", which is not there`,
      )
      return EMPTY
    }
    if (!parsed.has(file)) parsed.set(file, yield* parseCiText(text, file, reading))
    const values = parsed.get(file)
    if (values === undefined) return EMPTY
    const own = withInputs(values, given, at, reading)
    yield
    const include = own.get('include')
    let content: CiHash = EMPTY
    if (include !== undefined) {
      const wanted = isList(include.value) ? include.value : [include.value]
      for (const one of wanted) {
        if (includes > MAX_INCLUDES) break
        content = deepMerge(content, yield* included(one, include.at, [...within, file]), include.at, reading)
      }
    }
    work(own.size, at)
    const rest = new Map(own)
    rest.delete('include')
    return deepMerge(content, rest, at, reading)
  }

  function* included(wanted: CiValue, at: Place, within: readonly string[]): Generator<void, CiHash> {
    work(1, at)
    const hash = isHash(wanted) ? wanted : hashOfText(wanted, at)
    const place = [...hash.values()][0]?.at ?? at
    const other = ELSEWHERE.find((key) => hash.has(key))
    if (other !== undefined) return missing(`${other} ${nameOf(hash, other)}`, place)
    const local = textOf(entryOf(hash, 'local')?.value)
    if (local === undefined) {
      if (wanted !== null) fault(place, 'an include needs local, remote, template, project or component')
      return EMPTY
    }
    // Only those of the project's settings and of the pipeline count here, and these are not known.
    if (/[$%]/.test(local)) return missing(`local "${local}", whose name depends on a variable`, place)
    const inputs = entryOf(hash, 'inputs')?.value
    const given = isHash(inputs) ? inputs : EMPTY
    const path = local.replace(/^\/+/, '')
    let content: CiHash = EMPTY
    for (const file of path.includes('*') ? listOf(path, place) : [path]) {
      if (includes > MAX_INCLUDES) break
      content = deepMerge(content, yield* once(file, given, place, within), place, reading)
    }
    return content
  }

  function listOf(pattern: string, at: Place): readonly string[] {
    patterns += 1
    if (patterns <= MAX_INCLUDES) return files.list(pattern)
    fault(at, `includes more than ${MAX_INCLUDES} patterns in all`)
    return []
  }

  function isOneMore(at: Place): boolean {
    includes += 1
    if (includes === MAX_INCLUDES + 1) fault(at, `includes more than ${MAX_INCLUDES} files in all`)
    return includes <= MAX_INCLUDES
  }

  function* once(file: string, given: CiHash, at: Place, within: readonly string[]): Generator<void, CiHash> {
    if (!isOneMore(at)) return EMPTY
    if (within.includes(file)) {
      fault(at, `includes itself: ${[...within.slice(within.indexOf(file)), file].join(' → ')}`)
      return EMPTY
    }
    if (!/\.ya?ml$/.test(file)) {
      fault(at, `includes "${file}", whose name does not end in .yml or .yaml`)
      return EMPTY
    }
    return yield* contentOf(file, given, at, within)
  }

  function missing(what: string, at: Place): CiHash {
    work(stepsToKeep(what), at)
    if (isOneMore(at)) gaps.push({ what, at })
    return EMPTY
  }
}

function hashOfText(value: CiValue, at: Place): CiHash {
  if (typeof value !== 'string') return EMPTY
  const isRemote = /^https?:\/\//.test(value)
  return new Map([[isRemote ? 'remote' : 'local', { value, at }]])
}

function nameOf(hash: CiHash, key: string): string {
  const name = JSON.stringify(textOf(hash.get(key)?.value) ?? '')
  if (key !== 'project') return name
  const file = hash.get('file')?.value
  const files = (isList(file) ? file : [file]).map((one) => textOf(one) ?? '')
  return `${name}, file ${files.map((one) => JSON.stringify(one)).join(', ')}`
}
