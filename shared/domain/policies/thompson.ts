/**
 * Thompson sampling: an arm is taken as often as it is likely to be the best. Its index is p · exp(y):
 *
 *   p ~ Beta(1 + s, 1 + f), s = successes, f = failures that are the runner's doing. A failed script counts on
 *     neither side: that it failed here and not there is noise, and to call it the runner's success would make an arm
 *     on which every job fails look flawless.
 *   y = the mean of ln b_key − ln d of successes ~ NIG(m0 = 0, κ0 = 2, a0 = 2, b0 = 0.3). Each counts as far as other
 *     arms did its job key, n = Σc (baseline.ts), so with κ = κ0 + n, m = Σcy/κ, a = a0 + n/2 (n as a whole number),
 *     b = b0 + (Σcy² − κ m²)/2 a Student-t around m with 2a degrees of freedom and scale sqrt(b / (a κ)).
 *
 * Source: evaluation.md 1.2 to 1.4, but for c. Nothing is sampled here: the probabilities are integrated (best-of.ts), and
 * mixed with a share of the uniform policy so that every arm stays possible, and every weight of an estimate finite.
 * Where arms have penalties, the probabilities are tilted by exp(−penalty) before that.
 *
 * −ln p is a sum of independent exponentials of the rates 1 + s, …, 1 + s + f. The first of them are convolved with y
 * one by one; the others are taken together as soon as they are many, or narrow beside y (bent.ts). Beside an
 * integration by SciPy for 648 histories F of an index is wrong by 6e-4 in the median, by 7e-3 at the most, of an arm that
 * nearly always failed; P(best) of clear losers, 1e-5 to 1e-2, is right to a tenth of itself.
 */
import { BASELINE, COMPARED_WEIGHT } from '../baseline.ts'
import { type Cumulants, gammaShapeOf, minusMany, type StudentT } from '../bent.ts'
import { lowOfLargest, probabilitiesOfBest } from '../best-of.ts'
import type { ArmStatistics, Policy } from '../policy.ts'
import { columnsOf, cumulative, type Distribution, minusExponential, studentT } from '../student-t.ts'

/** Constants of the policy: the prior of y (κ0, a0, b0), and the share of choices that are the uniform policy's. */
export type ThompsonConstants = { weight: number; shape: number; scale: number; uniformShare: number }

/** One choice in a hundred is the uniform policy's. */
const CONSTANTS: ThompsonConstants = { weight: 2, shape: 2, scale: 0.3, uniformShare: 0.01 }
/** Exponentials that are in effect so many alike are taken together. */
const MANY = 12
/** An exponential whose deviation is below 1/8 of the scale is narrow. */
const NARROW = 8
/** So many arms are compared without asking first which of them can be the best. */
const FEW = 8
const NEGLIGIBLE = 1e-4
/** Far above what is negligible. */
const NOTICEABLE = 1e-2

export function thompsonWith(changes: Partial<ThompsonConstants> = {}): Policy {
  const constants = { ...CONSTANTS, ...changes }
  const { weight, shape, scale, uniformShare } = constants
  return {
    name: 'thompson',
    version: '2',
    parameters: {
      prior_successes: 1,
      prior_failures: 1,
      prior_mean: 0,
      prior_weight: weight,
      prior_shape: shape,
      prior_scale: scale,
      baseline_weight: BASELINE.weight,
      compared_weight: COMPARED_WEIGHT,
      baseline_start_seconds: BASELINE.startSeconds,
      uniform_share: uniformShare,
    },
    scores: ({ arms }) => arms.map((arm) => expectedOf(posteriorOf(arm, constants))),
    probabilities({ arms }) {
      const mixed = arms.map(() => uniformShare / arms.length)
      for (const [place, share] of tilted(arms.map((arm) => posteriorOf(arm, constants)))) {
        mixed[place] = (mixed[place] as number) + (1 - uniformShare) * share
      }
      return mixed
    },
  }
}

export const thompson: Policy = thompsonWith()

/** What is believed of an arm: p ~ Beta(1 + successes, 1 + failures), and the posterior of y. */
type Posterior = { successes: number; failures: number; speed: StudentT; penalty: number }

function posteriorOf(arm: ArmStatistics, prior: ThompsonConstants): Posterior {
  const { successes, runnerFailures, comparedSuccesses, meanLogSpeed, meanSquaredLogSpeed, penalty } = arm
  const weight = prior.weight + comparedSuccesses
  const location = (comparedSuccesses * meanLogSpeed) / weight
  const shape = prior.shape + Math.round(comparedSuccesses) / 2
  const squares = comparedSuccesses * meanSquaredLogSpeed - weight * location * location
  const rate = prior.scale + Math.max(0, squares) / 2
  const speed = { location, scale: Math.sqrt(rate / (shape * weight)), degrees: 2 * shape }
  return { successes, failures: runnerFailures, speed, penalty }
}

/** E[p] · exp(m): what the arm is expected to do, 1 being the baseline without a failure. */
function expectedOf({ successes, failures, speed }: Posterior): number {
  return ((1 + successes) / (2 + successes + failures)) * Math.exp(speed.location)
}

/** By place: how likely the arm is the best, times exp(−penalty), of all. */
function tilted(arms: readonly Posterior[]): Map<number, number> {
  const best = bestAmong(arms, contenders(arms))
  const least = arms.reduce((smallest, { penalty }) => Math.min(smallest, penalty), Number.POSITIVE_INFINITY)
  // The common part of all penalties cancels out, so that none is too large to be told from the others.
  if (arms.every(({ penalty }) => penalty === least)) return best
  const tiltOf = (place: number) => Math.exp(least - (arms[place] as Posterior).penalty)
  const sumOf = (shares: Map<number, number>) =>
    [...shares].reduce((sum, [place, share]) => sum + share * tiltOf(place), 0)
  // Where those that can be the best are the penalised ones, the others count after all.
  const weighed = sumOf(best) < NOTICEABLE ? bestAmong(arms, [...arms.keys()]) : best
  const sum = sumOf(weighed)
  if (sum === 0) return best
  return new Map([...weighed].map(([place, share]) => [place, (share * tiltOf(place)) / sum]))
}

function bestAmong(arms: readonly Posterior[], places: readonly number[]): Map<number, number> {
  const best = probabilitiesOfBest(places.map((place) => indexOf(arms[place] as Posterior)))
  return new Map(places.map((place, order) => [place, best[order] as number]))
}

/**
 * The places of the arms that can be the best at all. Some of the likeliest are all below `floor` with a probability of
 * 1e-4; who exceeds it, even if it never failed, with one below 1e-4 / arms is not worth a table.
 */
function contenders(arms: readonly Posterior[]): number[] {
  const places = [...arms.keys()]
  if (arms.length <= FEW) return places
  const expected = arms.map(expectedOf)
  const likeliest = places.toSorted((a, b) => (expected[b] as number) - (expected[a] as number)).slice(0, FEW)
  const floor = lowOfLargest(
    likeliest.map((place) => indexOf(arms[place] as Posterior)),
    NEGLIGIBLE,
  )
  const flawless = columnsOf(arms.map(({ speed }) => studentT(speed.location, speed.scale, speed.degrees)))
  return places.filter((place) => 1 - cumulative(flawless, place, floor) > NEGLIGIBLE / arms.length)
}

/** The posterior of ln p + y. */
function indexOf({ successes, failures, speed }: Posterior): Distribution {
  const first = 1 + successes
  const end = first + 1 + failures
  let exact = first
  while (exact < end && exact * speed.scale < NARROW && gammaShapeOf(lostBetween(exact, end)) < MANY)
    exact += 1
  let index = minusMany(speed, lostBetween(exact, end))
  for (let rate = first; rate < exact; rate += 1) index = minusExponential(index, rate)
  return index
}

/** Of a sum of exponentials with the rates from `first` to before `end`: Σ 1/k, Σ 1/k² and Σ 2/k³ as integrals. */
function lostBetween(first: number, end: number): Cumulants {
  const from = first - 0.5
  const to = end - 0.5
  const third = 1 / (from * from) - 1 / (to * to)
  // Euler and Maclaurin's next term; of the others it is too small.
  return { mean: Math.log(to / from) - third / 24, variance: 1 / from - 1 / to, third }
}
