/** The clock of the demo: it runs many times as fast as a real one, and waits when it is told to. */
import type { Instant } from '../../../shared/domain/event.ts'
import type { Clock } from '../../../shared/ports.ts'

export type PlayedClock = Clock & {
  /** Stands still until `run`; both may be called again and again. */
  wait(): void
  run(): void
  isWaiting(): boolean
}

/**
 * Never goes back. Waits at first.
 *
 * @param speed played milliseconds to a real one.
 * @param realMs milliseconds of a real clock that never goes back.
 */
export function playedClock(startsAt: Instant, speed: number, realMs: () => number): PlayedClock {
  let at = startsAt
  /** Real time at which it was `at`; undefined while it waits. */
  let since: number | undefined
  const exact = () => (since === undefined ? at : at + (realMs() - since) * speed)
  return {
    now: () => Math.floor(exact()),
    isWaiting: () => since === undefined,
    wait() {
      at = exact()
      since = undefined
    },
    run() {
      since ??= realMs()
    },
  }
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const DAYS_BEFORE = 56
const FIRST_HOUR_UTC = 7
/** 1970-01-01 was a Thursday. */
const FIRST_MONDAY_MS = 4 * DAY_MS

/** A Monday at 07:00 UTC, at least eight weeks ago: an hour of the demo is sixty days, and stays in the past. */
export function demoStart(realNow: Instant): Instant {
  const weeks = Math.floor((realNow - DAYS_BEFORE * DAY_MS - FIRST_MONDAY_MS) / (7 * DAY_MS))
  return FIRST_MONDAY_MS + weeks * 7 * DAY_MS + FIRST_HOUR_UTC * HOUR_MS
}
