import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crossFitRewards } from '../../../../shared/domain/evaluation/reward-model.ts'

const job = (fold: number, jobKey: string, action: string, reward: number | null) => ({
  fold,
  jobKey,
  action,
  reward,
})

const JOBS = [
  job(0, 'k', 'a', 1),
  job(1, 'k', 'a', 1 / 2),
  job(1, 'k', 'b', 0),
  job(2, 'l', 'a', 1),
  job(2, 'l', 'a', null),
]

describe('the model of the reward', () => {
  // Of the folds other than 0: g = (1/2 + 0 + 1)/3 = 1/2, p_k = (1/2 + 5/2)/7 = 3/7, of the cell k, a (1/2 + 9/7)/4 = 25/56.
  test.each([
    [0, 'k', 'a', 25 / 56],
    [0, 'k', 'b', (0 + 9 / 7) / 4],
    [0, 'k', 'never seen', 3 / 7],
    [0, 'never seen', 'a', 1 / 2],
    // g = 1/2, p_k = (3/2 + 5/2)/8 = 1/2, (3/2 + 3/2)/5.
    [2, 'k', 'a', 3 / 5],
    // Nothing is left of l: p_l = g = 1/2.
    [2, 'l', 'a', 1 / 2],
    // Of the folds other than 1 all earned 1.
    [1, 'k', 'b', 1],
    [4, 'l', 'a', (1 + 3 * ((1 + 5 * (5 / 8)) / 6)) / 4],
  ])('in fold %i of %s on %s is %f', (fold, jobKey, arm, expected) => {
    expect(crossFitRewards(JOBS)(fold, jobKey, arm)).toBeCloseTo(expected, 14)
  })

  test('of nothing is 0', () => {
    expect(crossFitRewards([])(3, 'k', 'a')).toBe(0)
    expect(crossFitRewards([job(3, 'k', 'a', 7)])(3, 'k', 'a')).toBe(0)
  })

  test('does not know the outcomes of the fold that it is asked about, and stays within the others', () => {
    const jobArb = fc.record({
      fold: fc.integer({ min: 0, max: 4 }),
      jobKey: fc.constantFrom('k', 'l'),
      action: fc.constantFrom('a', 'b'),
      reward: fc.double({ min: 1, max: 10, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(jobArb, { maxLength: 30 }), fc.integer({ min: 0, max: 4 }), (jobs, fold) => {
        const changed = jobs.map((one) => (one.fold === fold ? { ...one, reward: 10 - one.reward } : one))
        const [q, other] = [crossFitRewards(jobs), crossFitRewards(changed)]
        const rewards = jobs.filter((one) => one.fold !== fold).map(({ reward }) => reward)
        for (const jobKey of ['k', 'l', 'm'])
          for (const arm of ['a', 'b', 'c']) {
            const expected = q(fold, jobKey, arm)
            expect(other(fold, jobKey, arm)).toBe(expected)
            if (rewards.length === 0) expect(expected).toBe(0)
            else {
              expect(expected).toBeGreaterThanOrEqual(Math.min(...rewards) - 1e-12)
              expect(expected).toBeLessThanOrEqual(Math.max(...rewards) + 1e-12)
            }
          }
      }),
    )
  })
})
