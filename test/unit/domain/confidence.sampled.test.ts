import { describe, expect, test } from 'vitest'
import { confidencesOf } from '../../../shared/domain/confidence.ts'
import type { ArmStatistics } from '../../../shared/domain/policy.ts'
import { createRng } from '../../../shared/played-gitlab/rng.ts'

type Rewards = readonly number[]

function statisticsOf(rewards: Rewards): ArmStatistics {
  const n = rewards.length
  const mean = (values: Rewards) => (n === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / n)
  return {
    arm: 'any',
    observations: n,
    successes: n,
    runnerFailures: 0,
    meanReward: mean(rewards),
    meanSquaredReward: mean(rewards.map((reward) => reward * reward)),
    comparedSuccesses: 0,
    meanLogSpeed: 0,
    meanSquaredLogSpeed: 0,
    exposureMs: 0,
    penalty: 0,
  }
}

const confidences = (arms: readonly Rewards[]) => [...confidencesOf(arms.map(statisticsOf))]
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)

/**
 * Posterior of each arm's mean by evaluation.md 1.3, with k0 = 1, a0 = 2, and m0 and b0 the mean and variance of
 * all rewards (0 and 1 while there are less than two): the Student-t with 2a degrees of freedom around m with
 * scale sqrt(b / (a k)).
 */
function posteriorsOf(arms: readonly Rewards[]): { m: number; scale: number; degrees: number }[] {
  const all = arms.flat()
  const m0 = all.length === 0 ? 0 : total(all) / all.length
  const b0 = all.length < 2 ? 1 : total(all.map((reward) => (reward - m0) ** 2)) / all.length
  return arms.map((rewards) => {
    const k = 1 + rewards.length
    const m = (m0 + total(rewards)) / k
    const a = 2 + rewards.length / 2
    const b = b0 + (total(rewards.map((reward) => reward ** 2)) + m0 ** 2 - k * m ** 2) / 2
    return { m, scale: Math.sqrt(b / (a * k)), degrees: 2 * a }
  })
}

/** How often each arm has the highest mean in `draws` draws from the posteriors. */
function sampled(arms: readonly Rewards[], draws: number): number[] {
  const rng = createRng('monte carlo', 'student')
  const normal = () => Math.log(rng.logNormal(1, 1))
  const posteriors = posteriorsOf(arms).map(({ m, scale, degrees }) => () => {
    let chiSquare = 0
    for (let degree = 0; degree < degrees; degree += 1) chiSquare += normal() ** 2
    return m + (scale * normal()) / Math.sqrt(chiSquare / degrees)
  })
  const wins = arms.map(() => 0)
  for (let draw = 0; draw < draws; draw += 1) {
    const means = posteriors.map((sample) => sample())
    const best = means.indexOf(Math.max(...means))
    wins[best] = (wins[best] ?? 0) + 1
  }
  return wins.map((count) => count / draws)
}

const cases: [string, Rewards[]][] = [
  [
    'two close arms',
    [
      [1, 0.8, 1.2, 0.9],
      [0.95, 1.1, 0.7],
    ],
  ],
  [
    'a clear winner',
    [
      [2, 2.1, 1.9, 2.2, 2.05],
      [1, 0.9, 1.1, 1.2],
    ],
  ],
  ['an arm never tried beside tried ones', [[1, 0.5, 0.8], [], [0.9, 0, 1.1, 0.4]]],
  [
    'failures among successes',
    [
      [0, 0, 1.5, 2],
      [0.8, 0.9, 0.7, 0.8, 0.9],
      [0, 1, 0],
    ],
  ],
]

describe('the confidence that an arm is the best', () => {
  // Of 50,000 draws a share has a standard error of at most 0.5 / sqrt(50,000) = 0.0022; four of those, and 0.002.
  test.each(cases)('is what sampling the posteriors says: %s', (_, arms) => {
    const estimates = sampled(arms, 50_000)
    for (const [index, confidence] of confidences(arms).entries()) {
      expect(Math.abs(confidence - (estimates[index] ?? 0)), `arm ${index}`).toBeLessThan(0.011)
    }
  })
})
