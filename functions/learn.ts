/**
 * learn: finished jobs are folded into the bandit state.
 *
 * Trigger: topic `job-events`. Reads and writes: the state, by compare-and-set.
 * Repetition: the ids in the state drop what is in it already. What is older than they reach back is left out: a
 * rebuild from the log is right about it.
 */
import { counts } from '../shared/domain/contribution.ts'
import { fold } from '../shared/domain/fold.ts'
import { mayBeForgotten } from '../shared/domain/id-window.ts'
import type { Deps } from '../shared/runtime/handler.ts'
import { updateState } from '../shared/runtime/update-state.ts'
import { decodeEvent } from '../shared/schema/event.ts'

export async function learn(
  bodies: unknown[],
  { state, settings, epoch, log }: Pick<Deps, 'state' | 'settings' | 'epoch' | 'log'>,
): Promise<void> {
  const { lateAfterMs } = settings
  const events = bodies
    .map(decodeEvent)
    .filter((event) => counts(event) && event.receivedAt > epoch.startedAt)
  const { generation } = await updateState(state, (before) => {
    const tellable = events.filter((event) => !mayBeForgotten(before, event, lateAfterMs))
    if (tellable.length < events.length)
      log.warning('events.left_out', { events: events.length - tellable.length })
    return fold(before, tellable, lateAfterMs)
  })
  log.debug('bandit.updated', { generation, events: events.length })
}
