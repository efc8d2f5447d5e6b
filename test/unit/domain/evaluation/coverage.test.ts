/** How often intervals hold the truth, over 300 logs of a world whose truth is known. Seeded: the same every time. */
import { expect, test } from 'vitest'
import { compared } from '../../../../shared/domain/evaluation/comparison.ts'
import { bernsteinSequence } from '../../../../shared/domain/evaluation/confidence-sequence.ts'
import { type Estimate, estimatesOf } from '../../../../shared/domain/evaluation/estimate.ts'
import {
  crossFitPropensities,
  propensitiesBySource,
} from '../../../../shared/domain/evaluation/propensity-model.ts'
import { crossFitRewards } from '../../../../shared/domain/evaluation/reward-model.ts'
import { loggedTermsOf, termsOf } from '../../../../shared/domain/evaluation/terms.ts'
import { seededDraws } from '../../../../shared/domain/rng.ts'
import { KINDS, playedLog, TARGET, TRUTH } from './two-contexts.ts'

const LOGS = 300
const JOBS = 400
const numbers = Array.from({ length: LOGS }, (_, number) => number)

/** The logger's own value. */
const LOGGED_TRUTH = Object.values(KINDS).reduce(
  (sum, { share, logger, reward }) =>
    sum + share * Object.entries(logger).reduce((mean, [arm, p]) => mean + p * (reward[arm] as number), 0),
  0,
)

const holds = ({ low, high }: Pick<Estimate, 'low' | 'high'>, truth: number) =>
  low !== null && high !== null && low <= truth && truth <= high

const shareOf = (flags: readonly boolean[]) => flags.filter(Boolean).length / flags.length

const played = numbers.map((number) => {
  const jobs = playedLog(JOBS, seededDraws(`coverage ${number}`), 0.15)
  const q = crossFitRewards(jobs)
  const unrouted = jobs.map((job) => ({ ...job, recordedPropensity: null }))
  const { estimated } = propensitiesBySource(crossFitPropensities(unrouted))
  const { recorded } = propensitiesBySource(() => 0)
  return {
    exact: termsOf(jobs, TARGET, recorded, q),
    estimated: termsOf(unrouted, TARGET, estimated, q),
    assumed: termsOf(unrouted, TARGET, propensitiesBySource(() => 0).uniform, q),
    logged: loggedTermsOf(jobs, recorded, q),
  }
})

test('95 % intervals hold the truth in some 95 % of the logs, the naive one in less than half', () => {
  const estimates = played.map(({ exact }) => estimatesOf(exact))
  // Four standard errors of a share of 300 are 5 %.
  for (const name of ['ips', 'snips', 'dr', 'sndr', 'switch_dr'] as const) {
    const share = shareOf(estimates.map((estimate) => holds(estimate[name], TRUTH)))
    expect(share, name).toBeGreaterThan(0.9)
    expect(share, name).toBeLessThan(0.995)
    const mean = estimates.reduce((sum, estimate) => sum + (estimate[name].value as number), 0) / LOGS
    expect(Math.abs(mean - TRUTH), name).toBeLessThan(0.005)
  }
  expect(shareOf(estimates.map(({ naive_match }) => holds(naive_match, TRUTH)))).toBeLessThan(0.5)
  expect(
    shareOf(estimates.map(({ dr }) => holds({ low: dr.sequenceLow, high: dr.sequenceHigh }, TRUTH))),
  ).toBe(1)
})

test('dr holds it with estimated propensities, too; 1/k in their place misses it with ips', () => {
  const dr = played.map(({ estimated }) => estimatesOf(estimated).dr)
  expect(shareOf(dr.map((estimate) => holds(estimate, TRUTH)))).toBeGreaterThan(0.9)
  const ips = played.map(({ assumed }) => estimatesOf(assumed).ips)
  expect(shareOf(ips.map((estimate) => holds(estimate, TRUTH)))).toBeLessThan(0.5)
})

test('the paired difference to what was done is held, and is narrower than that of two estimates apart', () => {
  const difference = TRUTH - LOGGED_TRUTH
  const pairs = played.map(({ exact, logged }) => compared(exact, logged, 'dr'))
  const share = shareOf(pairs.map((pair) => holds(pair, difference)))
  expect(share).toBeGreaterThan(0.9)
  expect(share).toBeLessThan(0.995)
  const apart = played.map(({ exact, logged }) =>
    Math.hypot(estimatesOf(exact).dr.standardError as number, estimatesOf(logged).dr.standardError as number),
  )
  const narrower = pairs.filter(
    ({ standardError }, log) => (standardError as number) < (apart[log] as number),
  )
  expect(narrower.length).toBeGreaterThan(0.95 * LOGS)
})

test('the empirical Bernstein sequence holds the truth at all looks together in 95 % of the logs or more', () => {
  const widths: number[] = []
  const held = numbers.map((number) => {
    const sequence = bernsteinSequence()
    let isHeld = true
    // Without shared luck: what is to be expected of a job may not hang on the jobs before it.
    for (const job of playedLog(JOBS, seededDraws(`looks ${number}`), 0)) {
      const probability = TARGET(job).get(job.action) ?? 0
      sequence.add(probability / (job.recordedPropensity as number), job.reward as number)
      isHeld &&= holds(sequence.bounds(), TRUTH)
    }
    const { low, high } = sequence.bounds()
    widths.push(high - low)
    return isHeld
  })
  expect(shareOf(held)).toBeGreaterThanOrEqual(0.95)
  // And it does say something.
  expect(widths.reduce((sum, width) => sum + width, 0) / LOGS).toBeLessThan(0.45)
})
