import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { admit } from '../../../shared/domain/admission.ts'
import type { Fleet } from '../../../shared/domain/fleet.ts'
import { fold } from '../../../shared/domain/fold.ts'
import { EMPTY_STATE, holdsOutcome } from '../../../shared/domain/state.ts'
import {
  armOf,
  bytesOf,
  DAY,
  finishedEvent,
  fleetWith,
  HOUR,
  INSTANCE,
  NOON,
  SECOND,
  stateOf,
  WINDOW,
  witnessOf,
} from '../../support/builders.ts'
import { finishesArb } from '../arbitraries.ts'

const job = (projectId: number, jobId: number) => ({ instance: INSTANCE, projectId, jobId })

describe('law 3: arm and cost are frozen at admission', () => {
  const admitted = (jobId: number, fleet: Fleet) => {
    const admission = admit(witnessOf({ jobId, durationSeconds: 3600 }), {
      instance: INSTANCE,
      source: 'webhook',
      receivedAt: NOON,
      fleet,
      lateAfterMs: WINDOW,
      unmanagedArms: new Set(),
      maxUnmanagedArms: 5,
    })
    if (admission.status !== 'admitted') throw new Error(admission.reason)
    return admission.event
  }

  test('and editing the fleet changes only the events that are admitted afterwards', () => {
    const before = admitted(1, fleetWith(armOf({ name: 'a', costPerHourEur: 0.9 })))
    const edited = fleetWith({ ...armOf({ name: 'a', costPerHourEur: 9.9 }), id: 'pool' })
    const after = admitted(2, edited)
    // An hour at 0.9 EUR: 1 / (60 + 0.9 + 0.1) = 1/61; at 9.9 EUR: 1 / (60 + 9.9 + 0.1) = 1/70.
    const state = stateOf([before, after])
    expect(state.arms.get('a')).toMatchObject({ n: 1, rewardMicros: Math.round(1e6 / 61) })
    expect(state.arms.get('pool')).toMatchObject({ n: 1, rewardMicros: Math.round(1e6 / 70) })
    expect(bytesOf(stateOf([after, before]))).toBe(bytesOf(state))
  })
})

describe('law 6: a late event', () => {
  test('changes no byte of any state', () => {
    fc.assert(
      fc.property(finishesArb, finishesArb, (known, others) => {
        const state = stateOf(known)
        const late = others.map((event) => ({ ...event, late: true }))
        expect(fold(state, late, WINDOW)).toBe(state)
        expect(bytesOf(stateOf([...late, ...known]))).toBe(bytesOf(state))
      }),
    )
  })
})

describe('law 6: the ids of folded events', () => {
  const old = finishedEvent({ projectId: 1, jobId: 10, occurredAt: NOON })
  const foldedAfter = (ms: number, lateAfterMs = WINDOW) =>
    fold(stateAt(NOON), [finishedEvent({ projectId: 1, jobId: 11, occurredAt: NOON + ms })], lateAfterMs)
  const stateAt = (occurredAt: number) => stateOf([{ ...old, occurredAt }])

  // Ids are forgotten by the hour in which the job finished, and NOON is the first instant of one.
  test('are kept for the window and a day before the newest finish, and forgotten beyond', () => {
    const isHeld = (ms: number) => holdsOutcome(foldedAfter(ms), job(1, 10))
    expect(isHeld(WINDOW + DAY)).toBe(true)
    expect(isHeld(WINDOW + DAY + HOUR - 1)).toBe(true)
    expect(isHeld(WINDOW + DAY + HOUR)).toBe(false)
    expect(holdsOutcome(foldedAfter(WINDOW + DAY + HOUR), job(1, 11))).toBe(true)
  })

  test('are kept as long as the window is set to', () => {
    expect(holdsOutcome(foldedAfter(2 * HOUR + DAY, 2 * HOUR), job(1, 10))).toBe(true)
    expect(holdsOutcome(foldedAfter(3 * HOUR + DAY, 2 * HOUR), job(1, 10))).toBe(false)
  })

  test('do not take the sums along when they are forgotten', () => {
    expect(foldedAfter(30 * DAY).arms.get('a')?.n).toBe(2)
    expect(foldedAfter(30 * DAY).newestFinishAt).toBe(NOON + 30 * DAY)
  })

  test('outlive every redelivery of a live event that was admitted just in time', () => {
    const inTime = fc.integer({ min: 0, max: WINDOW })
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: HOUR }),
        inTime,
        fc.integer({ min: 0, max: DAY }),
        (at, delay, more) => {
          const event = finishedEvent({ occurredAt: NOON + at })
          const now = NOON + at + delay + more
          const state = stateOf([event, finishedEvent({ occurredAt: now })])
          expect(fold(state, [event], WINDOW)).toBe(state)
        },
      ),
    )
  })

  test('of an older finish do not depend on whether it came before or after the newest', () => {
    const spread = fc.uniqueArray(fc.integer({ min: 0, max: 30 * 24 * 60 }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(spread, (minutes) => {
        const events = minutes.map((minute) => finishedEvent({ occurredAt: NOON + minute * 60 * SECOND }))
        const oneByOne = events.reduce((state, event) => fold(state, [event], WINDOW), EMPTY_STATE)
        expect(bytesOf(oneByOne)).toBe(bytesOf(stateOf(events.toReversed())))
      }),
    )
  })

  test('tell one job from another of the same number at another GitLab', () => {
    const state = stateOf([finishedEvent({ jobId: 10 })])
    const elsewhere = finishedEvent({ jobId: 10, instance: 'gitlab.other.example' })
    expect(fold(state, [elsewhere], WINDOW).arms.get('a')?.n).toBe(2)
  })

  test('tell one job from another of the same number in another project', () => {
    const state = stateOf([finishedEvent({ projectId: 1, jobId: 10 })])
    expect(holdsOutcome(state, job(1, 10))).toBe(true)
    expect(holdsOutcome(state, job(2, 10))).toBe(false)
    expect(holdsOutcome(state, job(1, 11))).toBe(false)
    expect(fold(state, [finishedEvent({ projectId: 2, jobId: 10 })], WINDOW).arms.get('a')?.n).toBe(2)
  })
})
