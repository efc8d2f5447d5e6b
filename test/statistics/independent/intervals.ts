/** From a standard error to intervals and p-values, and what is done about many of them. */

const Z = 1.959963984540054
const ALPHA = 0.05
/** For how many clusters the asymptotic sequence is at its narrowest. */
const SEQUENCE_CLUSTERS = 1000

/** Quantile of Student's t at 97.5 %, by Cornish and Fisher's expansion to the fourth order (Abramowitz & Stegun 26.7.5). */
export function tQuantile(v: number): number {
  const z = (power: number) => Z ** power
  return (
    Z +
    (z(3) + Z) / (4 * v) +
    (5 * z(5) + 16 * z(3) + 3 * Z) / (96 * v ** 2) +
    (3 * z(7) + 19 * z(5) + 17 * z(3) - 15 * Z) / (384 * v ** 3) +
    (79 * z(9) + 776 * z(7) + 1482 * z(5) - 1920 * z(3) - 945 * Z) / (92160 * v ** 4)
  )
}

/**
 * ρ² = (−W₋₁(−α²/e) − 1)/n, with the branch of Lambert's W below −1: y = W solves y eʸ = x. Found by halving: y eʸ falls
 * from 0 at −∞ to −1/e at −1.
 */
export function sequenceRhoSquared(): number {
  const x = -(ALPHA ** 2) / Math.E
  let [low, high] = [-700, -1]
  for (let halving = 0; halving < 200; halving += 1) {
    const middle = (low + high) / 2
    if (middle * Math.exp(middle) > x) low = middle
    else high = middle
  }
  return (-low - 1) / SEQUENCE_CLUSTERS
}

export type Interval = { low: number; high: number; sequenceLow: number; sequenceHigh: number }

/** @param clusters 2 or more. */
export function intervalOf(value: number, standardError: number, clusters: number): Interval {
  const half = tQuantile(clusters - 1) * standardError
  const mixed = clusters * sequenceRhoSquared()
  const sequenceHalf =
    standardError * Math.sqrt(((2 * (mixed + 1)) / mixed) * Math.log(Math.sqrt(mixed + 1) / ALPHA))
  return {
    low: value - half,
    high: value + half,
    sequenceLow: value - sequenceHalf,
    sequenceHigh: value + sequenceHalf,
  }
}

/** Two-sided; t becomes a normal deviate by Wallace (1959). Null without a standard error above 0. */
export function pValue(difference: number, standardError: number, clusters: number): number | null {
  if (standardError === 0) return null
  const v = clusters - 1
  const t = difference / standardError
  const z = ((8 * v + 1) / (8 * v + 3)) * Math.sqrt(v * Math.log(1 + t ** 2 / v))
  return erfc(z / Math.SQRT2)
}

/** Complementary error function of x >= 0: the Chebyshev fit of Numerical Recipes (6.2), relative error below 1.2e-7. */
export function erfc(x: number): number {
  const t = 1 / (1 + x / 2)
  const coefficients = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
    -0.82215223, 0.17087277,
  ]
  const polynomial = coefficients.map((one, power) => one * t ** power).reduce((sum, one) => sum + one)
  return t * Math.exp(-(x ** 2) + polynomial)
}

/** Holm's adjusted p-values of one family, in its order: what is null is no member. */
export function holm(pValues: readonly (number | null)[]): (number | null)[] {
  const members = pValues.filter((p) => p !== null)
  return pValues.map((p) => {
    if (p === null) return null
    const upTo = [...members].sort((a, b) => a - b).filter((other) => other <= p)
    return Math.min(1, Math.max(...upTo.map((other, rank) => (members.length - rank) * other)))
  })
}
