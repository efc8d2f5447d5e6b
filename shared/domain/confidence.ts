/**
 * How sure the state is that an arm is the best of a set: the probability that its mean reward is the highest,
 * under independent posteriors. Deterministic: integrated, not sampled.
 *
 * Posterior of an arm's mean reward: normal-inverse-gamma with prior (m0, κ0 = 1, a0 = 2, b0), from n, S = Σ r
 * and Q = Σ r² (evaluation.md 1.3): κ = κ0 + n, m = (κ0 m0 + S)/κ, a = a0 + n/2, b = b0 + (Q + κ0 m0² − κ m²)/2.
 * m0 and b0 are the mean and the variance of the rewards of all arms of the set, so that an arm never tried is
 * expected to be like the others. Its Student-t marginal is matched by a normal of the same mean and variance.
 */
import type { ArmStatistics } from './policy.ts'

const PRIOR_WEIGHT = 1
const PRIOR_SHAPE = 2
/** Before any reward is seen, rewards are taken to spread like this. */
const VAGUE_VARIANCE = 1
const MINIMUM_VARIANCE = 1e-9
/** Points of the trapezoid rule over ± 6 standard deviations; with those around steps the error is below 1e-3. */
const GRID_POINTS = 201
const REACH_DEVIATIONS = 6
/** Points around the step of an arm much surer than the picked one. */
const STEP_POINTS = 25
const MOST_STEPS = 4

type Posterior = { mean: number; deviation: number }

/** P(the arm at `index` has the highest mean reward), in (0, 1]. */
export function probabilityOfBest(arms: readonly ArmStatistics[], index: number): number {
  const posteriors = posteriorsOf(arms)
  const picked = posteriors[index]
  if (picked === undefined) throw new RangeError(`no arm at ${index} of ${arms.length}`)
  if (posteriors.length === 1) return 1
  const others = posteriors.filter((_, other) => other !== index)
  let probability = 0
  let last = { z: 0, density: 0 }
  for (const [index, z] of nodesFor(picked, others).entries()) {
    const value = picked.mean + z * picked.deviation
    let density = normalDensity(z)
    for (const { mean, deviation } of others) density *= normalCdf((value - mean) / deviation)
    if (index > 0) probability += ((z - last.z) * (density + last.density)) / 2
    last = { z, density }
  }
  return Math.min(1, Math.max(Number.MIN_VALUE, probability))
}

/**
 * Where to evaluate, in deviations of the picked arm: evenly over its reach, and finely around the best of the
 * much surer arms, whose Φ is a step between two points of the even grid.
 */
function nodesFor(picked: Posterior, others: readonly Posterior[]): number[] {
  const step = (2 * REACH_DEVIATIONS) / (GRID_POINTS - 1)
  const nodes = Array.from({ length: GRID_POINTS }, (_, point) => -REACH_DEVIATIONS + point * step)
  const steps = others.filter(({ deviation }) => deviation < step * picked.deviation)
  for (const { mean, deviation } of steps.sort((a, b) => b.mean - a.mean).slice(0, MOST_STEPS)) {
    for (let point = 0; point < STEP_POINTS; point += 1) {
      const z = (2 * point * REACH_DEVIATIONS) / (STEP_POINTS - 1) - REACH_DEVIATIONS
      nodes.push((mean + z * deviation - picked.mean) / picked.deviation)
    }
  }
  return nodes.filter((z) => Math.abs(z) <= REACH_DEVIATIONS).sort((a, b) => a - b)
}

function posteriorsOf(arms: readonly ArmStatistics[]): Posterior[] {
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
    // Variance of the Student-t marginal: b / (a κ) · df / (df − 2) with df = 2a.
    return { mean, deviation: Math.sqrt(scale / (weight * (shape - 1))) }
  })
}

function sum<T>(items: readonly T[], termOf: (item: T) => number): number {
  let total = 0
  for (const item of items) total += termOf(item)
  return total
}

function normalDensity(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
}

/** Φ(z) by Abramowitz and Stegun 26.2.17, absolute error below 7.5e-8. */
function normalCdf(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const poly =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const upper = normalDensity(z) * poly
  return z >= 0 ? 1 - upper : upper
}
