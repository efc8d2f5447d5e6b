import type { Instant } from '../../shared/domain/event.ts'
import type { Clock } from '../../shared/ports.ts'

export type FixedClock = Clock & { advance(ms: number): void }

/** A clock that stands still until it is told to move. */
export function fixedClock(startsAt: Instant): FixedClock {
  let now = startsAt
  return {
    now: () => now,
    advance(ms) {
      now += ms
    },
  }
}
