/** What is to happen when, one thing after the other: as fast as it goes on a played clock, in its time on a real one. */
import { setTimeout as sleep } from 'node:timers/promises'

export type PassingClock = {
  /** Epoch milliseconds. */
  now(): number
  /** Lets time pass towards an instant; a real clock may come back before it is there. */
  passTo(at: number): Promise<void>
}

export type Timeline = {
  now(): number
  /** At the same moment, what was planned first happens first. */
  at(at: number, happen: () => Promise<void> | void): void
  /** Lets things happen until `isDone`, or until nothing more is planned. */
  runUntil(isDone: () => boolean): Promise<void>
}

/** Real time passes in pieces of this length, so that what is planned meanwhile is seen. */
const PIECE_MS = 25

/** Stands still but for what is planned; it may be the clock of the service under test, too. */
export function clockOfPlay(startsAt: number): PassingClock {
  let now = startsAt
  return {
    now: () => now,
    async passTo(at) {
      now = Math.max(now, at)
    },
  }
}

export const realClock: PassingClock = {
  now: Date.now,
  passTo: (at) => sleep(Math.min(PIECE_MS, Math.max(0, at - Date.now()))),
}

export function createTimeline(clock: PassingClock): Timeline {
  const planned: { at: number; happen: () => Promise<void> | void }[] = []
  return {
    now: clock.now,
    at(at, happen) {
      const later = planned.findIndex((one) => one.at > at)
      planned.splice(later < 0 ? planned.length : later, 0, { at, happen })
    },
    async runUntil(isDone) {
      for (let next = planned[0]; next !== undefined && !isDone(); next = planned[0]) {
        if (next.at > clock.now()) await clock.passTo(next.at)
        else {
          planned.shift()
          await next.happen()
        }
      }
    },
  }
}
