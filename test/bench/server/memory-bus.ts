/** A bus that keeps its promise of one answer a key, and keeps nothing on disk: what is left is the request path. */
import type { EventBus } from '../../../shared/ports.ts'

/** So many bodies stay in memory; they are written out as JSON, as any bus has to. */
const KEPT = 10_000

/** As `bus`, but for what is published. */
export function inMemory(bus: EventBus): EventBus {
  const claims = new Map<string, unknown>()
  const kept: string[] = []
  let count = 0
  return {
    ...bus,
    async publish({ key, body, claim }) {
      if (key !== undefined && claims.has(key)) return { status: 'duplicate', firstClaim: claims.get(key) }
      if (key !== undefined) claims.set(key, claim)
      kept[count % KEPT] = JSON.stringify(body)
      count += 1
      return { status: 'accepted' }
    },
  }
}
