import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { baselinesOf, logSpeedOf } from '../../../shared/domain/baseline.ts'
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

  // a: 3 · 0.379773 − 0.212676 = 0.926642, squares 3 · 0.144227 + 0.045231 = 0.477913; b: −1.160303, square 1.346304.
  test('is what the log speed of an arm is measured by, over all its job keys', () => {
    const speedOf = logSpeedOf(state)
    expect(speedOf('a')).toEqual({
      n: 4,
      sum: expect.closeTo(0.926642, 5),
      sumOfSquares: expect.closeTo(0.477913, 5),
    })
    expect(speedOf('b').sum).toBeCloseTo(-1.160303, 5)
    expect(speedOf('b').sumOfSquares).toBeCloseTo(1.346304, 5)
    expect(speedOf('never seen')).toEqual({ n: 0, sum: 0, sumOfSquares: 0 })
  })
})

/** As evaluation.md 1.2 says it, job by job. */
function reference(
  events: readonly JobEvent[],
  arm: string,
): { n: number; sum: number; sumOfSquares: number } {
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
      return baseline(key, baseline(project, all)) - lnOf(event)
    })
  const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0)
  return { n: speeds.length, sum: total(speeds), sumOfSquares: total(speeds.map((speed) => speed * speed)) }
}

test('log speed is what the jobs themselves say, to what rounding to millionths leaves', () => {
  fc.assert(
    fc.property(finishesArb, (events) => {
      const speedOf = logSpeedOf(stateOf(events))
      for (const arm of new Set(events.map((event) => event.arm ?? 'none'))) {
        const { n, sum, sumOfSquares } = reference(events, arm)
        expect(speedOf(arm).n).toBe(n)
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
