/** One state as shards that go on for themselves. */

import { shardOf } from './shard.ts'
import { type BanditState, EMPTY_STATE } from './state.ts'

/**
 * Shards that merge to the state, to the byte. The ids go to the shards of their jobs, where a repeat of one will
 * come; the sums, which no job is looked up in, all go to the first.
 *
 * Each shard knows the newest finish of all: the ids before the window are gone from each, and the shard has to know
 * so to tell a job that it may have forgotten from one that it never had.
 */
export function splitShards(state: BanditState, shards: number): BanditState[] {
  const { newestFinishAt } = state
  if (shards === 1) return [state]
  const parts = Array.from({ length: shards }, () => new Map<number, Map<string, number[]>>())
  for (const [hour, projects] of state.folded) {
    for (const [project, ids] of projects) {
      const projectId = Number(project.slice(project.lastIndexOf('/') + 1))
      const byShard = Map.groupBy(ids, (jobId) => shardOf(projectId, jobId, shards))
      for (const [shard, its] of byShard) {
        const folded = parts[shard] as Map<number, Map<string, number[]>>
        const row = folded.get(hour) ?? new Map<string, number[]>()
        folded.set(hour, row.set(project, its))
      }
    }
  }
  return parts.map((folded, shard) =>
    shard === 0 ? { ...state, folded } : { ...EMPTY_STATE, folded, newestFinishAt },
  )
}
