/**
 * learn: finished jobs are folded into the bandit state.
 *
 * Trigger: topic `job-events`. Reads and writes: the state, by compare-and-set.
 * Repetition: the ids in the state drop what is in it already.
 */
import { fold } from '../shared/domain/fold.ts'
import type { Deps } from '../shared/runtime/handler.ts'
import { updateState } from '../shared/runtime/update-state.ts'
import { decodeEvent } from '../shared/schema/event.ts'

export async function learn(
  bodies: unknown[],
  { state, settings, log }: Pick<Deps, 'state' | 'settings' | 'log'>,
): Promise<void> {
  const events = bodies.map(decodeEvent)
  const { generation } = await updateState(state, (before) => fold(before, events, settings.lateAfterMs))
  log.debug('bandit.updated', { generation, events: events.length })
}
