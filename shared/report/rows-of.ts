/** The rows of a report that its parts show: of the propensities in question, in one order everywhere. */

import type { ComparisonRow, EstimatorName, EvaluationReport, ValueRow } from '../schema/evaluation-report.ts'
import { extentOf } from './plots/scale.ts'

export type KnownValue = ValueRow & { value: number }

/** In the order in which they are shown; the first is what the verdict rests on. */
export const ESTIMATORS: readonly { name: EstimatorName; title: string }[] = [
  { name: 'dr', title: 'DR' },
  { name: 'sndr', title: 'SNDR' },
  { name: 'switch_dr', title: 'SWITCH-DR' },
  { name: 'dm', title: 'DM' },
  { name: 'ips', title: 'IPS' },
  { name: 'clipped_ips', title: 'clipped IPS' },
  { name: 'snips', title: 'SNIPS' },
  { name: 'naive_match', title: 'naive match (biased)' },
]

/** Doubly robust values of the source in question: the policy that was asked for, what was done, then the others. */
export function mainValues({ values, question }: EvaluationReport): KnownValue[] {
  return values
    .filter(
      (row): row is KnownValue =>
        row.source === question.propensities && row.estimator === 'dr' && row.value !== null,
    )
    .sort(
      (left, right) => rankOf(left, question.policy) - rankOf(right, question.policy) || compare(left, right),
    )
}

/** Differences of the source in question from what was done. */
export function againstLogged({ comparisons, question }: EvaluationReport): ComparisonRow[] {
  return comparisons.filter(
    ({ source, estimator, against }) =>
      source === question.propensities && estimator === 'dr' && against === 'logged',
  )
}

/**
 * What picks impossible arms can be so far off that the others could not be told apart beside it: farther from them than
 * they span.
 */
export function drawable<T extends { target: string }>(
  rows: readonly T[],
  asked: string,
  measured: (row: T) => number | null,
): { drawn: T[]; notDrawn: string } {
  const isKnownArms = ({ target }: T) => target.endsWith('/known') && target !== asked
  const [low, high] = extentOf(rows.filter((row) => !isKnownArms(row)).map(measured)) ?? [0, 0]
  const isFarOff = (row: T) => {
    const value = measured(row) ?? low
    return isKnownArms(row) && Math.max(low - value, value - high) > high - low
  }
  const left = rows.filter(isFarOff).map(({ target }) => target)
  return {
    drawn: rows.filter((row) => !isFarOff(row)),
    notDrawn: left.length === 0 ? '' : ` Far off, and only in the table: ${left.join(', ')}.`,
  }
}

function rankOf({ target, decided }: ValueRow, asked: string): number {
  if (target === asked) return 0
  if (decided === 'logged') return 1
  if (target.endsWith('/known')) return 4
  return decided === 'shadow' ? 2 : 3
}

const compare = (left: ValueRow, right: ValueRow): number => (left.target < right.target ? -1 : 1)
