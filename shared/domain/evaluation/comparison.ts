/** Two policies on the same jobs: what both share cancels, so that far fewer jobs tell them apart. */
import { type ClusterSums, clusterSums, type Term } from './cluster-sums.ts'
import { estimateFrom } from './estimate.ts'
import { type EstimatorName, estimatorOf, standardErrorOf } from './influence.ts'
import { twoSidedP } from './quantile.ts'
import { EVALUATION, type Limits } from './settings.ts'

/** Null as in an estimate. */
export type PolicyComparison = {
  /** value(a) − value(b), in units of the reward. */
  difference: number | null
  standardError: number | null
  low: number | null
  high: number | null
  sequenceLow: number | null
  sequenceHigh: number | null
  /** Two-sided; null also where no cluster differs from another, so that there is nothing to test against. */
  pValue: number | null
}

/**
 * @param a, b the terms of two policies; at each index those of the same job.
 * @throws RangeError where they are not.
 */
export function compared(
  a: readonly Term[],
  b: readonly Term[],
  estimator: EstimatorName,
  limits: Limits = EVALUATION,
): PolicyComparison {
  if (a.length !== b.length || a.some(({ cluster }, index) => cluster !== b[index]?.cluster))
    throw new RangeError('the terms of two policies are not of the same jobs')
  return comparedFrom(clusterSums(a, limits), clusterSums(b, limits), estimator, limits)
}

/** As `compared`, from the sums of the same jobs in the same order. */
export function comparedFrom(
  a: ClusterSums,
  b: ClusterSums,
  estimator: EstimatorName,
  limits: Limits,
): PolicyComparison {
  const [ofA, ofB] = [estimatorOf(estimator, a), estimatorOf(estimator, b)]
  const isKnown = ofA !== undefined && ofB !== undefined
  const error = isKnown ? standardErrorOf((g) => ofA.influence(g) - ofB.influence(g), a) : undefined
  const difference = isKnown ? ofA.value - ofB.value : undefined
  const { value, ...intervals } = estimateFrom(difference, error, a.clusters, limits)
  const { standardError } = intervals
  const isTestable = value !== null && standardError !== null && standardError > 0
  return {
    difference: value,
    ...intervals,
    pValue: isTestable ? twoSidedP(value / standardError, a.clusters - 1) : null,
  }
}
