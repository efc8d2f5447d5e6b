/**
 * How sure the state is that an arm is the best of a set: the probability that its mean reward is the highest,
 * under independent posteriors. Deterministic: integrated, not sampled.
 *
 * Posterior of an arm's mean reward: normal-inverse-gamma with prior (m0, κ0 = 1, a0 = 2, b0), from n, S = Σ r
 * and Q = Σ r² (evaluation.md 1.3): κ = κ0 + n, m = (κ0 m0 + S)/κ, a = a0 + n/2, b = b0 + (Q + κ0 m0² − κ m²)/2;
 * the mean is then a Student-t around m with 2a degrees of freedom and scale sqrt(b / (a κ)).
 * m0 and b0 are the mean and the variance of the rewards of all arms of the set, so that an arm never tried is
 * expected to be like the others.
 */
import { probabilitiesOfBest } from './best-of.ts'
import type { ArmStatistics } from './policy.ts'
import { type Distribution, studentT } from './student-t.ts'

const PRIOR_WEIGHT = 1
const PRIOR_SHAPE = 2
/** Before any reward is seen, rewards are taken to spread like this. */
const VAGUE_VARIANCE = 1
const MINIMUM_VARIANCE = 1e-9
/** Nothing is impossible; the integration tells apart no less than this. */
const MINIMUM_CONFIDENCE = 1e-9

/** P(each arm has the highest mean reward of these), in (0, 1]; together 1, but for arms as good as impossible. */
export function confidencesOf(arms: readonly ArmStatistics[]): Float64Array {
  return probabilitiesOfBest(posteriorsOf(arms)).map((probability) =>
    Math.min(1, Math.max(MINIMUM_CONFIDENCE, probability)),
  )
}

function posteriorsOf(arms: readonly ArmStatistics[]): Distribution[] {
  const n = sum(arms, ({ observations }) => observations)
  const priorMean = n === 0 ? 0 : sum(arms, (arm) => arm.observations * arm.meanReward) / n
  const meanSquare = n === 0 ? 0 : sum(arms, (arm) => arm.observations * arm.meanSquaredReward) / n
  const priorVariance =
    n < 2 ? VAGUE_VARIANCE : Math.max(MINIMUM_VARIANCE, meanSquare - priorMean * priorMean)
  const priorScale = priorVariance * (PRIOR_SHAPE - 1)
  return arms.map(({ observations, meanReward, meanSquaredReward }) => {
    const weight = PRIOR_WEIGHT + observations
    const mean = (PRIOR_WEIGHT * priorMean + observations * meanReward) / weight
    const shape = PRIOR_SHAPE + observations / 2
    const squares = observations * meanSquaredReward + PRIOR_WEIGHT * priorMean ** 2 - weight * mean ** 2
    const scale = priorScale + Math.max(0, squares) / 2
    return studentT(mean, Math.sqrt(scale / (shape * weight)), 2 * shape)
  })
}

function sum(arms: readonly ArmStatistics[], of: (arm: ArmStatistics) => number): number {
  let total = 0
  for (const arm of arms) total += of(arm)
  return total
}
