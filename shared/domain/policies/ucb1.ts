import { type ArmStatistics, allOnTheBest, type Choice, type Policy } from '../policy.ts'

/** Exploration weight, fixed by the product. */
const C = 2

/**
 * UCB1(arm) = mean reward + c · sqrt(ln t / n) − penalty, t = observations of all arms; an arm never tried goes first.
 * Source: Auer, Cesa-Bianchi, Fischer (2002), whose c is √2 for rewards in [0, 1].
 */
export function ucb1With({ c }: { c: number }): Policy {
  const scores = ({ arms, totalObservations }: Choice): number[] => {
    const lnTotal = Math.log(totalObservations)
    const found = new Array<number>(arms.length)
    // A loop takes half the time of a map, and a fleet may have thousands of arms.
    for (let index = 0; index < found.length; index += 1) {
      const { observations, meanReward, penalty } = arms[index] as ArmStatistics
      found[index] =
        observations === 0
          ? Number.POSITIVE_INFINITY
          : meanReward + c * Math.sqrt(lnTotal / observations) - penalty
    }
    return found
  }
  return {
    name: 'ucb1',
    version: '1',
    parameters: { c },
    scores,
    probabilities: (choice) => allOnTheBest(scores(choice), choice.arms),
  }
}

export const ucb1: Policy = ucb1With({ c: C })
