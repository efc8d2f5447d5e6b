import { allOnTheBest, type Choice, type Policy } from '../policy.ts'
import { tunedWidth, ucb1Tuned } from './ucb1-tuned.ts'

/**
 * The pessimist: greedy(arm) = mean reward − the width of UCB1-Tuned − penalty, a lower confidence bound; an arm never
 * tried goes last. Where nobody acts on the picks, optimism never learns better of a rarely seen arm; this is the policy to
 * trust with what was logged.
 * Source: lower confidence bounds on logged data, Rashidinejad et al. (2021), with the width of Auer et al. (2002).
 */
function scores({ arms, totalObservations }: Choice): number[] {
  const lnTotal = Math.log(totalObservations)
  return arms.map((arm) =>
    arm.observations === 0
      ? Number.NEGATIVE_INFINITY
      : arm.meanReward - tunedWidth(arm, lnTotal) - arm.penalty,
  )
}

export const greedy: Policy = {
  name: 'greedy',
  version: '1',
  parameters: ucb1Tuned.parameters,
  scores,
  probabilities: (choice) => allOnTheBest(scores(choice), choice.arms),
}
