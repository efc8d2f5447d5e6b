import { type ArmStatistics, allOnTheBest, type Choice, type Policy } from '../policy.ts'

/** Of the reward, [0, 10]. */
const RANGE = 10

/**
 * UCB1-Tuned(arm) = mean reward + width − penalty, an arm never tried goes first. Against UCB1 it explores as much as the arm's
 * own variance asks for, not as much as the range of the reward would allow.
 * Source: Auer, Cesa-Bianchi, Fischer (2002), section 4, with the reward in [0, range].
 */
export function ucb1TunedWith({ range }: { range: number }): Policy {
  const scores = ({ arms, totalObservations }: Choice): number[] => {
    const lnTotal = Math.log(totalObservations)
    return arms.map((arm) =>
      arm.observations === 0
        ? Number.POSITIVE_INFINITY
        : arm.meanReward + tunedWidth(arm, lnTotal, range) - arm.penalty,
    )
  }
  return {
    name: 'ucb1-tuned',
    version: '1',
    parameters: { range },
    scores,
    probabilities: (choice) => allOnTheBest(scores(choice), choice.arms),
  }
}

/**
 * sqrt((ln t / n) · min(R²/4, V + sqrt(2 ln t / n))), V = Σr²/n − mean²; nothing within a range of R varies more than
 * R²/4.
 * @param lnTotal ln t, t = observations of all arms.
 */
export function tunedWidth(arm: ArmStatistics, lnTotal: number, range = RANGE): number {
  const { observations, meanReward, meanSquaredReward } = arm
  const variance = Math.max(0, meanSquaredReward - meanReward * meanReward)
  const bound = Math.min(range ** 2 / 4, variance + Math.sqrt((2 * lnTotal) / observations))
  return Math.sqrt((lnTotal / observations) * bound)
}

export const ucb1Tuned: Policy = ucb1TunedWith({ range: RANGE })
