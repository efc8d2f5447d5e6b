/** `spec: inputs:` of a file, and `$[[ inputs.x ]]` in what follows it. */
import { type Reading, stepsOf, stepsToKeep } from './reading.ts'
import {
  type CiEntry,
  type CiHash,
  type CiValue,
  EMPTY,
  hashAt,
  isHash,
  isList,
  isReference,
  isUnknown,
  listed,
  type Place,
  textOf,
} from './value.ts'

const OPENS = '$[['
const CLOSES = ']]'
/** What GitLab can do with an input's text. Variables are not known yet; they stay, and are expanded with the others. */
const FUNCTIONS = /^(expand_vars|posix_escape|truncate\(\s*(\d+)\s*,\s*(\d+)\s*\))$/

/** GitLab's bound for a text with inputs in it. */
const MAX_CHARACTERS = 1_000_000
/** Of lists and hashes within a text. */
const MAX_DEPTH = 100

type Inputs = ReadonlyMap<string, CiValue>

/**
 * The file with its inputs in their places. One without `spec` is as it was: GitLab looks for no inputs there.
 * @param given by the `include`; undefined for the first file, whose inputs come with the pipeline.
 */
export function withInputs(
  { header, body }: { header: CiHash | undefined; body: CiHash },
  given: CiHash | undefined,
  at: Place,
  reading: Reading,
): CiHash {
  const { fault } = reading
  if (header === undefined) {
    if (given !== undefined && given.size > 0)
      fault(at, `gives the inputs ${listed(given.keys())} to a file without spec: inputs`)
    return body
  }
  const declared = hashAt(hashAt(header, 'spec'), 'inputs')
  const strange = [...(given ?? EMPTY).keys()].filter((name) => !declared.has(name))
  if (strange.length > 0) fault(at, `gives ${listed(strange)}, which is no input of the file`)
  reading.work(declared.size, at)
  const inputs = new Map<string, CiValue>()
  for (const [name, { value }] of declared) {
    inputs.set(name, inputOf(name, isHash(value) ? value : EMPTY, given, at, reading))
  }
  return interpolated(body, inputs, reading)
}

function inputOf(
  name: string,
  spec: CiHash,
  given: CiHash | undefined,
  at: Place,
  { fault, work }: Reading,
): CiValue {
  const value = given?.get(name)?.value
  if (value === undefined) {
    const standard = spec.get('default')
    if (standard !== undefined) return standard.value
    const isOpen = given === undefined || spec.has('rules')
    if (!isOpen) fault(at, `gives no value for the input "${name}", which has no default`)
    return { kind: 'unknown', why: `the input "${name}" is given when the pipeline is created` }
  }
  const type = textOf(spec.get('type')?.value) ?? 'string'
  if (!isOfType(value, type)) fault(at, `gives the input "${name}" no ${type}`)
  const options = spec.get('options')?.value
  if (isList(options)) work(options.length, at)
  if (isList(options) && !isUnknown(value) && !options.includes(value))
    fault(at, `gives the input "${name}" none of its options`)
  return value
}

function isOfType(value: CiValue, type: string): boolean {
  if (isUnknown(value) || isReference(value)) return true
  if (type === 'array') return isList(value)
  // A date or the like is text to GitLab.
  return !['string', 'number', 'boolean'].includes(type) || typeof value === type
}

function interpolated(body: CiHash, inputs: Inputs, { fault, work }: Reading): CiHash {
  return hashOf(body)

  function hashOf(hash: CiHash): CiHash {
    const entries = new Map<string, CiEntry>()
    for (const [key, { value, at }] of hash)
      entries.set(textOf(filledIn(key, at)) ?? key, { value: filled(value, at), at })
    return entries
  }

  function filled(value: CiValue, at: Place): CiValue {
    if (typeof value === 'string') return filledIn(value, at)
    if (isList(value)) return value.map((item) => filled(item, at))
    if (isHash(value)) return hashOf(value)
    if (isReference(value))
      return { ...value, path: value.path.map((part) => textOf(filledIn(part, at)) ?? part) }
    return value
  }

  /** An input that is the whole text keeps its type; within a text it becomes text. */
  function filledIn(text: string, at: Place): CiValue {
    work(stepsOf(text), at)
    if (!text.includes('$[[')) return text
    let filledText = ''
    let from = 0
    for (const { start, end } of blocksOf(text)) {
      const value = evaluated(text.slice(start + OPENS.length, end - CLOSES.length), at)
      if (start === 0 && end === text.length) return value ?? text
      if (isUnknown(value)) return value
      const block = value === undefined ? text.slice(start, end) : written(value, at)
      filledText += text.slice(from, start) + block
      from = end
      if (filledText.length > MAX_CHARACTERS) {
        fault(at, `becomes longer than ${MAX_CHARACTERS} characters`)
        return null
      }
    }
    work(stepsToKeep(filledText), at)
    return filledText + text.slice(from)
  }

  function written(value: CiValue, at: Place): string {
    const text = textOf(value) ?? JSON.stringify(plainOf(value, at))
    work(stepsOf(text), at)
    return text
  }

  /** Undefined for what is no input: `matrix.X` and the like are left to who understands them. */
  function evaluated(block: string, at: Place): CiValue | undefined {
    work(stepsOf(block), at)
    const [access = '', ...functions] = block.split('|').map((part) => part.trim())
    work(functions.length, at)
    const [, name] = /^inputs\.([\w-]+)$/.exec(access) ?? []
    if (name === undefined) return undefined
    if (!inputs.has(name)) return void fault(at, `uses "inputs.${name}", which spec: inputs does not declare`)
    let value = inputs.get(name) as CiValue
    for (const called of functions) {
      const [, found, offset, length] = FUNCTIONS.exec(called) ?? []
      if (found === undefined) return void fault(at, `calls "${called}", which is no function for inputs`)
      const text = textOf(value)
      if (offset !== undefined && text !== undefined)
        value = text.slice(Number(offset), Number(offset) + Number(length))
    }
    return value
  }

  /** As JSON has it, cut where lists that hold each other would have no end. */
  function plainOf(value: CiValue, at: Place, depth = 0): unknown {
    if (depth > MAX_DEPTH) return null
    work(typeof value === 'string' ? stepsToKeep(value) : 1, at)
    if (isList(value)) return value.map((item) => plainOf(item, at, depth + 1))
    if (!isHash(value)) return value
    return Object.fromEntries(
      [...value].map(([key, entry]) => {
        work(stepsToKeep(key), at)
        return [key, plainOf(entry.value, at, depth + 1)]
      }),
    )
  }
}

/** Each `$[[ … ]]` on one line, from its start to after its end. */
function* blocksOf(text: string): Generator<{ start: number; end: number }> {
  let start = text.indexOf(OPENS)
  let closes = 0
  while (start >= 0) {
    if (closes < start + OPENS.length) closes = text.indexOf(CLOSES, start + OPENS.length)
    if (closes < 0) return
    const newline = text.slice(start, closes).lastIndexOf('\n')
    const end = closes + CLOSES.length
    if (newline < 0) yield { start, end }
    start = text.indexOf(OPENS, newline < 0 ? end : start + newline + 1)
  }
}
