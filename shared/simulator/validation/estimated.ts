/** What the estimators say of a target on one log, beside its truth. */
import { type ClusterSums, clusterSums, type Term } from '../../domain/evaluation/cluster-sums.ts'
import { comparedFrom, type PolicyComparison } from '../../domain/evaluation/comparison.ts'
import {
  type Estimate,
  estimateFrom,
  estimatesFrom,
  type Weights,
  weightsFrom,
} from '../../domain/evaluation/estimate.ts'
import { ESTIMATORS, standardErrorOf } from '../../domain/evaluation/influence.ts'
import { EVALUATION, limitsOf } from '../../domain/evaluation/settings.ts'
import { type Prefix, SOURCES, type Source, TARGETS, type TargetName } from './targets.ts'

/** `plain_snips` is no estimator of the product: it is shown failing. */
export const MEASURED = [...ESTIMATORS, 'plain_snips'] as const
export type MeasuredName = (typeof MEASURED)[number]

export type Estimated = {
  target: TargetName
  source: Source
  truth: number
  estimates: Readonly<Record<MeasuredName, Estimate>>
  weights: Weights
  /** Against what was done, and the true difference; of `logged` itself of no interest. */
  comparison: PolicyComparison
  difference: number
}

/** Of each target by each source. */
export function estimatedOn(prefix: Prefix): Estimated[] {
  const loggedTruth = mean(prefix.truths('logged'))
  return SOURCES.flatMap((source) => {
    const logged = clusterSums(prefix.terms('logged', source), EVALUATION)
    return TARGETS.map((target) => {
      const sums = clusterSums(prefix.terms(target, source), EVALUATION)
      const truth = mean(prefix.truths(target))
      return {
        target,
        source,
        truth,
        estimates: { ...estimatesFrom(sums, limitsOf(target)), plain_snips: plainSnips(sums) },
        weights: weightsFrom(sums),
        comparison: comparedFrom(sums, logged, 'dr', limitsOf(target)),
        difference: truth - loggedTruth,
      }
    })
  })
}

/** Doubly robust, alone: for the many looks at one log. */
export function drOf(target: string, terms: readonly Term[]): { dr: Estimate; effective: number } {
  const sums = clusterSums(terms, EVALUATION)
  const { effectiveSampleSize } = weightsFrom(sums)
  return { dr: estimatesFrom(sums, limitsOf(target)).dr, effective: effectiveSampleSize ?? 0 }
}

/** Σ w r / Σ w: what feasible picks earn, as if there were no others. */
function plainSnips(sums: ClusterSums): Estimate {
  const { of, total, clusters } = sums
  if (total.weight === 0) return estimateFrom(undefined, undefined, clusters, EVALUATION)
  const value = total.ips / total.weight
  const meanWeight = total.weight / total.jobs
  const influence = (g: number) => ((of.ips[g] as number) - value * (of.weight[g] as number)) / meanWeight
  return estimateFrom(value, standardErrorOf(influence, sums), clusters, EVALUATION)
}

export function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
