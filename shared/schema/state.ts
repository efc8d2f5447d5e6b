/**
 * `bandit_state.json`: the canonical bytes of a state. Equal states give equal bytes, whatever order they were
 * built in: keys are sorted, and nothing in the file depends on when it was written.
 *
 *   arms:   arm → [n, successes, runner failures, Σ reward, Σ reward², exposure]
 *   cells:  job key → arm → [n, Σ ln seconds, Σ (ln seconds)², exposure]
 *   folded: hour of the finish → instance/project → job ids, ascending, each as the difference from the one before
 *
 * Rewards and logarithms in millionths, exposure in milliseconds, the hour in hours since 1970.
 *
 * Written and checked by hand: the file is read and written with every batch that is learned, and a schema library
 * takes ten times as long for thousands of short lists of integers.
 */
import { byCodeUnit } from '../domain/policy.ts'
import type { ArmSums, BanditState, CellSums } from '../domain/state.ts'
import { InvalidInputError } from '../errors.ts'

export const STATE_SCHEMA_VERSION = 1

export function encodeState(state: BanditState): Uint8Array<ArrayBuffer> {
  const newest =
    state.newestFinishAt === null ? 'null' : JSON.stringify(new Date(state.newestFinishAt).toISOString())
  const arms = object(state.arms, armList)
  const cells = object(state.cells, (row) => object(row, cellList))
  const folded = object(state.folded, (projects) => object(projects, differences))
  const text = `{"schema_version":${STATE_SCHEMA_VERSION},"newest_finish_at":${newest},"arms":${arms},"cells":${cells},"folded":${folded}}\n`
  return Buffer.from(text)
}

/** @throws InvalidInputError when the bytes are not a state of this schema version. */
export function decodeState(bytes: Uint8Array): BanditState {
  const file = entriesOf(parseJson(bytes), 'the file')
  const part = new Map(file)
  if (part.get('schema_version') !== STATE_SCHEMA_VERSION) fail('schema_version', STATE_SCHEMA_VERSION)
  return {
    arms: mapOf(part.get('arms'), 'arms', String, armSums),
    cells: mapOf(part.get('cells'), 'cells', String, (row, path) => mapOf(row, path, String, cellSums)),
    folded: mapOf(part.get('folded'), 'folded', hour, (projects, path) =>
      mapOf(projects, path, String, idsFromDifferences),
    ),
    newestFinishAt: instantOrNull(part.get('newest_finish_at')),
  }
}

/** An object's text, its keys sorted by code unit; integer keys of one length are then in their own order, too. */
function object<K extends string | number, V>(map: ReadonlyMap<K, V>, textOf: (value: V) => string): string {
  const entries = [...map].map(([key, value]) => [String(key), value] as const)
  entries.sort(([a], [b]) => byCodeUnit(a, b))
  return `{${entries.map(([key, value]) => `${quoted(key)}:${textOf(value)}`).join(',')}}`
}

const armList = (sums: ArmSums): string =>
  `[${sums.n},${sums.successes},${sums.runnerFailures},${sums.rewardMicros},${sums.rewardSquaredMicros},${sums.exposureMs}]`

const cellList = (sums: CellSums): string =>
  `[${sums.n},${sums.lnSecondsMicros},${sums.lnSecondsSquaredMicros},${sums.exposureMs}]`

/** Texts of lists of ids. Nearly all stay as they are from one write to the next; one that grew is another length. */
const texts = new WeakMap<readonly number[], { length: number; text: string }>()

function differences(ids: readonly number[]): string {
  const known = texts.get(ids)
  if (known?.length === ids.length) return known.text
  const text = `[${ids.map((id, place) => (place === 0 ? id : id - (ids[place - 1] as number))).join(',')}]`
  texts.set(ids, { length: ids.length, text })
  return text
}

const PLAIN = /^[\w /.:@+-]*$/

/** As JSON.stringify, which takes longer for what needs no escape. */
function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text)
}

function armSums(value: unknown, path: string): ArmSums {
  const [n, successes, runnerFailures, rewardMicros, rewardSquaredMicros, exposureMs] = integers(
    value,
    path,
    6,
  )
  return { n, successes, runnerFailures, rewardMicros, rewardSquaredMicros, exposureMs } as ArmSums
}

function cellSums(value: unknown, path: string): CellSums {
  const [n, lnSecondsMicros, lnSecondsSquaredMicros, exposureMs] = integers(value, path, 4)
  return { n, lnSecondsMicros, lnSecondsSquaredMicros, exposureMs } as CellSums
}

function idsFromDifferences(value: unknown, path: string): number[] {
  let id = 0
  return integers(value, path).map((step) => {
    id += step
    return id
  })
}

function integers(value: unknown, path: string, length?: number): number[] {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) {
    fail(path, `a list of ${length ?? ''} integers`)
  }
  for (const item of value as unknown[]) if (!Number.isSafeInteger(item)) fail(path, 'integers')
  return value as number[]
}

function hour(key: string): number {
  if (!/^-?\d{1,12}$/.test(key)) fail(`folded.${key}`, 'an hour')
  return Number(key)
}

function instantOrNull(value: unknown): number | null {
  if (value === null) return null
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (Number.isNaN(at)) fail('newest_finish_at', 'an instant or null')
  return at
}

/** A JSON object as a map: a runner may be called `__proto__`, which an object as such would lose. */
function mapOf<K, V>(
  value: unknown,
  path: string,
  keyOf: (key: string) => K,
  read: (value: unknown, path: string) => V,
): Map<K, V> {
  const map = new Map<K, V>()
  for (const [key, item] of entriesOf(value, path)) map.set(keyOf(key), read(item, path))
  return map
}

function entriesOf(value: unknown, path: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(path, 'an object')
  return Object.entries(value as object)
}

function fail(path: string, wanted: string | number): never {
  throw new InvalidInputError(`bandit state: ${path} is not ${wanted}`)
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
