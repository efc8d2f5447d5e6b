import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { baselinesOf, type LogSpeed, logSpeedOf } from '../../../shared/domain/baseline.ts'
import type { JobEvent } from '../../../shared/domain/event.ts'
import { startFold } from '../../../shared/domain/fold.ts'
import { EMPTY_STATE } from '../../../shared/domain/state.ts'
import { finishedEvent, stateOf, WINDOW } from '../../support/builders.ts'
import { finishesArb } from '../arbitraries.ts'

const success = (projectId: number, jobName: string, arm: string, durationSeconds: number) =>
  finishedEvent({ projectId, jobName, arm, durationSeconds })

describe('the baseline of a job key', () => {
  // Durations e⁴ (three times), e⁶ and, in the other project, e⁵ s. ln 120 = 4.787492.
  //   all: (4 · 3 + 6 + 5 + 5 · 4.787492) / (5 + 5) = 4.693746
  //   project 1: (18 + 5 · 4.693746) / (4 + 5) = 4.607637; project 2: (5 + 5 · 4.693746) / 6 = 4.744788
  //   1/fast: (12 + 5 · 4.607637) / 8 = 4.379773; 1/slow: (6 + 5 · 4.607637) / 6 = 4.839697
  //   2/other: (5 + 5 · 4.744788) / 6 = 4.787324
  const state = stateOf([
    ...[1, 2, 3].map(() => success(1, 'fast', 'a', Math.exp(4))),
    success(1, 'slow', 'b', Math.exp(6)),
    success(2, 'other', 'a', Math.exp(5)),
  ])

  test('is shrunk to its project, and that to all: a case by hand', () => {
    const byKey = new Map([...state.cells.keys()].map((key, index) => [key, baselinesOf(state.cells)[index]]))
    expect(byKey.get('1/fast')).toBeCloseTo(4.379773, 5)
    expect(byKey.get('1/slow')).toBeCloseTo(4.839697, 5)
    expect(byKey.get('2/other')).toBeCloseTo(4.787324, 5)
  })
})

describe('the log speed of an arm', () => {
  // Durations e⁴ (three times) and e⁵ of one key, and e⁷ of one that b alone does. ln 120 = 4.787492.
  //   all, and the only project: (24 + 5 · 4.787492) / 10 = 4.793746, (24 + 5 · 4.793746) / 10 = 4.796873
  //   1/both: (17 + 5 · 4.796873) / 9 = 4.553818
  //   a: each counts 1/(1 + 5): n = 1/2, Σ 0.553818/2 = 0.276909, squares 0.306715/2 = 0.153357
  //   b: counts 3/(3 + 5) there, and what it does alone not at all: n = 3/8, Σ −0.446182 · 3/8 = −0.167318,
  //      squares 0.199078 · 3/8 = 0.074654
  const speedOf = logSpeedOf(
    stateOf([
      ...[1, 2, 3].map(() => success(1, 'both', 'a', Math.exp(4))),
      success(1, 'both', 'b', Math.exp(5)),
      success(1, 'alone', 'b', Math.exp(7)),
    ]),
  )

  test('is measured by the baselines, and counts as far as other arms did the same: a case by hand', () => {
    expect(speedOf('a')).toEqual({
      compared: expect.closeTo(1 / 2, 6),
      sum: expect.closeTo(0.276909, 5),
      sumOfSquares: expect.closeTo(0.153357, 5),
    })
    expect(speedOf('b')).toEqual({
      compared: expect.closeTo(3 / 8, 6),
      sum: expect.closeTo(-0.167318, 5),
      sumOfSquares: expect.closeTo(0.074654, 5),
    })
  })

  test('is not known of an arm that does alone what it does', () => {
    const alone = logSpeedOf(stateOf([1, 2, 3].map((job) => success(job, 'own', 'a', 60))))
    expect(alone('a')).toEqual({ compared: 0, sum: 0, sumOfSquares: 0 })
    expect(alone('never seen')).toEqual({ compared: 0, sum: 0, sumOfSquares: 0 })
  })
})

/** As evaluation.md 1.2 says it, job by job, each as far as other arms had successes of its job key. */
function reference(events: readonly JobEvent[], arm: string): LogSpeed {
  const successes = events.filter(
    (event) => event.status === 'success' && event.arm !== null && event.durationSeconds !== null,
  )
  const lnOf = ({ durationSeconds }: JobEvent) => Math.log(durationSeconds as number)
  const baseline = (among: readonly JobEvent[], parent: number) =>
    (among.reduce((sum, event) => sum + lnOf(event), 0) + 5 * parent) / (among.length + 5)
  const all = baseline(successes, Math.log(120))
  const speeds = successes
    .filter((event) => event.arm === arm)
    .map((event) => {
      const project = successes.filter(({ projectId }) => projectId === event.projectId)
      const key = successes.filter(({ jobKey }) => jobKey === event.jobKey)
      const others = key.filter((other) => other.arm !== arm).length
      return { counts: others / (others + 5), y: baseline(key, baseline(project, all)) - lnOf(event) }
    })
  const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0)
  return {
    compared: total(speeds.map(({ counts }) => counts)),
    sum: total(speeds.map(({ counts, y }) => counts * y)),
    sumOfSquares: total(speeds.map(({ counts, y }) => counts * y * y)),
  }
}

test('log speed is what the jobs themselves say, to what rounding to millionths leaves', () => {
  fc.assert(
    fc.property(finishesArb, (events) => {
      const speedOf = logSpeedOf(stateOf(events))
      for (const arm of new Set(events.map((event) => event.arm ?? 'none'))) {
        const { compared, sum, sumOfSquares } = reference(events, arm)
        expect(Math.abs(speedOf(arm).compared - compared)).toBeLessThan(1e-4)
        expect(Math.abs(speedOf(arm).sum - sum)).toBeLessThan(1e-4)
        expect(Math.abs(speedOf(arm).sumOfSquares - sumOfSquares)).toBeLessThan(2e-3)
      }
    }),
  )
})

test('log speed is that of the moment, also of a fold in progress', () => {
  fc.assert(
    fc.property(finishesArb, (events) => {
      const folding = startFold(EMPTY_STATE, WINDOW)
      for (const [index, event] of events.entries()) {
        folding.add([event])
        const now = logSpeedOf(folding.state)
        const afresh = logSpeedOf(stateOf(events.slice(0, index + 1)))
        for (const arm of folding.state.arms.keys()) expect(now(arm)).toEqual(afresh(arm))
      }
    }),
  )
})
