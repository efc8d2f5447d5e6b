/** Standing still while an operation works: nobody else writes the state, so what is published waits in Pub/Sub. */
import type { Clock, Deliveries } from '../../ports.ts'
import type { GcsState } from './state-object.ts'

/** Longer than an operation takes. One that takes longer conflicts with what was learned after. */
const LEASE_MS = 10 * 60_000

/**
 * Pub/Sub delivers to whom it likes, so nobody is asked to stop: the shards are marked, and who meets the mark gives
 * its message back. What was published before a hold need not have been learned; what is in the log tells.
 */
export function gcsDeliveries(
  shards: readonly GcsState[],
  clock: Clock,
  { leaseMs = LEASE_MS }: { leaseMs?: number } = {},
): Deliveries {
  let last: Promise<unknown> = Promise.resolve()

  async function hold<T>(work: (setAside: Readonly<Record<string, number>>) => Promise<T>): Promise<T> {
    const until = clock.now() + leaseMs
    const held: GcsState[] = []
    try {
      for (const shard of shards) {
        // Also of one whose answer got lost.
        held.push(shard)
        await shard.hold(until)
      }
      return await work({})
    } finally {
      await Promise.all(held.map((shard) => shard.release()))
    }
  }

  return {
    drained: async () => undefined,
    hold(work) {
      // Of this process, one after the other; who comes from another is refused.
      const result = last.then(() => hold(work))
      last = result.catch(() => undefined)
      return result
    },
  }
}
