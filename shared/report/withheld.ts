/** Why a source of propensities fails its test, in a sentence. */
import { fixed } from '../domain/evaluation/figures.ts'
import { EVALUATION } from '../domain/evaluation/settings.ts'
import type { PropensityCheckRow } from '../schema/evaluation-report.ts'

/** As propensity_check judges. */
const MOST_ERRORS = 3
export const NEGLIGIBLE = 0.02
const LEAST_P = 0.001
/** Of fewer jobs that were not routed the calibration is not asked for, nor of a smaller share of all. */
const LEAST_UNROUTED = { jobs: 100, share: 0.05 }

/** Empty of one that passes. */
export function failureOf(row: PropensityCheckRow): string {
  if (row.is_passed) return ''
  const { source, mean_weight: mean, mean_weight_se: error, worst_gap: gap, p_value: p } = row
  const allowed = source === 'estimated' ? EVALUATION.mostWeightGap : NEGLIGIBLE
  const faults = [
    ...(mean !== null && error !== null && Math.abs(mean - 1) > Math.max(allowed, MOST_ERRORS * error)
      ? [`the mean weight of an even policy is ${fixed(mean, 3)} (SE ${fixed(error, 3)}) and has to be 1`]
      : []),
    ...(source === 'estimated' && isGapAsked(row) && gap !== null && gap > EVALUATION.mostGap
      ? [`in one tenth of the probabilities, predicted and observed are ${fixed(gap, 2)} apart`]
      : []),
    ...(source === 'uniform' && p !== null && p < LEAST_P
      ? [
          `GitLab does not choose evenly (chi-square, p ${p < 0.0001 ? 'below 0.0001' : fixed(p, 4)}): intervals that assume it miss the truth far more often than they say`,
        ]
      : []),
  ]
  if (faults.length === 0) return 'There are too few jobs to test it.'
  const sentence = faults.join('; ')
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`
}

function isGapAsked({ jobs, recorded_jobs: recorded }: PropensityCheckRow): boolean {
  const unrouted = jobs - recorded
  return unrouted >= LEAST_UNROUTED.share * jobs && (unrouted >= LEAST_UNROUTED.jobs || unrouted >= recorded)
}
