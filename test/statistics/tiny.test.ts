/** The independent computation on eight rows, in fractions: every estimator is what a person gets with a pencil. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  clusterVariance,
  ESTIMATORS,
  type Estimator,
  effectiveSampleSize,
  estimated,
} from './independent/estimators.ts'
import { doubles, type Field, type Fraction, fractions, textOf } from './independent/field.ts'
import { erfc, holm, sequenceRhoSquared, tQuantile } from './independent/intervals.ts'

const REFERENCE = join(import.meta.dirname, '../../../shared/reference/tiny')
/** Pipeline, feasible count, actual arm, target's arm, whether that is feasible, propensity, reward. */
const TINY: [number, number, string, string, 0 | 1, number, number][] = [
  [1, 2, 'a', 'a', 1, 0.5, 1],
  [1, 2, 'b', 'a', 1, 0.5, 0],
  [2, 4, 'c', 'c', 1, 0.25, 0.5],
  [2, 4, 'd', 'c', 1, 0.25, 1],
  [3, 1, 'e', 'e', 1, 1, 0.25],
  [3, 4, 'a', 'b', 1, 0.25, 0.75],
  [4, 4, 'b', 'b', 1, 0.25, 1],
  [4, 2, 'a', 'z', 0, 0.5, 1],
]
const CLIP = 2

/** The reward model says 1/2 of every arm. */
function tinyRows<T>({ of, divide, multiply }: Field<T>) {
  return TINY.map(([pipeline, , actual, target, feasible, propensity, reward]) => ({
    cluster: String(pipeline),
    weight: divide(of(actual === target ? 1 : 0), of(propensity)),
    reward: of(reward),
    feasible: of(feasible),
    modelPolicy: multiply(of(feasible), of(0.5)),
    modelAction: of(0.5),
  }))
}

const rows = tinyRows(fractions)
const limits = { clip: fractions.of(CLIP), switchAt: fractions.of(CLIP) }
const clusters = rows.map(({ cluster }) => cluster)

function fractionOf(estimator: Estimator): Fraction {
  const answer = estimated(estimator, rows, limits, fractions)
  if (answer === null) throw new RangeError(`nothing is estimated by ${estimator}`)
  return answer.value
}

const weights = rows.map(({ weight }) => weight)
const sum = (list: readonly Fraction[]) => list.reduce(fractions.add, fractions.of(0))

function computed(): Record<string, string> {
  const notMatched = rows.filter(({ weight }) => fractions.isZero(weight))
  const ips = estimated('ips', rows, limits, fractions)
  const feasibleShare = fractions.divide(sum(rows.map(({ feasible }) => feasible)), fractions.of(8))
  return {
    ips: textOf(fractionOf('ips')),
    snips: textOf(fractions.divide(fractionOf('snips'), feasibleShare)),
    snips_structural: textOf(fractionOf('snips')),
    naive_match_mean: textOf(fractionOf('naive_match')),
    naive_nomatch_mean: textOf(
      fractions.divide(sum(notMatched.map(({ reward }) => reward)), fractions.of(notMatched.length)),
    ),
    match_rate: textOf(fractions.divide(fractions.of(8 - notMatched.length), fractions.of(8))),
    dm_q_half: textOf(fractionOf('dm')),
    dr_q_half: textOf(fractionOf('dr')),
    switch_dr_lambda2_q_half: textOf(fractionOf('switch_dr')),
    ips_clip2: textOf(fractionOf('clipped_ips')),
    ess: textOf(effectiveSampleSize(weights, fractions) as Fraction),
    mean_w: textOf(fractions.divide(sum(weights), fractions.of(8))),
    ips_var_cluster_CR1: textOf(clusterVariance(clusters, ips?.influences ?? [], fractions) as Fraction),
  }
}

describe('tiny', () => {
  test('gives the exact fractions', () => {
    expect(computed()).toEqual({
      ips: '33/32',
      snips: '3/4',
      snips_structural: '21/32',
      naive_match_mean: '11/16',
      naive_nomatch_mean: '11/16',
      match_rate: '1/2',
      dm_q_half: '7/16',
      dr_q_half: '25/32',
      switch_dr_lambda2_q_half: '17/32',
      ips_clip2: '21/32',
      ess: '121/37',
      mean_w: '11/8',
      ips_var_cluster_CR1: '451/3072',
    })
  })

  test.skipIf(!existsSync(REFERENCE))('is the reference (skipped: no ../shared/reference/tiny)', () => {
    const expected = JSON.parse(readFileSync(join(REFERENCE, 'expected.json'), 'utf8'))
    const named = Object.keys(computed()).map((name) => [name, expected[name].fraction])
    expect(computed()).toEqual(Object.fromEntries(named))
    const [, ...lines] = readFileSync(join(REFERENCE, 'tiny.csv'), 'utf8').trim().split('\n')
    const cells = lines.map((line) => line.split(',').slice(1))
    expect(cells.map((row) => row.map((cell) => (Number.isNaN(Number(cell)) ? cell : Number(cell))))).toEqual(
      TINY,
    )
  })

  /** By hand: Σmodel/n = 7/16, P = 7/8, Σw(r − 1/2) = 2·1/2 + 0 − 1/4 + 4·1/2 = 11/4 and Σw = 11, so 7/16 + 7/8 · 1/4. */
  test('gives SNDR as computed by hand', () => {
    expect(textOf(fractionOf('sndr'))).toBe('21/32')
  })

  /** A thousand copies of the rows, and one row once more: n · (V' − V) is what that row adds, but for terms of 1/n. */
  test.each(ESTIMATORS)('knows what a row adds to the error of %s', (estimator) => {
    const some = tinyRows(doubles)
    const copies = Array.from({ length: 1000 }, () => some).flat()
    const inDoubles = { clip: CLIP, switchAt: CLIP }
    const answer = estimated(estimator, some, inDoubles, doubles)
    for (const [index, row] of some.entries()) {
      const more = estimated(estimator, [...copies, row], inDoubles, doubles)
      const added = ((more?.value ?? 0) - (answer?.value ?? 0)) * (copies.length + 1)
      expect(added).toBeCloseTo(answer?.influences[index] ?? 0, 2)
    }
  })

  test('is the same in doubles', () => {
    const inDoubles = tinyRows(doubles)
    for (const estimator of ESTIMATORS) {
      const answer = estimated(estimator, inDoubles, { clip: CLIP, switchAt: CLIP }, doubles)
      expect(answer?.value).toBeCloseTo(toNumber(fractionOf(estimator)), 14)
    }
  })
})

const toNumber = ({ over, under }: Fraction) => Number(over) / Number(under)

describe('intervals', () => {
  /** Tables of Student's t, two-sided 95 %. */
  test.each([
    [3, 3.182446, 2],
    [10, 2.228139, 4],
    [100, 1.983972, 6],
  ])('know the quantile of t at %i degrees', (degrees, quantile, digits) => {
    expect(tQuantile(degrees)).toBeCloseTo(quantile, digits)
  })

  /** 1 − 2/√π · Σ (−1)^k x^(2k+1) / (k! (2k+1)). */
  test.each([0, 0.1, 0.5, 1, 1.5, 2, 2.5])('know the tail beyond %f', (x) => {
    let [term, series] = [x, x]
    for (let k = 1; k < 100; k += 1) {
      term *= -(x ** 2) / k
      series += term / (2 * k + 1)
    }
    const exact = 1 - (2 / Math.sqrt(Math.PI)) * series
    expect(Math.abs(erfc(x) / exact - 1)).toBeLessThan(1.2e-7)
  })

  /** ρ² is the best at n: no other makes the sequence narrower there. */
  test('have the asymptotic sequence at its narrowest at 1,000 clusters', () => {
    const width = (rhoSquared: number) => {
      const mixed = 1000 * rhoSquared
      return ((mixed + 1) / mixed) * Math.log(Math.sqrt(mixed + 1) / 0.05)
    }
    const best = sequenceRhoSquared()
    expect(width(best)).toBeLessThan(width(best * 1.01))
    expect(width(best)).toBeLessThan(width(best * 0.99))
  })

  /** Holm (1979): 4 · 0.005, 3 · 0.01, then 2 · 0.03, and 1 · 0.04 raised to the one before. */
  test('adjust p-values by Holm', () => {
    const adjusted = holm([0.01, null, 0.04, 0.03, 0.005])
    expect(adjusted.map((p) => p?.toFixed(6))).toEqual([
      '0.030000',
      undefined,
      '0.060000',
      '0.060000',
      '0.020000',
    ])
  })
})
