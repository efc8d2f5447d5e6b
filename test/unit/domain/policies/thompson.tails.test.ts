/**
 * How well Thompson's probabilities are known where they are small: what a sure loser still gets decides how much is lost
 * in the long run, and an error of 2e-3 would be ten times its share.
 */
import { expect, test } from 'vitest'
import { thompson, thompsonWith } from '../../../../shared/domain/policies/thompson.ts'
import { choiceOf } from '../../../../shared/domain/policy.ts'
import { EMPTY_STATE } from '../../../../shared/domain/state.ts'

type History = { successes: number; failures: number; meanLogSpeed?: number; meanSquaredLogSpeed?: number }

function choiceOfHistories(histories: readonly History[]) {
  const names = histories.map((_, place) => `arm ${place}`)
  const arms = choiceOf(EMPTY_STATE, names).arms.map((arm, place) => {
    const { failures, ...history } = histories[place] as History
    return { ...arm, ...history, comparedSuccesses: history.successes, runnerFailures: failures }
  })
  return { arms, totalObservations: 0 }
}

// Computed with SciPy from the distributions in the head of thompson.ts: F of ln p + y as the mean of F of ln p
// (beta.cdf) over 4,000 quantiles of y (t.ppf), and P(best) on a grid of 6,000 points.
test.each<[string, History[], number[]]>([
  [
    'a sure arm and two that failed more often',
    [
      { successes: 7900, failures: 870 },
      { successes: 110, failures: 29 },
      { successes: 142, failures: 29 },
    ],
    [0.997614, 8.2983e-5, 2.30297e-3],
  ],
  [
    'arms that differ in speed and failures',
    [
      { successes: 400, failures: 8, meanLogSpeed: 0.05, meanSquaredLogSpeed: 0.2 },
      { successes: 300, failures: 30, meanLogSpeed: -0.02, meanSquaredLogSpeed: 0.25 },
      { successes: 60, failures: 2, meanLogSpeed: 0, meanSquaredLogSpeed: 0.15 },
    ],
    [0.893245, 1.17558e-4, 0.106637],
  ],
  [
    'arms that fail nearly every other time',
    [
      { successes: 2000, failures: 1500 },
      { successes: 60, failures: 90 },
      { successes: 40, failures: 30 },
    ],
    [0.509428, 1.25281e-5, 0.49056],
  ],
])('is right to a tenth of a small probability: %s', (_, histories, expected) => {
  const found = thompsonWith({ uniformShare: 0 }).probabilities(choiceOfHistories(histories))
  for (const [place, probability] of expected.entries()) {
    expect(Math.abs((found[place] as number) / probability - 1), `arm ${place}`).toBeLessThan(0.1)
    expect(Math.abs((found[place] as number) - probability), `arm ${place}`).toBeLessThan(2e-3)
  }
})

test('other constants are another policy of the same name, and it says which they are', () => {
  const sure = thompsonWith({ uniformShare: 0.5 })
  expect(sure.name).toBe('thompson')
  expect(sure.parameters).toEqual({ ...thompson.parameters, uniform_share: 0.5 })
  const choice = choiceOfHistories([
    { successes: 1000, failures: 0 },
    { successes: 0, failures: 1000 },
  ])
  expect(sure.probabilities(choice)[1]).toBeCloseTo(0.25, 4)
  expect(thompson.probabilities(choice)[1]).toBeCloseTo(0.005, 4)
})
