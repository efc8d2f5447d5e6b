/**
 * Thompson sampling: an arm is taken as often as it is likely to be the best. Its index is p · exp(y):
 *
 *   p ~ Beta(1 + s, 1 + f), s = successes, f = failures that are the runner's doing. A failed script counts on
 *     neither side: that it failed here and not there is noise, and to call it the runner's success would make an arm
 *     on which every job fails look flawless.
 *   y = the mean of ln b_key − ln d of successes (baseline.ts) ~ NIG(m0 = 0, κ0 = 2, a0 = 2, b0 = 0.3), so with
 *     κ = κ0 + s, m = Σy/κ, a = a0 + s/2, b = b0 + (Σy² − κ m²)/2 a Student-t around m with 2a degrees of freedom and
 *     scale sqrt(b / (a κ)).
 *
 * Source: evaluation.md 1.2 to 1.4. Nothing is sampled here: the probabilities are integrated (best-of.ts), and
 * mixed with a share of the uniform policy so that every arm stays possible, and every weight of an estimate finite.
 * Where arms have penalties, the probabilities are tilted by exp(−penalty) before that.
 *
 * −ln p is a sum of independent exponentials of the rates 1 + s, …, 1 + s + f. Those that are broad beside the scale
 * of y are convolved with it one by one, at most 16 of them; the others are taken by their mean and variance alone.
 * Absolute error of a probability, all told: below 2e-3.
 */
import { BASELINE } from '../baseline.ts'
import { lowOfLargest, probabilitiesOfBest } from '../best-of.ts'
import type { ArmStatistics, Choice, Policy } from '../policy.ts'
import { columnsOf, cumulative, type Distribution, minusExponential, studentT } from '../student-t.ts'

const PRIOR = { weight: 2, shape: 2, scale: 0.3 }
/** One choice in a hundred is the uniform policy's. */
const UNIFORM_SHARE = 0.01
/** An exponential whose deviation is below 1/8 of the scale is narrow. */
const NARROW = 8
const MOST_EXACT = 16
/** So many arms are compared without asking first which of them can be the best. */
const FEW = 8
const NEGLIGIBLE = 1e-4
/** Far above what is negligible. */
const NOTICEABLE = 1e-2

/** E[p] · exp(m): what the arm is expected to do, 1 being the baseline without a failure. */
function scores({ arms }: Choice): number[] {
  return arms.map((arm) => {
    const { successes, runnerFailures } = arm
    return ((1 + successes) / (2 + successes + runnerFailures)) * Math.exp(speedOf(arm).location)
  })
}

function probabilities({ arms }: Choice): number[] {
  const mixed = arms.map(() => UNIFORM_SHARE / arms.length)
  const best = tilted(arms)
  for (const [place, share] of best) {
    mixed[place] = (mixed[place] as number) + (1 - UNIFORM_SHARE) * share
  }
  return mixed
}

/** By place: how likely the arm is the best, times exp(−penalty), of all. */
function tilted(arms: readonly ArmStatistics[]): Map<number, number> {
  const best = bestAmong(arms, contenders(arms))
  const least = arms.reduce((smallest, { penalty }) => Math.min(smallest, penalty), Number.POSITIVE_INFINITY)
  // The common part of all penalties cancels out, so that none is too large to be told from the others.
  if (arms.every(({ penalty }) => penalty === least)) return best
  const tiltOf = (place: number) => Math.exp(least - (arms[place] as ArmStatistics).penalty)
  const sumOf = (shares: Map<number, number>) =>
    [...shares].reduce((sum, [place, share]) => sum + share * tiltOf(place), 0)
  // Where those that can be the best are the penalised ones, the others count after all.
  const weighed = sumOf(best) < NOTICEABLE ? bestAmong(arms, [...arms.keys()]) : best
  const sum = sumOf(weighed)
  if (sum === 0) return best
  return new Map([...weighed].map(([place, share]) => [place, (share * tiltOf(place)) / sum]))
}

function bestAmong(arms: readonly ArmStatistics[], places: readonly number[]): Map<number, number> {
  const best = probabilitiesOfBest(places.map((place) => indexOf(arms[place] as ArmStatistics)))
  return new Map(places.map((place, order) => [place, best[order] as number]))
}

/**
 * The places of the arms that can be the best at all. Some of the likeliest are all below `floor` with a probability of
 * 1e-4; who exceeds it, even if it never failed, with one below 1e-4 / arms is not worth a table.
 */
function contenders(arms: readonly ArmStatistics[]): number[] {
  const places = [...arms.keys()]
  if (arms.length <= FEW) return places
  const expected = scores({ arms, totalObservations: 0 })
  const likeliest = places.toSorted((a, b) => (expected[b] as number) - (expected[a] as number)).slice(0, FEW)
  const floor = lowOfLargest(
    likeliest.map((place) => indexOf(arms[place] as ArmStatistics)),
    NEGLIGIBLE,
  )
  const flawless = columnsOf(arms.map(speedOf))
  return places.filter((place) => 1 - cumulative(flawless, place, floor) > NEGLIGIBLE / arms.length)
}

/** The posterior of y. */
function speedOf({ successes, meanLogSpeed, meanSquaredLogSpeed }: ArmStatistics): Distribution {
  const weight = PRIOR.weight + successes
  const mean = (successes * meanLogSpeed) / weight
  const shape = PRIOR.shape + successes / 2
  const squares = successes * meanSquaredLogSpeed - weight * mean * mean
  const rate = PRIOR.scale + Math.max(0, squares) / 2
  return studentT(mean, Math.sqrt(rate / (shape * weight)), 2 * shape)
}

/** The posterior of ln p + y. */
function indexOf(arm: ArmStatistics): Distribution {
  const speed = speedOf(arm)
  const first = 1 + arm.successes
  const end = first + 1 + arm.runnerFailures
  let exact = first
  while (exact < end && exact < first + MOST_EXACT && exact * speed.scale < NARROW) exact += 1
  // Σ 1/k and Σ 1/k² over the rates from `exact` to before `end`, by the midpoint rule.
  const lost = Math.log((end - 0.5) / (exact - 0.5))
  const variance = 1 / (exact - 0.5) - 1 / (end - 0.5)
  const scale = Math.sqrt(speed.scale ** 2 + variance)
  let index: Distribution = { ...speed, location: speed.location - lost, scale }
  for (let rate = first; rate < exact; rate += 1) index = minusExponential(index, rate)
  return index
}

export const thompson: Policy = {
  name: 'thompson',
  version: '1',
  parameters: {
    prior_successes: 1,
    prior_failures: 1,
    prior_mean: 0,
    prior_weight: PRIOR.weight,
    prior_shape: PRIOR.shape,
    prior_scale: PRIOR.scale,
    baseline_weight: BASELINE.weight,
    baseline_start_seconds: BASELINE.startSeconds,
    uniform_share: UNIFORM_SHARE,
  },
  scores,
  probabilities,
}
