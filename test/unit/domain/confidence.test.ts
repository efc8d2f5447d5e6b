import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { confidencesOf } from '../../../shared/domain/confidence.ts'
import type { ArmStatistics } from '../../../shared/domain/policy.ts'

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

describe('the confidence that an arm is the best', () => {
  test('is 1 for an only arm, and shared equally among arms that are alike', () => {
    expect(confidences([[]])).toEqual([1])
    expect(confidences([[0.3, 2]])).toEqual([1])
    for (const [count, rewards] of [
      [2, []],
      [3, [1]],
      [11, [0.5, 1, 0.7]],
    ] satisfies [number, Rewards][]) {
      const alike = confidences(Array.from({ length: count }, () => rewards))
      for (const confidence of alike) expect(confidence).toBeCloseTo(1 / count, 12)
    }
  })

  test('is none where there is no arm', () => {
    expect(confidences([])).toEqual([])
  })

  test('is above 0 even for an arm that is as good as hopeless', () => {
    const many = (reward: number) => Array.from({ length: 3000 }, () => reward)
    const [good = 0, bad = 0] = confidences([many(2), many(0.5)])
    expect(good).toBeCloseTo(1, 3)
    expect(bad).toBeGreaterThan(0)
    expect(bad).toBeLessThan(1e-3)
  })

  const rewardArb = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 10, noNaN: true }))
  const armsArb = fc.array(fc.array(rewardArb, { maxLength: 20 }), { minLength: 1, maxLength: 8 })

  test('lies in (0, 1]', () => {
    fc.assert(
      fc.property(armsArb, (arms) => {
        for (const confidence of confidences(arms)) {
          expect(confidence).toBeGreaterThan(0)
          expect(confidence).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  test('adds up to 1 over all arms', () => {
    fc.assert(
      fc.property(armsArb, (arms) => void expect(Math.abs(total(confidences(arms)) - 1)).toBeLessThan(1e-6)),
    )
  })

  // Beside an arm never tried, thousands of observations are a step and not a slope: that, too, has to be integrated.
  test.each([
    [
      [67_419, 1.2],
      [36_592, 0.44],
      [0, 0],
      [0, 0],
    ],
    [
      [2967, 1.323],
      [341, 0.313],
      [1, 1.036],
      [0, 0],
    ],
    [
      [65_686, 1.687],
      [49_499, 0.703],
      [2, 1.956],
      [2, 0.977],
    ],
  ])('adds up to 1 also beside arms seen thousands of times: %j', (...arms) => {
    const statistics = arms.map(([observations = 0, meanReward = 0]) => ({
      ...statisticsOf([]),
      observations,
      meanReward,
      meanSquaredReward: observations === 0 ? 0 : meanReward ** 2 + 0.04,
    }))
    expect(Math.abs(total([...confidencesOf(statistics)]) - 1)).toBeLessThan(1e-6)
  })
})
