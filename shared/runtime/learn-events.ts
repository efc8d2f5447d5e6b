/** Events go into the state, however they were delivered. */
import { counts } from '../domain/contribution.ts'
import type { JobEvent } from '../domain/event.ts'
import { fold } from '../domain/fold.ts'
import { mayBeForgotten } from '../domain/id-window.ts'
import { shardOf } from '../domain/shard.ts'
import type { StateStore } from '../ports.ts'
import type { Deps } from './handler.ts'
import { updateState } from './update-state.ts'

/**
 * Folds them, shard by shard, each with one write. The ids in the state drop what is in it already; what is older than
 * they reach back is left out, since a rebuild from the log is right about it.
 * @throws TransientError, and then some shards may hold their events; a repetition does the rest.
 */
export async function learnEvents(
  events: readonly JobEvent[],
  { shards, settings, log }: Pick<Deps, 'shards' | 'settings' | 'log'>,
): Promise<void> {
  const { lateAfterMs } = settings
  // Of witnesses that disagree the first counts, as in the log's view.
  const inOrder = events.filter(counts).sort((a, b) => a.receivedAt - b.receivedAt)
  const byShard = Map.groupBy(inOrder, ({ projectId, jobId }) => shardOf(projectId, jobId, shards.length))
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
