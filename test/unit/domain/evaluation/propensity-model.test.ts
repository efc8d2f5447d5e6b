import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LoggedJob } from '../../../../shared/domain/evaluation/logged-job.ts'
import {
  crossFitPropensities,
  propensitiesBySource,
} from '../../../../shared/domain/evaluation/propensity-model.ts'

const jobOf = (overrides: Partial<LoggedJob> = {}): LoggedJob => ({
  id: '1',
  cluster: 'p',
  fold: 1,
  jobKey: 'k',
  startedAt: 0,
  action: 'a',
  feasible: ['a', 'b'],
  free: ['a', 'b'],
  previousArm: '',
  recordedPropensity: null,
  reward: 1,
  ...overrides,
})

const tenOnA = Array.from({ length: 10 }, () => jobOf())

describe('the model of the propensity', () => {
  // Ten jobs, all on a, and both had room: r(a) = (10 + 2)/(10 + 4) = 6/7, r(b) = 1/7, so p1 = 6/7; p2 = (10 + 4 · 6/7)/14 =
  // 47/49; p3 = (10 + 4 · 47/49)/14 = 339/343. Each is then mixed with 5 % of an even share.
  const mixed = (p: number, arms = 2) => 0.95 * p + 0.05 / arms
  test.each([
    ['the same context', { fold: 0 }, mixed(339 / 343)],
    ['the arms in another order', { fold: 0, feasible: ['b', 'a'], free: ['b', 'a'] }, mixed(339 / 343)],
    ['another arm before', { fold: 0, previousArm: 'b' }, mixed(47 / 49)],
    ['other arms', { fold: 0, feasible: ['a', 'b', 'c'], free: ['a', 'b', 'c'] }, 1 / 3],
    ['the same fold', { fold: 1 }, 1 / 2],
  ])('of %s is its fraction', (_, overrides, expected) => {
    const model = crossFitPropensities(tenOnA)
    const job = jobOf(overrides)
    expect(model(job, 'a')).toBeCloseTo(expected, 14)
    expect(model(job, 'b')).toBeCloseTo(job.feasible.length === 2 ? 1 - expected : expected, 14)
  })

  test('gives an arm without room nothing, and the others what they get when they have room', () => {
    const arms = ['a', 'b', 'c']
    // a is taken twice as often as b when both have room; c never.
    const log = ['a', 'a', 'b'].flatMap((action) =>
      Array.from({ length: 100 }, () => jobOf({ action, feasible: arms, free: arms })),
    )
    const model = crossFitPropensities(log)
    const job = jobOf({ fold: 0, feasible: arms, free: ['b', 'c'] })
    expect(model(job, 'a')).toBe(0)
    // r(b) = (100 + 2)/306 and r(c) = 2/306 share what a would have had.
    expect(model(job, 'b')).toBeCloseTo(mixed(102 / 104), 14)
    // An arm that was full all the while is not one that is never taken.
    const full = log.map((one) => ({ ...one, free: ['a', 'b'] }))
    const rare = crossFitPropensities(full)(jobOf({ fold: 0, feasible: arms, free: arms }), 'c')
    expect(rare).toBeGreaterThan(
      crossFitPropensities(log)(jobOf({ fold: 0, feasible: arms, free: arms }), 'c'),
    )
  })

  test('does not learn from jobs that were routed', () => {
    const routed = Array.from({ length: 50 }, () => jobOf({ action: 'b', recordedPropensity: 0.5 }))
    expect(crossFitPropensities([...tenOnA, ...routed])(jobOf({ fold: 0 }), 'a')).toBeCloseTo(
      mixed(339 / 343),
      14,
    )
  })

  test('adds up to 1 over the arms with room, all above 0, none beside them', () => {
    const jobArb = fc
      .record({
        fold: fc.integer({ min: 0, max: 4 }),
        feasible: fc.subarray(['a', 'b', 'c', 'd'], { minLength: 1 }),
        full: fc.subarray(['a', 'b', 'c', 'd']),
        previousArm: fc.constantFrom('', 'a', 'b'),
        pick: fc.nat(),
      })
      .map(({ pick, full, ...job }) => {
        const action = job.feasible[pick % job.feasible.length] as string
        return jobOf({
          ...job,
          action,
          free: job.feasible.filter((arm) => arm === action || !full.includes(arm)),
        })
      })
    fc.assert(
      fc.property(fc.array(jobArb, { minLength: 1, maxLength: 60 }), (jobs) => {
        const model = crossFitPropensities(jobs)
        for (const job of jobs) {
          const probabilities = job.free.map((arm) => model(job, arm))
          expect(probabilities.reduce((sum, probability) => sum + probability, 0)).toBeCloseTo(1, 12)
          for (const probability of probabilities) expect(probability).toBeGreaterThan(0)
          expect(model(job, 'z')).toBe(0)
        }
      }),
    )
  })
})

test('a recorded propensity goes before any other, and without one `recorded` knows none', () => {
  const { recorded, estimated, uniform } = propensitiesBySource(() => 0.7)
  for (const source of [recorded, estimated, uniform])
    expect(source(jobOf({ recordedPropensity: 0.2 }))).toBe(0.2)
  expect([recorded, estimated, uniform].map((source) => source(jobOf()))).toEqual([null, 0.7, 0.5])
})
