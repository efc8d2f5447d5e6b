/**
 * Confidence sequences: intervals that hold the truth at all times together, so that looking daily, and stopping when one
 * likes what one sees, does no harm.
 */
import { EVALUATION, type Limits } from './settings.ts'

/**
 * Half the width of the asymptotic sequence around a value with this standard error:
 * s · sqrt(2 (G ρ² + 1)/(G ρ²) · ln(sqrt(G ρ² + 1)/α)). Narrowest for its time where ρ² was chosen for G.
 * Source: Waudby-Smith, Arbour, Sinha & Kennedy (2021), Time-uniform central limit theory and asymptotic confidence sequences.
 *
 * @param clusters G > 0: independent observations that the error is of.
 */
export function asymptoticHalfWidth(
  standardError: number,
  clusters: number,
  { alpha, sequenceRho2 }: Pick<Limits, 'alpha' | 'sequenceRho2'>,
): number {
  const spread = clusters * sequenceRho2
  return standardError * Math.sqrt(((2 * (spread + 1)) / spread) * Math.log(Math.sqrt(spread + 1) / alpha))
}

/** Of a value in [0, 1]. */
export type Bounds = { low: number; high: number }

export type BernsteinSequence = {
  /**
   * The next job, in the order in which jobs were decided.
   * @param weight ≥ 0, as known before the outcome.
   * @param reward in [0, 1].
   */
  add(weight: number, reward: number): void
  /** Never wider than after the job before; 0 and 1 before the first. */
  bounds(): Bounds
}

/**
 * The predictable plug-in empirical Bernstein sequence of the value E[w r] of a policy, exact for any number of jobs. Each
 * side takes α/2: below from x = w r, above from x = w (1 − r), whose mean is at most 1 − E[w r] as E[w] ≤ 1.
 *
 *   λ_t = min(sqrt(2 ln(2/α)/(t ln(1 + t) σ²_{t−1})), 1/2),
 *   μ̂_t = (1/2 + Σ min(x, 1))/(t + 1), σ²_t = (1/4 + Σ (min(x_i, 1) − μ̂_i)²)/(t + 1), both over i ≤ t
 *   bound_t = (Σ λ x − ln(2/α) − Σ (x − μ̂_{i−1})² (−ln(1 − λ) − λ))/Σ λ
 *
 * and the best bound so far. That a weight can be large needs no bound: x ≥ 0 and μ̂ ≤ 1 suffice. What a bound is of is the
 * mean, weighted by λ, of what each job was to earn given those before it; so for a policy that learns, or jobs that change,
 * of its values so far. That the best bound so far stays true takes a value that does not move past it later.
 * Source: Waudby-Smith, Wu, Ramdas, Karampatziakis & Mineiro (2022), Anytime-valid off-policy inference for contextual bandits.
 */
export function bernsteinSequence(alpha: number = EVALUATION.alpha): BernsteinSequence {
  const below = startSide(Math.log(2 / alpha))
  const above = startSide(Math.log(2 / alpha))
  return {
    add(weight, reward) {
      advance(below, weight * reward)
      advance(above, weight * (1 - reward))
    },
    bounds: () => ({ low: below.best, high: 1 - above.best }),
  }
}

type Side = {
  logInverseAlpha: number
  jobs: number
  truncated: number
  squares: number
  mean: number
  variance: number
  bets: number
  gains: number
  best: number
}

function startSide(logInverseAlpha: number): Side {
  const sums = { jobs: 0, truncated: 0, squares: 0, bets: 0, gains: 0 }
  return { logInverseAlpha, ...sums, mean: 1 / 2, variance: 1 / 4, best: 0 }
}

/** `mean` and `variance` are those before this job until all that may not know of it is computed. */
function advance(side: Side, x: number): void {
  const jobs = side.jobs + 1
  const bet = Math.min(
    Math.sqrt((2 * side.logInverseAlpha) / (jobs * Math.log1p(jobs) * side.variance)),
    1 / 2,
  )
  side.jobs = jobs
  side.bets += bet
  side.gains += bet * x - (x - side.mean) ** 2 * (-Math.log1p(-bet) - bet)
  side.best = Math.min(1, Math.max(side.best, (side.gains - side.logInverseAlpha) / side.bets))
  const truncated = Math.min(x, 1)
  side.truncated += truncated
  side.mean = (1 / 2 + side.truncated) / (jobs + 1)
  side.squares += (truncated - side.mean) ** 2
  side.variance = (1 / 4 + side.squares) / (jobs + 1)
}
