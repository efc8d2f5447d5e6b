/** What a policy is worth, by what was logged under another one: all estimators of it, with their intervals. */
import { type ClusterSums, clusterSums, type Term } from './cluster-sums.ts'
import { asymptoticHalfWidth } from './confidence-sequence.ts'
import { ESTIMATORS, type EstimatorName, estimatorOf, standardErrorOf } from './influence.ts'
import { tQuantile } from './quantile.ts'
import { EVALUATION, type Limits } from './settings.ts'

export type { Term } from './cluster-sums.ts'
export type { EstimatorName } from './influence.ts'

/** In units of the reward. Null where it is not known: without jobs, or of the uncertainty with less than two clusters. */
export type Estimate = {
  value: number | null
  standardError: number | null
  /** The t interval: right for one look. */
  low: number | null
  high: number | null
  /** The asymptotic confidence sequence: right however often one looks. None of `naive_match`. */
  sequenceLow: number | null
  sequenceHigh: number | null
}

/** Of the weights w of a policy; null without jobs, and without any job of a weight above 0. */
export type Weights = {
  /** About the feasible share, if the propensities are right. */
  meanWeight: number | null
  maxWeight: number | null
  /** How many jobs logged under the policy itself would tell as much: (Σ w)² / Σ w². Source: Kish (1965). */
  effectiveSampleSize: number | null
  /** P: the policy's mean probability on feasible arms. */
  feasibleShare: number | null
}

/** Of a policy's terms in any order; clusters are told apart by their names. */
export function estimatesOf(
  terms: readonly Term[],
  limits: Limits = EVALUATION,
): Record<EstimatorName, Estimate> {
  return estimatesFrom(clusterSums(terms, limits), limits)
}

export function estimatesFrom(sums: ClusterSums, limits: Limits): Record<EstimatorName, Estimate> {
  const estimates = {} as Record<EstimatorName, Estimate>
  for (const name of ESTIMATORS) {
    const estimator = estimatorOf(name, sums)
    const error = estimator && standardErrorOf(estimator.influence, sums)
    const estimate = estimateFrom(estimator?.value, error, sums.clusters, limits)
    estimates[name] =
      name === 'naive_match' ? { ...estimate, sequenceLow: null, sequenceHigh: null } : estimate
  }
  return estimates
}

/**
 * A value with its intervals: t with one degree of freedom less than there are clusters, and the sequence.
 * @param error of CR1.
 */
export function estimateFrom(
  value: number | undefined,
  error: number | undefined,
  clusters: number,
  limits: Limits,
): Estimate {
  if (value === undefined || error === undefined) {
    const none = { standardError: null, low: null, high: null, sequenceLow: null, sequenceHigh: null }
    return { value: value ?? null, ...none }
  }
  const standardError = error * (limits.errorFactor ?? 1)
  const half = tQuantile(clusters - 1, limits.z) * standardError
  const wide = asymptoticHalfWidth(standardError, clusters, limits)
  return {
    value,
    standardError,
    low: value - half,
    high: value + half,
    sequenceLow: value - wide,
    sequenceHigh: value + wide,
  }
}

export function weightsOf(terms: readonly Term[]): Weights {
  return weightsFrom(clusterSums(terms, EVALUATION))
}

export function weightsFrom({ total, weightSquared, maxWeight }: ClusterSums): Weights {
  const { jobs, weight, feasible } = total
  if (jobs === 0) return { meanWeight: null, maxWeight: null, effectiveSampleSize: null, feasibleShare: null }
  return {
    meanWeight: weight / jobs,
    maxWeight,
    effectiveSampleSize: weightSquared === 0 ? null : weight ** 2 / weightSquared,
    feasibleShare: feasible / jobs,
  }
}
