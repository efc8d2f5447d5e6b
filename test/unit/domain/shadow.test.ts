import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JobEvent } from '../../../shared/domain/event.ts'
import { fold } from '../../../shared/domain/fold.ts'
import { type DecisionContext, decideAtFinish, decideAtStart } from '../../../shared/domain/shadow.ts'
import { EMPTY_STATE } from '../../../shared/domain/state.ts'
import {
  armOf,
  finishedEvent,
  fleetWith,
  MINUTE,
  NOON,
  SECOND,
  startedEvent,
  stateOf,
  WINDOW,
} from '../../support/builders.ts'
import { finishArb, finishesArb, fleetArb } from '../arbitraries.ts'

const fleet = fleetWith(armOf({ name: 'a', tags: ['docker'] }), armOf({ name: 'b', tags: ['docker'] }))
const contextOf = (overrides: Partial<DecisionContext> = {}): DecisionContext => ({
  state: EMPTY_STATE,
  generation: '7',
  fleet,
  decidedAt: NOON + 3 * SECOND,
  lateAfterMs: WINDOW,
  ...overrides,
})
const start = (overrides: Partial<JobEvent> = {}) =>
  startedEvent({ jobId: 1, occurredAt: NOON, arm: 'a', runnerTags: ['docker'], ...overrides })

describe('the decision at a job’s start', () => {
  test('is frozen with what was known: the job, the actual runner, the picks and the state', () => {
    // b was never tried, so that UCB1 picks it.
    const state = stateOf([finishedEvent({ arm: 'a', occurredAt: NOON - MINUTE })])
    expect(decideAtStart(start(), contextOf({ state }))).toMatchObject({
      decisionId: 'gitlab.example.com/42/1/job.started',
      projectId: 42,
      jobId: 1,
      jobKey: '42/unit',
      decidedAt: NOON + 3 * SECOND,
      decidedLate: false,
      actualRunner: 'a',
      mabRunner: 'b',
      nsaiRunner: 'b',
      nsaiFeasibleCount: 2,
      mabWouldMatch: false,
      nsaiWouldMatch: false,
      tagsSource: 'unknown',
      knownCount: 2,
      refused: {},
      stateGeneration: '7',
      stateAsOfAt: NOON - MINUTE,
      stateLagSeconds: 63,
      stateObservations: 1,
    })
  })

  test('is not made when the state holds the outcome already', () => {
    const state = stateOf([finishedEvent({ jobId: 1 })])
    expect(decideAtStart(start(), contextOf({ state }))).toBeUndefined()
    expect(decideAtStart(start({ jobId: 2 }), contextOf({ state }))).toBeDefined()
    expect(decideAtStart(start({ projectId: 43 }), contextOf({ state }))).toBeDefined()
  })

  test('is not made when the start came later than the window, after which ids may be forgotten', () => {
    const inTime = start({ receivedAt: NOON + WINDOW })
    const late = start({ receivedAt: NOON + WINDOW + 1 })
    expect(decideAtStart(inTime, contextOf())).toBeDefined()
    expect(decideAtStart(late, contextOf())).toBeUndefined()
    expect(decideAtStart({ ...late, source: 'replay' }, contextOf())).toBeDefined()
  })

  test('is not made of content that conflicts with the first', () => {
    expect(decideAtStart(start({ conflicting: true }), contextOf())).toBeUndefined()
  })

  test.each([
    ['both match when both pick the actual arm', 'b', true, true],
    ['neither matches when the actual arm is another', 'a', false, false],
  ])('%s', (_, arm, mabWouldMatch, nsaiWouldMatch) => {
    const state = stateOf([finishedEvent({ arm: 'a' })])
    expect(decideAtStart(start({ arm }), contextOf({ state }))).toMatchObject({
      mabWouldMatch,
      nsaiWouldMatch,
    })
  })

  test('says of no match and no mismatch when no runner is known to have the job', () => {
    expect(decideAtStart(start({ arm: null, runnerTags: [] }), contextOf())).toMatchObject({
      actualRunner: null,
      mabRunner: 'a',
      nsaiRunner: null,
      nsaiConfidence: null,
      nsaiFeasibleCount: 0,
      mabWouldMatch: null,
      nsaiWouldMatch: null,
      refused: { tags_unknown: ['a', 'b'] },
      stateAsOfAt: null,
      stateLagSeconds: null,
    })
  })
})

describe('the late decision at a job’s finish', () => {
  // The newest finish in the state may be the job's own: it is told as it is and decides nothing.
  test('is the one from the state without the job’s own outcome', () => {
    fc.assert(
      fc.property(finishesArb, finishArb, fleetArb, (known, event, fleet) => {
        const before = stateOf(known.filter(({ eventId }) => eventId !== event.eventId))
        const after = fold(before, [event], WINDOW)
        const decision = decideAtFinish(event, contextOf({ state: after, fleet }))
        if (decision === undefined) throw new Error('no decision was made')
        const { stateAsOfAt, stateLagSeconds, ...rest } = decision
        expect(decideAtFinish(event, contextOf({ state: before, fleet }))).toMatchObject(rest)
        expect(rest.decidedLate).toBe(true)
        expect(stateAsOfAt).toBe(after.newestFinishAt)
        expect(stateLagSeconds).toBe((NOON + 3000 - (after.newestFinishAt ?? 0)) / 1000)
      }),
    )
  })
})
