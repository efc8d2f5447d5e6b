/**
 * fold: (state, events) → state. The only arithmetic that changes what the bandit has learned.
 *
 * Commutative, associative and idempotent over finished events (laws 2, 4, 5, 6): an id that is known is
 * dropped, late events and repeats that disagree never count, the rest is added as integers.
 */
import { contributionOf, counts } from './contribution.ts'
import type { JobEvent } from './event.ts'
import {
  type ArmSums,
  addArmSums,
  addCellSums,
  type BanditState,
  type CellSums,
  EMPTY_STATE,
  holdsOutcome,
  NO_ARM_SUMS,
  NO_CELL_SUMS,
  projectKeyOf,
} from './state.ts'

const MS_PER_HOUR = 3_600_000
const MS_PER_DAY = 86_400_000

/**
 * Ids outlive the lateness window by this much. Lateness is decided once, at admission; a message admitted just
 * in time may still be redelivered until its subscription gives up on it, and its id has to be there then.
 */
const REDELIVERY_ALLOWANCE_MS = MS_PER_DAY

/**
 * Folds events into a state. Returns the same object when nothing changed.
 *
 * @param lateAfterMs the lateness window; ids are kept for it plus the redelivery allowance, counted back from
 *   the newest finish in the state.
 */
export function fold(state: BanditState, events: Iterable<JobEvent>, lateAfterMs: number): BanditState {
  const folding = startFold(state, lateAfterMs)
  folding.add(events)
  return folding.changed() ? folding.state : state
}

export type Folding = {
  /** The sums so far: a view that moves with every `add`, for those who read it in between. */
  readonly state: BanditState
  add(events: Iterable<JobEvent>): void
  changed(): boolean
}

/** A fold in progress over many events; `fold` is one `add`. The given state is left as it was. */
export function startFold(state: BanditState, lateAfterMs: number): Folding {
  const sums = workingCopy(state)
  let changed = false
  return {
    state: sums,
    changed: () => changed,
    add(events) {
      for (const event of events) {
        if (!counts(event) || holdsOutcome(sums, event)) continue
        changed = true
        observe(sums, event)
      }
      forgetOldIds(sums, lateAfterMs + REDELIVERY_ALLOWANCE_MS)
    },
  }
}

function observe(sums: Working, event: JobEvent): void {
  rememberId(sums, event)
  sums.newestFinishAt = Math.max(sums.newestFinishAt ?? event.occurredAt, event.occurredAt)
  const contribution = contributionOf(event)
  if (contribution === undefined) return
  const { arm, armSums, cellSums } = contribution
  setUnlessEmpty(sums.arms, arm, addArmSums(sums.arms.get(arm) ?? NO_ARM_SUMS, armSums))
  const cells = own(sums.cells, event.jobKey, (map) => new Map(map))
  setUnlessEmpty(cells, arm, addCellSums(cells.get(arm) ?? NO_CELL_SUMS, cellSums))
  if (cells.size === 0) sums.cells.delete(event.jobKey)
}

/**
 * The state without this job's own contribution, exactly: what a decision about the job may be based on after
 * the fact. A state that does not hold the job's outcome is returned as it is; undefined when what it holds of the
 * job is not this event's contribution but another witness's, which is not known here.
 */
export function withoutOwnOutcome(state: BanditState, event: JobEvent): BanditState | undefined {
  if (!counts(event) || !holdsOutcome(state, event)) return state
  const contribution = contributionOf(event)
  if (contribution === undefined) return state
  const { arm, armSums, cellSums } = contribution
  const arms = new Map(state.arms)
  const cells = new Map(state.cells)
  const row = new Map(cells.get(event.jobKey))
  const armLeft = addArmSums(arms.get(arm) ?? NO_ARM_SUMS, armSums, -1)
  const cellLeft = addCellSums(row.get(arm) ?? NO_CELL_SUMS, cellSums, -1)
  if (Math.min(armLeft.n, armLeft.successes, armLeft.exposureMs, cellLeft.n, cellLeft.exposureMs) < 0)
    return undefined
  setUnlessEmpty(arms, arm, armLeft)
  setUnlessEmpty(row, arm, cellLeft)
  if (row.size === 0) cells.delete(event.jobKey)
  else cells.set(event.jobKey, row)
  return { ...state, arms, cells }
}

/**
 * The one state of several shards, each of which folded its own jobs: what one fold over all of them gives, to
 * the byte (law 4).
 */
export function mergeShards(shards: readonly BanditState[], lateAfterMs: number): BanditState {
  const sums = workingCopy(EMPTY_STATE)
  for (const shard of shards) {
    for (const [arm, its] of shard.arms)
      sums.arms.set(arm, addArmSums(sums.arms.get(arm) ?? NO_ARM_SUMS, its))
    for (const [jobKey, row] of shard.cells) {
      const cells = own(sums.cells, jobKey, (map) => new Map(map))
      for (const [arm, its] of row) cells.set(arm, addCellSums(cells.get(arm) ?? NO_CELL_SUMS, its))
    }
    for (const [hour, projects] of shard.folded) {
      const merged = own(sums.folded, hour, (map) => new Map(map))
      for (const [project, ids] of projects)
        merged.set(project, new Set([...(merged.get(project) ?? []), ...ids]))
    }
    sums.newestFinishAt = Math.max(sums.newestFinishAt ?? -Infinity, shard.newestFinishAt ?? -Infinity)
  }
  if (sums.newestFinishAt === -Infinity) return EMPTY_STATE
  forgetOldIds(sums, lateAfterMs + REDELIVERY_ALLOWANCE_MS)
  return sums
}

type Working = {
  arms: Map<string, ArmSums>
  cells: Map<string, Map<string, CellSums>>
  folded: Map<number, Map<string, Set<number>>>
  newestFinishAt: number | null
}

/** Copies the outer maps only; inner ones are copied when first touched. */
function workingCopy(state: BanditState): Working {
  return {
    arms: new Map(state.arms),
    cells: new Map(state.cells) as Working['cells'],
    folded: new Map(state.folded) as Working['folded'],
    newestFinishAt: state.newestFinishAt,
  }
}

/** Inner collections made by a fold in progress, which it may change in place; nobody else holds them. */
const ownedBy = new WeakMap<object, object>()

/** The inner collection under `key`, copied from the old state before its first change. */
function own<K, V extends object>(outer: Map<K, V>, key: K, copy: (value?: V) => V): V {
  const present = outer.get(key)
  if (present !== undefined && ownedBy.get(present) === outer) return present
  const mine = copy(present)
  ownedBy.set(mine, outer)
  outer.set(key, mine)
  return mine
}

function rememberId(sums: Working, event: JobEvent): void {
  const hour = Math.floor(event.occurredAt / MS_PER_HOUR)
  const projects = own(sums.folded, hour, (map) => new Map(map))
  own(projects, projectKeyOf(event), (set) => new Set(set)).add(event.jobId)
}

function forgetOldIds(sums: Working, retentionMs: number): void {
  if (sums.newestFinishAt === null) return
  const oldestHour = Math.floor((sums.newestFinishAt - retentionMs) / MS_PER_HOUR)
  for (const hour of sums.folded.keys()) if (hour < oldestHour) sums.folded.delete(hour)
}

/** Sums of nothing but zeros, as of less than half a millisecond of exposure, are no entry. */
function setUnlessEmpty<T extends ArmSums | CellSums>(map: Map<string, T>, key: string, sums: T): void {
  if (sums.n === 0 && sums.exposureMs === 0) map.delete(key)
  else map.set(key, sums)
}
