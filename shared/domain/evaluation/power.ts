/**
 * How many jobs it takes to find a difference, and which difference the present ones can find.
 *
 * A difference δ is found (the interval leaves 0 out) in 80 % of all logs if δ ≥ (z_{1−α/2} + z_0.8) · standard error, and the
 * error shrinks with the square root of the number of jobs, as long as pipelines keep their size and weights their spread.
 * So n' = n · ((z_{1−α/2} + z_0.8) · SE/δ)². Source: the usual one of two-sided z tests, Cohen (1988).
 */
import { EVALUATION } from './settings.ts'

export const POWER = 0.8
/** The quantile of the normal distribution at POWER. */
const POWER_Z = 0.8416212335729143

/** The smallest difference found with 80 % power, in the units of the error. */
export function smallestDifference(standardError: number, z: number = EVALUATION.z): number {
  return (z + POWER_Z) * standardError
}

/**
 * Jobs in all, not further ones; null for a difference of 0, which no number of jobs finds.
 * @param jobs that gave the standard error.
 * @param difference to be found, either sign, in the units of the error.
 */
export function jobsToFind(
  jobs: number,
  standardError: number,
  difference: number,
  z: number = EVALUATION.z,
): number | null {
  if (difference === 0) return null
  return Math.ceil(jobs * (smallestDifference(standardError, z) / difference) ** 2)
}
