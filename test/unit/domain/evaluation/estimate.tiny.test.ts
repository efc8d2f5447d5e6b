import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { estimatesOf, weightsOf } from '../../../../shared/domain/evaluation/estimate.ts'
import { BIASED_ESTIMATORS, type EstimatorName } from '../../../../shared/domain/evaluation/influence.ts'
import { TINY, TINY_LIMITS } from './tiny.ts'

const estimates = estimatesOf(TINY, TINY_LIMITS)
const reference = join(import.meta.dirname, '../../../../../shared/reference/tiny/expected.json')

describe('of the tiny log', () => {
  // Variances: CR1 over the four pipelines, by symbolic differentiation of each estimator.
  test.each<[EstimatorName, number, number]>([
    ['naive_match', 11 / 16, 9 / 256],
    ['ips', 33 / 32, 451 / 3072],
    ['clipped_ips', 21 / 32, 139 / 3072],
    ['snips', 21 / 32, 3715 / 371712],
    ['dm', 7 / 16, 1 / 256],
    ['dr', 25 / 32, 131 / 3072],
    ['sndr', 21 / 32, 3715 / 371712],
    ['switch_dr', 17 / 32, 83 / 3072],
  ])('%s is its fraction, as is its variance', (name, value, variance) => {
    const estimate = estimates[name]
    expect(estimate.value).toBeCloseTo(value, 15)
    expect((estimate.standardError as number) ** 2).toBeCloseTo(variance, 15)
    // t with 3 degrees of freedom, by the expansion.
    const half = 3.178616995054062 * Math.sqrt(variance)
    expect(estimate.low).toBeCloseTo(value - half, 12)
    expect(estimate.high).toBeCloseTo(value + half, 12)
  })

  test('weights are their fractions', () => {
    const { meanWeight, maxWeight, effectiveSampleSize, feasibleShare } = weightsOf(TINY)
    expect(meanWeight).toBe(11 / 8)
    expect(maxWeight).toBe(4)
    expect(effectiveSampleSize).toBeCloseTo(121 / 37, 15)
    expect(feasibleShare).toBe(7 / 8)
  })

  test('the naive match mean is said to be biased, and has no confidence sequence', () => {
    expect(BIASED_ESTIMATORS).toContain('naive_match')
    expect(BIASED_ESTIMATORS).not.toContain('dr')
    expect(estimates.naive_match).toMatchObject({ sequenceLow: null, sequenceHigh: null })
    expect(estimates.dr.sequenceLow).toBeLessThan(estimates.dr.low as number)
  })

  test.skipIf(!existsSync(reference))('is the reference (skipped: no ../shared/reference/tiny)', () => {
    const expected = JSON.parse(readFileSync(reference, 'utf8'))
    const pairs: [number | null, string][] = [
      [estimates.ips.value, 'ips'],
      [estimates.snips.value, 'snips_structural'],
      [estimates.naive_match.value, 'naive_match_mean'],
      [estimates.dm.value, 'dm_q_half'],
      [estimates.dr.value, 'dr_q_half'],
      [estimates.switch_dr.value, 'switch_dr_lambda2_q_half'],
      [estimates.clipped_ips.value, 'ips_clip2'],
      [weightsOf(TINY).effectiveSampleSize, 'ess'],
      [weightsOf(TINY).meanWeight, 'mean_w'],
    ]
    for (const [found, name] of pairs) expect(found, name).toBeCloseTo(expected[name].value, 14)
    expect(estimates.ips.standardError).toBeCloseTo(expected.ips_se_cluster_CR1, 14)
  })
})

// Half the jobs have one arm that earns 0.1, half have ten that earn 1; a uniform logger, a policy that is right about one arm.
test('the naive match mean is 2/11 where the truth is 11/20, and the others are right', () => {
  const easy = { weight: 1, reward: 0.1, feasible: 1, modelPolicy: 0, modelAction: 0 }
  const terms = Array.from({ length: 20 }, (_, job) =>
    job < 10
      ? { ...easy, cluster: `${job}` }
      : { ...easy, cluster: `${job}`, weight: job === 10 ? 10 : 0, reward: 1 },
  )
  const { naive_match, ips, dr, snips } = estimatesOf(terms)
  expect(naive_match.value).toBeCloseTo(2 / 11, 14)
  for (const estimate of [ips, dr, snips]) expect(estimate.value).toBeCloseTo(11 / 20, 14)
})
