/** `spec: inputs:` of a file, and `$[[ inputs.x ]]` in what follows it. */
import {
  type CiEntry,
  type CiHash,
  type CiValue,
  EMPTY,
  type Fault,
  hashAt,
  isHash,
  isList,
  isReference,
  isUnknown,
  listed,
  type Place,
  textOf,
} from './value.ts'

const BLOCK = /\$\[\[(.*?)\]\]/g
const ONE_BLOCK = /^\$\[\[((?:(?!\]\]).)*)\]\]$/
/** What GitLab can do with an input's text. Variables are not known yet; they stay, and are expanded with the others. */
const FUNCTIONS = /^(expand_vars|posix_escape|truncate\(\s*(\d+)\s*,\s*(\d+)\s*\))$/

/** GitLab's bound for a text with inputs in it. */
const MAX_CHARACTERS = 1_000_000
/** Of a list within a text. */
const MAX_VALUES = 10_000

type Inputs = ReadonlyMap<string, CiValue>

/**
 * The file with its inputs in their places. One without `spec` is as it was: GitLab looks for no inputs there.
 * @param given by the `include`; undefined for the first file, whose inputs come with the pipeline.
 */
export function withInputs(
  { header, body }: { header: CiHash | undefined; body: CiHash },
  given: CiHash | undefined,
  at: Place,
  fault: Fault,
): CiHash {
  if (header === undefined) {
    if (given !== undefined && given.size > 0)
      fault(at, `gives the inputs ${listed(given.keys())} to a file without spec: inputs`)
    return body
  }
  const declared = hashAt(hashAt(header, 'spec'), 'inputs')
  const strange = [...(given ?? EMPTY).keys()].filter((name) => !declared.has(name))
  if (strange.length > 0) fault(at, `gives ${listed(strange)}, which is no input of the file`)
  const inputs = new Map<string, CiValue>()
  for (const [name, { value }] of declared) {
    inputs.set(name, inputOf(name, isHash(value) ? value : EMPTY, given, at, fault))
  }
  return interpolated(body, inputs, fault)
}

function inputOf(name: string, spec: CiHash, given: CiHash | undefined, at: Place, fault: Fault): CiValue {
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

function interpolated(body: CiHash, inputs: Inputs, fault: Fault): CiHash {
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
    if (!text.includes('$[[')) return text
    const [, whole] = ONE_BLOCK.exec(text) ?? []
    if (whole !== undefined) return evaluated(whole, at) ?? text
    const values = [...text.matchAll(BLOCK)].map(([block, inner = '']) => evaluated(inner, at) ?? block)
    const unknown = values.find(isUnknown)
    if (unknown !== undefined) return unknown
    const texts = values.map((value) => textOf(value) ?? JSON.stringify(plainOf(value)))
    const length = texts.reduce((sum, one) => sum + one.length, text.length)
    if (length > MAX_CHARACTERS) {
      fault(at, `becomes longer than ${MAX_CHARACTERS} characters`)
      return null
    }
    let next = 0
    return text.replace(BLOCK, () => texts[next++] as string)
  }

  /** Undefined for what is no input: `matrix.X` and the like are left to who understands them. */
  function evaluated(block: string, at: Place): CiValue | undefined {
    const [access = '', ...functions] = block.split('|').map((part) => part.trim())
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
}

/** As JSON has it, cut where lists that hold each other would have no end. */
function plainOf(value: CiValue, budget = { left: MAX_VALUES }): unknown {
  budget.left -= 1
  if (budget.left < 0) return null
  if (isList(value)) return value.slice(0, MAX_VALUES).map((item) => plainOf(item, budget))
  if (!isHash(value)) return value
  return Object.fromEntries([...value].map(([key, entry]) => [key, plainOf(entry.value, budget)]))
}
