import { type ArmStatistics, allOnTheBest, type Choice, type Policy } from '../policy.ts'

/** Range of the reward, [0, 10]. */
const R = 10
/** No variable within a range of R varies more: a quarter of its square. */
const MOST_VARIANCE = R ** 2 / 4

/**
 * UCB1-Tuned(arm) = mean reward + width − penalty, an arm never tried goes first. Against UCB1 it explores as much as the arm's
 * own variance asks for, not as much as the range of the reward would allow.
 * Source: Auer, Cesa-Bianchi, Fischer (2002), section 4, with the reward in [0, R].
 */
function scores({ arms, totalObservations }: Choice): number[] {
  const lnTotal = Math.log(totalObservations)
  return arms.map((arm) =>
    arm.observations === 0
      ? Number.POSITIVE_INFINITY
      : arm.meanReward + tunedWidth(arm, lnTotal) - arm.penalty,
  )
}

/**
 * sqrt((ln t / n) · min(R²/4, V + sqrt(2 ln t / n))), V = Σr²/n − mean².
 * @param lnTotal ln t, t = observations of all arms.
 */
export function tunedWidth(arm: ArmStatistics, lnTotal: number): number {
  const { observations, meanReward, meanSquaredReward } = arm
  const variance = Math.max(0, meanSquaredReward - meanReward * meanReward)
  const bound = Math.min(MOST_VARIANCE, variance + Math.sqrt((2 * lnTotal) / observations))
  return Math.sqrt((lnTotal / observations) * bound)
}

export const ucb1Tuned: Policy = {
  name: 'ucb1-tuned',
  version: '1',
  parameters: { range: R },
  scores,
  probabilities: (choice) => allOnTheBest(scores(choice), choice.arms),
}
