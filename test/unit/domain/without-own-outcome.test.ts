import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fold, withoutOwnOutcome } from '../../../shared/domain/fold.ts'
import type { BanditState } from '../../../shared/domain/state.ts'
import { bytesOf, finishedEvent, stateOf, WINDOW } from '../../support/builders.ts'
import { finishArb, finishesArb } from '../arbitraries.ts'

/** What a decision is made from: the ids only tell whether an outcome is in it. */
const sumsOf = ({ arms, cells }: BanditState) =>
  bytesOf({ arms, cells, folded: new Map(), newestFinishAt: null })

const stateAndEventArb = fc
  .tuple(finishesArb, finishArb)
  .map(([known, event]) => ({ known: known.filter(({ eventId }) => eventId !== event.eventId), event }))

describe('the state without a job’s own outcome', () => {
  test('has the sums it had before the job was folded', () => {
    fc.assert(
      fc.property(stateAndEventArb, ({ known, event }) => {
        const state = stateOf(known)
        expect(sumsOf(withoutOwnOutcome(fold(state, [event], WINDOW), event))).toBe(sumsOf(state))
      }),
    )
  })

  test('has the sums of all other jobs, whichever came first', () => {
    fc.assert(
      fc.property(stateAndEventArb, ({ known, event }) => {
        expect(sumsOf(withoutOwnOutcome(stateOf([event, ...known]), event))).toBe(sumsOf(stateOf(known)))
      }),
    )
  })

  test('is made without touching the state it is taken from', () => {
    fc.assert(
      fc.property(stateAndEventArb, ({ known, event }) => {
        const state = stateOf([...known, event])
        const bytes = bytesOf(state)
        withoutOwnOutcome(state, event)
        expect(bytesOf(state)).toBe(bytes)
      }),
    )
  })

  test('is the state itself when the outcome is not in it', () => {
    fc.assert(
      fc.property(stateAndEventArb, ({ known, event }) => {
        const state = stateOf(known)
        expect(withoutOwnOutcome(state, event)).toBe(state)
        const late = { ...event, late: true }
        expect(withoutOwnOutcome(fold(state, [late], WINDOW), late)).toBe(state)
      }),
    )
  })

  // 0.3 ms of exposure are 0 ms: adding them and taking them away again must not take somebody else's along.
  test.each(['canceled', 'failed'] as const)('keeps what others left by a %s job of 0.3 ms', (status) => {
    const other = finishedEvent({ status, durationSeconds: 0.0003 })
    const own = finishedEvent({ status, durationSeconds: 0.0003 })
    expect(sumsOf(withoutOwnOutcome(stateOf([other, own]), own))).toBe(sumsOf(stateOf([other])))
  })
})
