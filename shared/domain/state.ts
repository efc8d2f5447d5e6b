/**
 * The bandit state: sums of integers, and the ids of the events that are in them.
 *
 * Means, indices and baselines are computed on reading, never stored. States are values: `fold` returns a new
 * one and leaves its input as it was, so that a reader's snapshot never moves under it.
 */
import type { Instant } from './event.ts'
import { type FoldedIds, isFolded, type JobIdentity } from './folded.ts'

/** Sums over the finished jobs of one arm. `n` counts rewards: `success` and `failed` with a known duration. */
export type ArmSums = {
  n: number
  successes: number
  /** Failures blamed on the runner; they are in `n` too. */
  runnerFailures: number
  /** Σ reward, in millionths. */
  rewardMicros: number
  /** Σ reward², in millionths. */
  rewardSquaredMicros: number
  /** Time spent on jobs of any outcome, canceled ones too. */
  exposureMs: number
}

/** Sums over the jobs of one (job key, arm). `n` counts successes: a fast failure is not speed. */
export type CellSums = {
  n: number
  /** Σ ln(duration in seconds), in millionths. */
  lnSecondsMicros: number
  lnSecondsSquaredMicros: number
  exposureMs: number
}

export type BanditState = {
  arms: ReadonlyMap<string, ArmSums>
  /** job key → arm → sums */
  cells: ReadonlyMap<string, ReadonlyMap<string, CellSums>>
  folded: FoldedIds
  /** The newest finish among the folded events; null while there is none. */
  newestFinishAt: Instant | null
}

export const EMPTY_STATE: BanditState = {
  arms: new Map(),
  cells: new Map(),
  folded: new Map(),
  newestFinishAt: null,
}

export const NO_ARM_SUMS: ArmSums = {
  n: 0,
  successes: 0,
  runnerFailures: 0,
  rewardMicros: 0,
  rewardSquaredMicros: 0,
  exposureMs: 0,
}

export const NO_CELL_SUMS: CellSums = { n: 0, lnSecondsMicros: 0, lnSecondsSquaredMicros: 0, exposureMs: 0 }

/** Adds in place. */
export function addArmSums(sums: ArmSums, more: ArmSums): void {
  sums.n += more.n
  sums.successes += more.successes
  sums.runnerFailures += more.runnerFailures
  sums.rewardMicros += more.rewardMicros
  sums.rewardSquaredMicros += more.rewardSquaredMicros
  sums.exposureMs += more.exposureMs
}

/** Adds in place. */
export function addCellSums(sums: CellSums, more: CellSums): void {
  sums.n += more.n
  sums.lnSecondsMicros += more.lnSecondsMicros
  sums.lnSecondsSquaredMicros += more.lnSecondsSquaredMicros
  sums.exposureMs += more.exposureMs
}

/** Sums of nothing but zeros, as of less than half a millisecond of exposure, are no entry. */
export function isEmpty({ n, exposureMs }: ArmSums | CellSums): boolean {
  return n === 0 && exposureMs === 0
}

/** t of the index: the rewards observed over all arms. */
export function totalObservations(state: BanditState): number {
  let total = 0
  for (const sums of state.arms.values()) total += sums.n
  return total
}

/** Whether the outcome of this job is in the sums (as far as the id window reaches). */
export function holdsOutcome({ folded }: BanditState, job: JobIdentity): boolean {
  return isFolded(folded, job)
}
