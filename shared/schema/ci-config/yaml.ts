/** A file's text → its values, as GitLab's own reader (Ruby's Psych, YAML 1.1) takes them. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  visit,
  type YAMLMap,
} from 'yaml'
import { documentsOf, MAX_DEPTH, TooMuch } from './documents.ts'
import { type Reading, stepsOf } from './reading.ts'
import type { CiEntry, CiHash, CiValue, Place } from './value.ts'

/** GitLab's bound: what is larger, it refuses, too. */
const MAX_CHARACTERS = 2_000_000
/** With aliases counted as often as they are used, and long texts by their length. */
const MAX_VALUES = 200_000

/** `header`: the document of `spec:` that may stand before the configuration, with `---` between them. */
export type CiText = { header: CiHash | undefined; body: CiHash }

export function* parseCiText(
  text: string,
  file: string,
  reading: Reading,
): Generator<void, CiText | undefined> {
  const { fault } = reading
  const whole = { file, line: 1 }
  if (text.length > MAX_CHARACTERS)
    return void fault(whole, `is longer than ${MAX_CHARACTERS} characters, the most that GitLab reads`)
  const lines = new LineCounter()
  try {
    const documents = yield* documentsOf(text, file, lines, reading)
    yield
    const errors = documents.flatMap((document) => document.errors)
    for (const { pos, message } of errors) {
      fault({ file, line: lines.linePos(pos[0]).line }, `is not YAML: ${toldOf(message)}`)
    }
    if (errors.length > 0) return undefined
    const [first, second] = documents.map((document) => rootOf(document))
    const hasHeader = first?.has('spec') === true && second !== undefined
    return hasHeader ? { header: first, body: second } : { header: undefined, body: first ?? new Map() }
  } catch (error) {
    // Nesting without end ends the stack, wherever it is.
    if (!(error instanceof TooMuch || error instanceof RangeError)) throw error
    return void fault(
      whole,
      `cannot be read: ${error instanceof TooMuch ? error.message : 'nested too deep'}`,
    )
  }

  function rootOf(document: Document): CiHash | undefined {
    const { contents } = document
    if (contents === null || (isScalar(contents) && contents.value === null)) return new Map()
    const value = valuesOf(document, placeOf, reading)(contents as Node)
    if (value instanceof Map) return value
    fault(placeOf(contents as Node), 'has to be a hash of jobs and keywords')
    return new Map()
  }

  function placeOf(node: unknown): Place {
    const range = (node as { range?: [number] } | null)?.range
    return { file, line: range ? lines.linePos(range[0]).line : 1 }
  }
}

/** The parser says the place, too, and of what nests too deep only that its stack has ended. */
const toldOf = (message: string) =>
  message.includes('call stack') ? 'nested too deep' : message.replace(/ at line \d[\s\S]*/, '')

function valuesOf(document: Document, placeOf: (node: unknown) => Place, { fault, work }: Reading) {
  const targets = targetsOf(document)
  let left = MAX_VALUES
  let depth = 0
  const whole = placeOf(null)
  return read

  function count(values: number): void {
    work(values, whole)
    left -= values
    if (left < 0)
      throw new TooMuch(`more than ${MAX_VALUES} values, aliases counted as often as they are used`)
  }

  function read(node: unknown): CiValue {
    count(isScalar(node) && typeof node.value === 'string' ? stepsOf(node.value) : 1)
    depth += 1
    if (depth > MAX_DEPTH) throw new TooMuch(`nested deeper than ${MAX_DEPTH} levels`)
    try {
      if (isAlias(node)) {
        if (!targets.has(node))
          fault(placeOf(node), `is not YAML: there is no anchor "${node.source}" before it`)
        return read(targets.get(node))
      }
      if (isScalar(node)) return scalarOf(node.value)
      if (isMap(node)) return hashOf(node)
      if (!isSeq(node)) return null
      const items = node.items.map(read)
      if (node.tag !== '!reference') return items
      return { kind: 'reference', path: items.map(pathPart), at: placeOf(node) }
    } finally {
      depth -= 1
    }
  }

  /** In the order of the file: as in GitLab's reader, `<<` writes over the keys before it, and those after it over it. */
  function hashOf(map: YAMLMap): CiHash {
    const hash = new Map<string, CiEntry>()
    for (const { key, value } of map.items) {
      const held = read(value)
      const name = keyOf(key)
      const merged = name === '<<' ? mergedBy(held) : undefined
      if (merged === undefined) hash.set(name, { value: held, at: placeOf(key) })
      else for (const [inner, entry] of merged) hash.set(inner, entry)
    }
    return hash
  }

  function keyOf(key: unknown): string {
    const value = isScalar(key) ? key.value : read(key)
    const name = typeof value === 'symbol' ? (value.description ?? '') : pathPart(value as CiValue)
    count(stepsOf(name))
    return name
  }
}

/** Which node each alias stands for: the newest of its anchor's name before it. */
function targetsOf(document: Document): Map<unknown, Node> {
  const anchors = new Map<string, Node>()
  const targets = new Map<unknown, Node>()
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) {
        const target = anchors.get(node.source)
        if (target !== undefined) targets.set(node, target)
      } else if (node.anchor !== undefined) anchors.set(node.anchor, node)
    },
  })
  return targets
}

/** What `<<` brings: a hash, or several, of which the first has the last word; undefined for what cannot be merged. */
function mergedBy(value: CiValue): CiHash | undefined {
  if (value instanceof Map) return value
  if (!Array.isArray(value) || !value.every((item) => item instanceof Map)) return undefined
  return new Map(value.toReversed().flatMap((item: CiHash) => [...item]))
}

function pathPart(value: CiValue): string {
  return typeof value === 'object' ? '' : String(value)
}

function scalarOf(value: unknown): CiValue {
  if (value === null || value === undefined) return null
  if (typeof value === 'number' || typeof value === 'boolean') return value
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : String(value)
}
