/**
 * fold: (state, events) → state. The only arithmetic that changes what the bandit has learned.
 *
 * Commutative, associative and idempotent over finished events (laws 2, 4, 5, 6): an id that is known is
 * dropped, late events and repeats that disagree never count, the rest is added as integers.
 */
import { contributeToArm, contributeToCell, contributionOf, counts } from './contribution.ts'
import type { JobEvent } from './event.ts'
import { hourOf, insertId, jobsOf, moveIndex, projectKeys } from './folded.ts'
import { type BanditState, holdsOutcome, isEmpty } from './state.ts'
import {
  copyArmSums,
  copyCellSums,
  copyList,
  type Drafts,
  draftsOf,
  forgetOldIds,
  own,
  ownMap,
  type Working,
  workingCopy,
} from './working-state.ts'

/**
 * Folds events into a state. Returns the same object when nothing changed.
 *
 * @param lateAfterMs the lateness window; ids are kept for it plus the redelivery allowance, counted back from
 *   the newest finish in the state.
 */
export function fold(state: BanditState, events: Iterable<JobEvent>, lateAfterMs: number): BanditState {
  const folding = startFold(state, lateAfterMs)
  folding.add(events)
  if (folding.changed()) return folding.state
  moveIndex(folding.state.folded, state.folded)
  return state
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
  const drafts = draftsOf(sums)
  const projectKeyOf = projectKeys()
  const known = moveIndex(state.folded, sums.folded)
  let changed = false
  return {
    state: sums,
    changed: () => changed,
    add(events) {
      for (const event of events) {
        if (!counts(event)) continue
        const project = projectKeyOf(event)
        const jobs = jobsOf(known, project)
        const before = jobs.size
        if (jobs.add(event.jobId).size === before) continue
        changed = true
        observe(sums, drafts, event, project)
      }
      if (changed) forgetOldIds(sums, drafts, lateAfterMs, known)
    },
  }
}

function observe(sums: Working, drafts: Drafts, event: JobEvent, project: string): void {
  insertId(own(ownMap(drafts.folded, hourOf(event.occurredAt)), project, copyList), event.jobId)
  if (sums.newestFinishAt === null || event.occurredAt > sums.newestFinishAt) {
    sums.newestFinishAt = event.occurredAt
  }
  const contribution = contributionOf(event)
  if (contribution === undefined) return
  const { arm, n, successes, exposureMs } = contribution
  // Sums of nothing but zeros are no entry.
  if (n > 0 || exposureMs > 0) contributeToArm(own(drafts.arms, arm, copyArmSums), contribution)
  if (successes > 0 || exposureMs > 0) {
    contributeToCell(own(ownMap(drafts.cells, event.jobKey), arm, copyCellSums), contribution)
  }
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
  const { arm } = contribution
  const arms = new Map(state.arms)
  const cells = new Map(state.cells)
  const row = new Map(cells.get(event.jobKey))
  const armLeft = copyArmSums(arms.get(arm))
  const cellLeft = copyCellSums(row.get(arm))
  contributeToArm(armLeft, contribution, -1)
  contributeToCell(cellLeft, contribution, -1)
  if (Math.min(armLeft.n, armLeft.successes, armLeft.exposureMs, cellLeft.n, cellLeft.exposureMs) < 0)
    return undefined
  if (isEmpty(armLeft)) arms.delete(arm)
  else arms.set(arm, armLeft)
  if (isEmpty(cellLeft)) row.delete(arm)
  else row.set(arm, cellLeft)
  if (row.size === 0) cells.delete(event.jobKey)
  else cells.set(event.jobKey, row)
  return { ...state, arms, cells }
}
