/**
 * `bandit_state.json`: the canonical bytes of a state. Equal states give equal bytes, whatever order they were
 * built in: keys are sorted, and nothing in the file depends on when it was written.
 *
 *   arms:   arm → [n, successes, runner failures, Σ reward, Σ reward², exposure]
 *   cells:  job key → arm → [n, Σ ln seconds, Σ (ln seconds)², exposure]
 *   folded: hour of the finish → instance/project → job ids, ascending, each as the difference from the one before
 *
 * Rewards and logarithms in millionths, exposure in milliseconds, the hour in hours since 1970.
 */
import * as z from 'zod'
import { byCodeUnit } from '../domain/policy.ts'
import type { ArmSums, BanditState, CellSums } from '../domain/state.ts'
import { decodeOrThrow, instant } from './wire.ts'

const STATE_SCHEMA_VERSION = 1

const integer = z.int()

/** A JSON object as a map. z.record would drop a key called `__proto__`, and a runner may be called that. */
const mapOf = <K, V>(keyOf: (key: string) => K, value: z.ZodType<V>) =>
  z
    .preprocess(
      (object) => (typeof object === 'object' && object !== null ? Object.entries(object) : object),
      z.array(z.tuple([z.string(), value])),
    )
    .transform((entries) => new Map(entries.map(([key, item]) => [keyOf(key as string), item as V])))

const armSums = z
  .tuple([integer, integer, integer, integer, integer, integer])
  .transform(([n, successes, runnerFailures, rewardMicros, rewardSquaredMicros, exposureMs]): ArmSums => {
    return { n, successes, runnerFailures, rewardMicros, rewardSquaredMicros, exposureMs }
  })

const cellSums = z
  .tuple([integer, integer, integer, integer])
  .transform(([n, lnSecondsMicros, lnSecondsSquaredMicros, exposureMs]): CellSums => {
    return { n, lnSecondsMicros, lnSecondsSquaredMicros, exposureMs }
  })

const jobIds = z.array(integer).transform(idsFromDifferences)

const stateFile = z.object({
  schema_version: z.literal(STATE_SCHEMA_VERSION),
  newest_finish_at: instant.nullable(),
  arms: mapOf(String, armSums),
  cells: mapOf(String, mapOf(String, cellSums)),
  folded: mapOf(Number, mapOf(String, jobIds)),
})

export function encodeState(state: BanditState): Uint8Array<ArrayBuffer> {
  const file = {
    schema_version: STATE_SCHEMA_VERSION,
    newest_finish_at: state.newestFinishAt === null ? null : new Date(state.newestFinishAt).toISOString(),
    arms: sortedObject(state.arms, armTuple),
    cells: sortedObject(state.cells, (cells) => sortedObject(cells, cellTuple)),
    folded: sortedObject(state.folded, (projects) => sortedObject(projects, differences)),
  }
  return new TextEncoder().encode(`${JSON.stringify(file)}\n`)
}

/** @throws InvalidInputError when the bytes are not a state of this schema version. */
export function decodeState(bytes: Uint8Array): BanditState {
  const file = decodeOrThrow(stateFile, parseJson(bytes), 'bandit state')
  return { arms: file.arms, cells: file.cells, folded: file.folded, newestFinishAt: file.newest_finish_at }
}

function armTuple(sums: ArmSums): number[] {
  const { n, successes, runnerFailures, rewardMicros, rewardSquaredMicros, exposureMs } = sums
  return [n, successes, runnerFailures, rewardMicros, rewardSquaredMicros, exposureMs]
}

function cellTuple(sums: CellSums): number[] {
  return [sums.n, sums.lnSecondsMicros, sums.lnSecondsSquaredMicros, sums.exposureMs]
}

function differences(ids: ReadonlySet<number>): number[] {
  let previous = 0
  return [...ids]
    .sort((a, b) => a - b)
    .map((id) => {
      const difference = id - previous
      previous = id
      return difference
    })
}

function idsFromDifferences(steps: readonly number[]): Set<number> {
  let id = 0
  return new Set(
    steps.map((step) => {
      id += step
      return id
    }),
  )
}

/** Object.fromEntries defines own properties, so a runner may even be called `__proto__`. */
function sortedObject<K extends string | number, V, W>(
  map: ReadonlyMap<K, V>,
  encode: (value: V) => W,
): Record<string, W> {
  const entries = [...map].map(([key, value]) => [String(key), encode(value)] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => byCodeUnit(a, b)))
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
