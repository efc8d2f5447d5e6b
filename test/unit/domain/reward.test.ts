import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromMicros, rewardOf, toMicros } from '../../../shared/domain/reward.ts'
import { readWebhook } from '../../../shared/schema/webhook.ts'

describe('the reward', () => {
  // success / (duration_minutes + cost_per_hour * duration_seconds / 3600 + 0.1)
  test.each([
    { seconds: 54, costPerHour: 0, reward: 1 }, // 1 / (0.9 + 0 + 0.1)
    { seconds: 114, costPerHour: 0, reward: 0.5 }, // 1 / (1.9 + 0 + 0.1)
    { seconds: 24, costPerHour: 0, reward: 2 }, // 1 / (0.4 + 0 + 0.1)
    { seconds: 600, costPerHour: 0, reward: 1 / 10.1 }, // 1 / (10 + 0 + 0.1)
    { seconds: 3600, costPerHour: 0.9, reward: 1 / 61 }, // 1 / (60 + 0.9 + 0.1)
    { seconds: 36, costPerHour: 30, reward: 1 }, // 1 / (0.6 + 0.3 + 0.1)
    { seconds: 6, costPerHour: 0, reward: 5 }, // 1 / (0.1 + 0 + 0.1)
  ])('of a success of $seconds s at $costPerHour EUR/h is $reward', ({ seconds, costPerHour, reward }) => {
    expect(rewardOf(true, seconds, costPerHour)).toBeCloseTo(reward, 12)
  })

  const seconds = fc.double({ min: 1e-6, max: 1e8, noNaN: true })
  const cost = fc.double({ min: 0, max: 1e4, noNaN: true })

  test('lies between 0 and 10', () => {
    fc.assert(
      fc.property(fc.boolean(), seconds, cost, (success, duration, costPerHour) => {
        const reward = rewardOf(success, duration, costPerHour)
        expect(reward).toBeGreaterThanOrEqual(0)
        expect(reward).toBeLessThanOrEqual(10)
      }),
    )
  })

  test('of every failure is 0, and of every success more', () => {
    fc.assert(
      fc.property(seconds, cost, (duration, costPerHour) => {
        expect(rewardOf(false, duration, costPerHour)).toBe(0)
        expect(rewardOf(true, duration, costPerHour)).toBeGreaterThan(0)
      }),
    )
  })

  test('is never higher for a longer or dearer success', () => {
    fc.assert(
      fc.property(seconds, seconds, cost, cost, (duration, longer, costPerHour, dearer) => {
        const reward = rewardOf(true, duration, costPerHour)
        expect(rewardOf(true, duration + longer, costPerHour)).toBeLessThanOrEqual(reward)
        expect(rewardOf(true, duration, costPerHour + dearer)).toBeLessThanOrEqual(reward)
      }),
    )
  })
})

test.each([0, '0', '0.0', null, undefined])(
  'a payload that says a job took %o s does not earn a reward',
  (took) => {
    const [reading] = readWebhook({
      object_kind: 'build',
      project_id: 1,
      build_id: 1,
      build_name: 'unit',
      build_status: 'success',
      build_duration: took,
    })
    expect(reading).toHaveProperty('witness.durationSeconds', null)
  },
)

test('a millionth is the least part of a reward that is kept', () => {
  expect([0.0000004, 0.0000005, 0.0123454, 0.0123456, 10].map(toMicros)).toEqual([
    0, 1, 12345, 12346, 10_000_000,
  ])
  expect(fromMicros(12_345)).toBe(0.012345)
})
