import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JobEvent } from '../../../shared/domain/event.ts'
import { fold, withoutOwnOutcome } from '../../../shared/domain/fold.ts'
import type { BanditState } from '../../../shared/domain/state.ts'
import { bytesOf, finishedEvent, stateOf, WINDOW } from '../../support/builders.ts'
import { finishArb, finishesArb } from '../arbitraries.ts'

/** What a decision is made from: the ids only tell whether an outcome is in it. */
const sumsOf = ({ arms, cells }: BanditState) =>
  bytesOf({ arms, cells, folded: new Map(), newestFinishAt: null })

function without(state: BanditState, event: JobEvent): BanditState {
  const left = withoutOwnOutcome(state, event)
  if (left === undefined) throw new Error('the state holds something else of this job')
  return left
}

const stateAndEventArb = fc
  .tuple(finishesArb, finishArb)
  .map(([known, event]) => ({ known: known.filter(({ eventId }) => eventId !== event.eventId), event }))

describe('the state without a job’s own outcome', () => {
  test('is not known when another witness of it was folded, and is never below nothing', () => {
    const first = finishedEvent({ jobId: 1, arm: 'a', durationSeconds: 10 })
    for (const other of [
      { arm: 'b' },
      { durationSeconds: 20 },
      { status: 'canceled' as const, durationSeconds: 20 },
    ]) {
      expect(withoutOwnOutcome(stateOf([first]), { ...first, ...other })).toBeUndefined()
    }
  })

  test('has the sums it had before the job was folded', () => {
    fc.assert(
      fc.property(stateAndEventArb, ({ known, event }) => {
        const state = stateOf(known)
        expect(sumsOf(without(fold(state, [event], WINDOW), event))).toBe(sumsOf(state))
      }),
    )
  })

  test('has the sums of all other jobs, whichever came first', () => {
    fc.assert(
      fc.property(stateAndEventArb, ({ known, event }) => {
        expect(sumsOf(without(stateOf([event, ...known]), event))).toBe(sumsOf(stateOf(known)))
      }),
    )
  })

  test('is made without touching the state it is taken from', () => {
    fc.assert(
      fc.property(stateAndEventArb, ({ known, event }) => {
        const state = stateOf([...known, event])
        const bytes = bytesOf(state)
        without(state, event)
        expect(bytesOf(state)).toBe(bytes)
      }),
    )
  })

  test('is the state itself when the outcome is not in it', () => {
    fc.assert(
      fc.property(stateAndEventArb, ({ known, event }) => {
        const state = stateOf(known)
        expect(without(state, event)).toBe(state)
        const late = { ...event, late: true }
        expect(without(fold(state, [late], WINDOW), late)).toBe(state)
      }),
    )
  })

  // 0.3 ms of exposure are 0 ms: adding them and taking them away again must not take somebody else's along.
  test.each(['canceled', 'failed'] as const)('keeps what others left by a %s job of 0.3 ms', (status) => {
    const other = finishedEvent({ status, durationSeconds: 0.0003 })
    const own = finishedEvent({ status, durationSeconds: 0.0003 })
    expect(sumsOf(without(stateOf([other, own]), own))).toBe(sumsOf(stateOf([other])))
  })
})
