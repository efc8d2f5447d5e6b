/**
 * learn-batch: learn, for more events than single deliveries can carry: what waits is pulled, folded with one write,
 * and then acknowledged.
 *
 * Trigger: each minute, in the cloud, when the subscription is one to pull from. Reads and writes: as `learn`.
 * Repetition: as `learn`; what was not acknowledged comes again.
 */
import type { JobEvent } from '../shared/domain/event.ts'
import { InvalidInputError } from '../shared/errors.ts'
import type { Deps } from '../shared/runtime/handler.ts'
import { learnEvents } from '../shared/runtime/learn-events.ts'
import { decodeMessage } from '../shared/schema/event.ts'

/** A fold of so many takes about as long as the write that follows it. */
const MAX_BATCH = 25_000
/** Under the minute after which the next run begins. */
const RUN_MS = 45_000

/** @param shard whose subscription is pulled; the only one when left out. */
export async function learnBatch(
  { inbox, clock, log, ...deps }: Pick<Deps, 'inbox' | 'clock' | 'shards' | 'settings' | 'log'>,
  shard?: number,
): Promise<void> {
  const subscription = deps.shards.length === 1 ? 'learn' : `learn-${shard ?? 0}`
  const endAt = clock.now() + RUN_MS
  let events = 0
  while (clock.now() < endAt) {
    const taken = await inbox.take(subscription, MAX_BATCH)
    if (taken.bodies.length === 0) break
    const legible: JobEvent[] = []
    const faulty: [body: unknown, fault: string][] = []
    for (const body of taken.bodies) {
      const event = eventOrFault(body)
      if (typeof event === 'string') faulty.push([body, event])
      else legible.push(event)
    }
    await learnEvents(legible, { ...deps, log }).catch(async (error: unknown) => {
      await taken.giveBack()
      throw error
    })
    for (const [body, fault] of faulty) await taken.bury(body, fault)
    await taken.ack()
    events += legible.length
  }
  if (events > 0) log.info('events.learned', { subscription, events })
}

/** The event, or what is wrong with it. */
function eventOrFault(body: unknown): JobEvent | string {
  try {
    return decodeMessage(body)
  } catch (error) {
    if (error instanceof InvalidInputError) return error.message
    throw error
  }
}
