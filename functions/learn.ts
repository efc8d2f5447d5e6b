/**
 * learn: finished jobs are folded into the bandit state.
 *
 * Trigger: topic `job-events`. Reads and writes: the state, shard by shard, by compare-and-set.
 * Repetition: the ids in the state drop what is in it already. What is older than they reach back is left out: a
 * rebuild from the log is right about it.
 */
import { counts } from '../shared/domain/contribution.ts'
import { fold } from '../shared/domain/fold.ts'
import { mayBeForgotten } from '../shared/domain/id-window.ts'
import { shardOf } from '../shared/domain/shard.ts'
import type { StateStore } from '../shared/ports.ts'
import type { Deps } from '../shared/runtime/handler.ts'
import { updateState } from '../shared/runtime/update-state.ts'
import { decodeEvent } from '../shared/schema/event.ts'

export async function learn(
  bodies: unknown[],
  { shards, settings, log }: Pick<Deps, 'shards' | 'settings' | 'log'>,
): Promise<void> {
  const { lateAfterMs } = settings
  const events = bodies.map(decodeEvent).filter(counts)
  const byShard = Map.groupBy(events, ({ projectId, jobId }) => shardOf(projectId, jobId, shards.length))
  for (const [shard, its] of byShard) {
    const { generation } = await updateState(shards[shard] as StateStore, ({ state, resetAt }) => {
      const current = its.filter(({ receivedAt }) => receivedAt > resetAt)
      const tellable = current.filter((event) => !mayBeForgotten(state, event, lateAfterMs))
      if (tellable.length < current.length)
        log.warning('events.left_out', { events: current.length - tellable.length })
      return fold(state, tellable, lateAfterMs)
    })
    log.debug('bandit.updated', { generation, shard, events: its.length })
  }
}
