/**
 * learn: finished jobs are folded into the bandit state.
 *
 * Trigger: topic `job-events`. Reads and writes: the state, shard by shard, by compare-and-set.
 * Repetition: the ids in the state drop what is in it already.
 */
import type { Deps } from '../shared/runtime/handler.ts'
import { learnEvents } from '../shared/runtime/learn-events.ts'
import { decodeMessage } from '../shared/schema/event.ts'

export async function learn(
  bodies: unknown[],
  deps: Pick<Deps, 'shards' | 'settings' | 'log'>,
): Promise<void> {
  await learnEvents(bodies.map(decodeMessage), deps)
}
