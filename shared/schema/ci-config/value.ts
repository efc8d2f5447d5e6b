/**
 * What a `.gitlab-ci.yml` holds once it is read: plain values, of which each key of a hash knows the place it is from.
 */
import type { Reading } from './reading.ts'

/** `line` counts from 1. */
export type Place = { file: string; line: number }

/** `!reference [job, key, …]`, before it is resolved. */
export type Reference = { kind: 'reference'; path: readonly string[]; at: Place }

/** Of what cannot be known here: why, as a half sentence. */
export type Unknown = { kind: 'unknown'; why: string }

export type Scalar = string | number | boolean | null
export type CiValue = Scalar | readonly CiValue[] | CiHash | Reference | Unknown
export type CiHash = ReadonlyMap<string, CiEntry>
export type CiEntry = { value: CiValue; at: Place }

/** An include that cannot be read here: what it may define is not known. */
export type Gap = { what: string; at: Place }

export const EMPTY: CiHash = new Map()

export function isHash(value: CiValue | undefined): value is CiHash {
  return value instanceof Map
}

export function isReference(value: CiValue | undefined): value is Reference {
  return isObject(value) && value.kind === 'reference'
}

export function isUnknown(value: CiValue | undefined): value is Unknown {
  return isObject(value) && value.kind === 'unknown'
}

export function isList(value: CiValue | undefined): value is readonly CiValue[] {
  return Array.isArray(value)
}

/** What is not null, as GitLab treats a key that is null as one that is not there. */
export function entryOf(hash: CiHash, key: string): CiEntry | undefined {
  const entry = hash.get(key)
  return entry === undefined || entry.value === null ? undefined : entry
}

/** The hash under a key; an empty one when there is none. */
export function hashAt(hash: CiHash, key: string): CiHash {
  const value = hash.get(key)?.value
  return isHash(value) ? value : EMPTY
}

/** A plain value as text; undefined for anything else. */
export function textOf(value: CiValue | undefined): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

/**
 * GitLab's merge of includes and of `extends`: hashes key by key, and of anything else, lists too, the later one.
 * A key keeps the position at which it was first seen.
 */
export function deepMerge(base: CiHash, over: CiHash, at: Place, reading: Reading): CiHash {
  // What is merged with itself stays as it is; of what is included or extended often, most is.
  if (base === over || over.size === 0) return base
  if (base.size === 0) return over
  reading.work(base.size + over.size, at)
  const merged = new Map(base)
  for (const [key, entry] of over) {
    const below = merged.get(key)?.value
    const value =
      isHash(below) && isHash(entry.value) ? deepMerge(below, entry.value, at, reading) : entry.value
    merged.set(key, { value, at: entry.at })
  }
  return merged
}

/** Lists that hold each other grow with every level. */
const MAX_ITEMS = 10_000

/** A list in lists, as anchors and `!reference` leave it, as one list; cut where it has no end. */
export function flattened(value: CiValue): CiValue[] {
  const items: CiValue[] = []
  let left = MAX_ITEMS
  gather(value)
  return items

  function gather(one: CiValue): void {
    left -= 1
    if (left < 0) return
    if (!isList(one)) items.push(one)
    else for (const item of one.slice(0, MAX_ITEMS)) gather(item)
  }
}

export const listed = (names: Iterable<string>) => [...names].map((name) => JSON.stringify(name)).join(', ')

function isObject(value: CiValue | undefined): value is Reference | Unknown {
  return typeof value === 'object' && value !== null && 'kind' in value
}
