import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Estimate,
  estimatesOf,
  type Term,
  weightsOf,
} from '../../../../shared/domain/evaluation/estimate.ts'
import { ESTIMATORS, type EstimatorName } from '../../../../shared/domain/evaluation/influence.ts'
import { EVALUATION } from '../../../../shared/domain/evaluation/settings.ts'
import { termArb, termsArb } from './term-arbitraries.ts'

const { clipWeight, switchWeight } = EVALUATION

function expectSame(found: Estimate, expected: Estimate, scale = 1): void {
  for (const figure of Object.keys(expected) as (keyof Estimate)[]) {
    const [here, there] = [found[figure], expected[figure]]
    if (there === null) expect(here).toBeNull()
    else expect(Math.abs((here as number) - there * scale)).toBeLessThan(1e-8 * scale)
  }
}

describe('estimates', () => {
  test('do not depend on the order of the jobs', () => {
    fc.assert(
      fc.property(termsArb, fc.infiniteStream(fc.nat()), (terms, keys) => {
        const shuffled = terms.map((term) => ({ term, key: keys.next().value as number }))
        const other = estimatesOf(shuffled.sort((a, b) => a.key - b.key).map(({ term }) => term))
        const estimates = estimatesOf(terms)
        for (const name of ESTIMATORS) expectSame(other[name], estimates[name])
      }),
    )
  })

  test('scale with the reward', () => {
    fc.assert(
      fc.property(termsArb, fc.double({ min: 0.01, max: 100, noNaN: true }), (terms, scale) => {
        const scaled = estimatesOf(
          terms.map((term) => ({
            ...term,
            reward: term.reward * scale,
            modelPolicy: term.modelPolicy * scale,
            modelAction: term.modelAction * scale,
          })),
        )
        const estimates = estimatesOf(terms)
        for (const name of ESTIMATORS) expectSame(scaled[name], estimates[name], scale)
      }),
    )
  })

  test('dr without a model is ips, and sndr snips', () => {
    fc.assert(
      fc.property(termsArb, (terms) => {
        const bare = estimatesOf(terms.map((term) => ({ ...term, modelPolicy: 0, modelAction: 0 })))
        expectSame(bare.dr, bare.ips)
        expectSame(bare.sndr, bare.snips)
      }),
    )
  })

  test('of what was done are the mean reward, whatever the model says', () => {
    fc.assert(
      fc.property(termsArb, (terms) => {
        const logged = terms.map((term) => ({
          ...term,
          weight: 1,
          feasible: 1,
          modelPolicy: term.modelAction,
        }))
        const mean = terms.reduce((sum, { reward }) => sum + reward, 0) / terms.length
        const { dm, ...others } = estimatesOf(logged)
        for (const { value } of Object.values(others)) expect(value).toBeCloseTo(mean, 9)
      }),
    )
  })

  test('are not moved by shifting the reward and the model alike, but by the shift, where self-normalised', () => {
    const shift = 3
    fc.assert(
      fc.property(fc.array(termArb, { minLength: 1, maxLength: 30 }), (terms) => {
        fc.pre(terms.some(({ weight }) => weight > 0))
        const sure = terms.map((term) => ({ ...term, feasible: 1 }))
        const shifted = sure.map((term) => ({
          ...term,
          reward: term.reward + shift,
          modelPolicy: term.modelPolicy + shift,
          modelAction: term.modelAction + shift,
        }))
        const [before, after] = [estimatesOf(sure), estimatesOf(shifted)]
        for (const name of ['snips', 'sndr', 'dr', 'naive_match'] as const) {
          expect(after[name].value).toBeCloseTo((before[name].value as number) + shift, 9)
        }
      }),
    )
  })
})

/** Each estimator as it is written down, a job counting as often as its cluster does. */
function plainly(name: EstimatorName, terms: readonly Term[], times: ReadonlyMap<string, number>): number {
  const sum = (of: (term: Term) => number) =>
    terms.reduce((total, term) => total + (times.get(term.cluster) ?? 1) * of(term), 0)
  const n = sum(() => 1)
  const weight = sum((t) => t.weight)
  const feasible = sum((t) => t.feasible) / n
  const model = sum((t) => t.modelPolicy) / n
  const residual = (t: Term) => t.weight * (t.reward - t.modelAction)
  switch (name) {
    case 'naive_match':
      return sum((t) => (t.weight > 0 ? t.reward : 0)) / sum((t) => (t.weight > 0 ? 1 : 0))
    case 'ips':
      return sum((t) => t.weight * t.reward) / n
    case 'clipped_ips':
      return sum((t) => (t.weight > clipWeight ? clipWeight : t.weight) * t.reward) / n
    case 'snips':
      return (feasible * sum((t) => t.weight * t.reward)) / weight
    case 'dm':
      return model
    case 'dr':
      return model + sum(residual) / n
    case 'sndr':
      return model + (feasible * sum(residual)) / weight
    case 'switch_dr':
      return model + sum((t) => (t.weight <= switchWeight ? residual(t) : 0)) / n
  }
}

describe('the standard error', () => {
  test.each(ESTIMATORS)('of %s is that of how its value follows each cluster', (name) => {
    fc.assert(
      fc.property(termsArb, (terms) => {
        const clusters = [...new Set(terms.map(({ cluster }) => cluster))]
        fc.pre(clusters.length > 1 && terms.some(({ weight }) => weight > 0))
        const step = 1e-5
        const slopes = clusters.map((cluster) => {
          const at = (times: number) => plainly(name, terms, new Map([[cluster, times]]))
          return (at(1 + step) - at(1 - step)) / (2 * step)
        })
        const squares = slopes.reduce((sum, slope) => sum + slope ** 2, 0)
        const expected = Math.sqrt((clusters.length / (clusters.length - 1)) * squares)
        const { value, standardError } = estimatesOf(terms)[name]
        expect(value).toBeCloseTo(plainly(name, terms, new Map()), 9)
        expect(Math.abs((standardError as number) - expected)).toBeLessThan(1e-5 * (1 + expected))
      }),
      { numRuns: 60 },
    )
  })

  test('is not known of one cluster, nor anything of no job', () => {
    const one: Term = { cluster: 'p', weight: 2, reward: 1, feasible: 1, modelPolicy: 0, modelAction: 0 }
    const { ips } = estimatesOf([one, one])
    expect(ips).toMatchObject({ value: 2, standardError: null, low: null, sequenceHigh: null })
    const nothing = estimatesOf([])
    for (const name of ESTIMATORS) expect(Object.values(nothing[name])).toEqual(Array(6).fill(null))
    expect(Object.values(weightsOf([]))).toEqual([null, null, null, null])
  })

  test('of a policy that no job followed: nothing is known by what divides by the weights', () => {
    const other = { weight: 0, reward: 1, feasible: 1, modelPolicy: 0.5, modelAction: 0.5 }
    const { naive_match, snips, sndr, ips, dr } = estimatesOf([
      { ...other, cluster: 'p1' },
      { ...other, cluster: 'p2' },
    ])
    for (const { value } of [naive_match, snips, sndr]) expect(value).toBeNull()
    expect(ips).toMatchObject({ value: 0, standardError: 0 })
    expect(dr.value).toBe(0.5)
  })
})
