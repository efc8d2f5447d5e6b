/** `fleet.yaml` as a text that is changed in places: what a person wrote there stays, comments and order included. */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  Pair,
  parseDocument,
  Scalar,
  visit,
  YAMLMap,
  YAMLSeq,
} from 'yaml'
import { ConfigError } from '../errors.ts'

/** What a scalar of the file may be. */
type Plain = string | number | boolean | null

/** @throws ConfigError when it is no YAML. */
export function openText(text: string, fileName: string): Document {
  const document = parseDocument(text)
  if (document.errors.length === 0) return document
  const faults = document.errors.map((error) => error.message)
  throw new ConfigError(`${fileName} is not YAML`, faults)
}

/** The text of a changed document. Where nothing was changed, the text from before is the one to keep. */
export function textOf(document: Document, before: string): string {
  visit(document, { Collection: (_, node) => keepPadding(node, before) })
  const text = document.toString({ lineWidth: 0, indentSeq: !hasFlushLists(document, before) })
  return before.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text
}

/** Whether the runners' dashes stand below the r of `runners`. */
function hasFlushLists(document: Document, before: string): boolean {
  const runners = document.get('runners')
  const start =
    isSeq(runners) && !runners.flow ? (runners.items[0] as YAMLMap | undefined)?.range?.[0] : undefined
  return start !== undefined && /^- *$/.test(before.slice(before.lastIndexOf('\n', start) + 1, start))
}

/** `[a, b]` and `{ a: b }` each with or without the spaces that it had; the library knows one way for all. */
function keepPadding(node: YAMLMap | YAMLSeq, before: string): void {
  if (!node.flow) return
  const start = node.range?.[0]
  const isPadded = start === undefined ? isMap(node) : /\s/.test(before[start + 1] ?? '')
  const stringify = node.toString.bind(node)
  node.toString = (context, ...rest) =>
    stringify(context && { ...context, flowCollectionPadding: isPadded ? ' ' : '' }, ...rest)
}

/** The list or map under a key of the file, made where there is none. */
export function seqIn(document: Document, key: string): YAMLSeq {
  const present = document.get(key)
  if (isSeq(present)) return unfolded(present)
  const made = new YAMLSeq()
  document.set(key, made)
  return made
}

export function mapIn(document: Document, key: string): YAMLMap {
  const present = document.get(key)
  if (isMap(present)) return unfolded(present)
  const made = new YAMLMap()
  document.set(key, made)
  return made
}

/** What is written in one line because it is empty need not stay so. */
function unfolded<T extends YAMLMap | YAMLSeq>(node: T): T {
  if (node.items.length === 0) node.flow = false
  return node
}

/** Sets a scalar in place, so that what is said of it stays; a new key goes to the end. */
export function setScalar(map: YAMLMap, key: string, value: Plain, comment?: string): void {
  const present = map.get(key, true)
  const node = isScalar(present) ? present : new Scalar(value)
  if (isScalar(present)) {
    present.value = value
    // How it was written is of the value from before.
    delete present.source
    if (typeof value !== 'string') delete present.type
  } else map.set(new Scalar(key), node)
  if (comment !== undefined) node.comment = comment
}

/** The items that are given, each that stays with its own comment and in its place. */
export function setItems(map: YAMLMap, key: string, items: readonly string[]): void {
  const present: unknown = map.get(key, true)
  const seq = isSeq(present) ? present : flowSeq()
  const kept = seq.items.filter((item) => isScalar(item) && items.includes(String(item.value)))
  const values = new Set(kept.map((item) => String((item as Scalar).value)))
  seq.items = [...kept, ...items.filter((item) => !values.has(item)).map((item) => new Scalar(item))]
  if (seq !== present) map.set(new Scalar(key), seq)
}

export function flowSeq(items: readonly Plain[] = []): YAMLSeq {
  const seq = new YAMLSeq()
  seq.flow = true
  seq.items = items.map((item) => new Scalar(item))
  return seq
}

/** A map in the order of its entries; those that are undefined are left out. */
export function mapOf(entries: Record<string, Plain | YAMLSeq | undefined>): YAMLMap {
  const map = new YAMLMap()
  for (const [key, value] of Object.entries(entries)) {
    if (value === undefined) continue
    map.items.push(new Pair(new Scalar(key), isCollection(value) ? value : new Scalar(value)))
  }
  return map
}

/** The map under a key; one that is another's by an alias becomes its own. */
export function ownMapIn(map: YAMLMap, key: string, document: Document): YAMLMap {
  const present: unknown = map.get(key, true)
  if (isMap(present)) return present
  const content: unknown = isAlias(present) ? present.toJS(document) : {}
  const made = document.createNode(content) as YAMLMap
  map.set(key, made)
  return made
}

/** The maps of a list of the file, by their names. */
export function namedIn(document: Document, key: string): Map<unknown, YAMLMap> {
  const present = document.get(key)
  const maps = isSeq(present) ? present.items.filter((item) => isMap(item)) : []
  return new Map(maps.map((map) => [map.get('name'), map]))
}
