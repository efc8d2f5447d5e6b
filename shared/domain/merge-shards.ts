import type { Instant } from './event.ts'
import { insertId } from './folded.ts'
import { addArmSums, addCellSums, type BanditState, EMPTY_STATE } from './state.ts'
import {
  copyArmSums,
  copyCellSums,
  copyList,
  draftsOf,
  forgetOldIds,
  own,
  ownMap,
  workingCopy,
} from './working-state.ts'

/**
 * The one state of several shards, each of which folded its own jobs: what one fold over all of them gives, to
 * the byte (law 4).
 */
export function mergeShards(shards: readonly BanditState[], lateAfterMs: number): BanditState {
  const sums = workingCopy(EMPTY_STATE)
  const drafts = draftsOf(sums)
  for (const { arms, cells, folded, newestFinishAt } of shards) {
    for (const [arm, its] of arms) addArmSums(own(drafts.arms, arm, copyArmSums), its)
    for (const [jobKey, row] of cells) {
      for (const [arm, its] of row) addCellSums(own(ownMap(drafts.cells, jobKey), arm, copyCellSums), its)
    }
    for (const [hour, projects] of folded) {
      for (const [project, ids] of projects) {
        const merged = own(ownMap(drafts.folded, hour), project, copyList)
        for (const id of ids) insertId(merged, id)
      }
    }
    if (newestFinishAt !== null)
      sums.newestFinishAt = Math.max(sums.newestFinishAt ?? newestFinishAt, newestFinishAt)
  }
  if (sums.newestFinishAt === null) return EMPTY_STATE
  forgetOldIds(sums, drafts, lateAfterMs)
  return sums
}

/**
 * The state of the newest epoch. A shard of an older one is from before a reset that was cut off before it got
 * there: what it holds does not count.
 */
export function mergeNewestEpoch(
  shards: readonly { state: BanditState; resetAt: Instant }[],
  lateAfterMs: number,
): { state: BanditState; resetAt: Instant } {
  const resetAt = Math.max(...shards.map((shard) => shard.resetAt))
  const ofEpoch = shards.filter((shard) => shard.resetAt === resetAt).map(({ state }) => state)
  return { state: mergeShards(ofEpoch, lateAfterMs), resetAt }
}
