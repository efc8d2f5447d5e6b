/** What each target is short of the best one, by the estimates and, where it is known, in truth. */
import { rewardNamed } from '../domain/evaluation/reward-definitions.ts'
import type {
  ComparisonRow,
  EvaluationReport,
  RegretRow,
  TruthRow,
  ValueRow,
} from '../schema/evaluation-report.ts'

type Estimates = {
  values: readonly ValueRow[]
  comparisons: readonly ComparisonRow[]
  truth: readonly TruthRow[]
  question: Pick<EvaluationReport['question'], 'reward' | 'propensities'>
}

/** The best first; in higher-is-better terms, so that no regret is below 0 but by its interval. */
export function regretOf({ values, comparisons, truth, question }: Estimates): RegretRow[] {
  const { isLowerBetter } = rewardNamed(question.reward)
  const sign = isLowerBetter ? -1 : 1
  const lead = (one: number, other: number) => (isLowerBetter ? other - one : one - other)
  const known = values.filter(
    (row): row is ValueRow & { value: number } =>
      row.estimator === 'dr' && row.source === question.propensities && row.value !== null,
  )
  const ordered = [...known].sort(
    (left, right) => lead(right.value, left.value) || (left.target < right.target ? -1 : 1),
  )
  const best = ordered[0]
  if (best === undefined) return []
  const trueValues = new Map(truth.map(({ target, true_value }) => [target, true_value]))
  const shown = ordered.flatMap(({ target }) => trueValues.get(target) ?? [])
  const trulyBest = sign * Math.max(...shown.map((value) => sign * value))
  const pairs = comparisons.filter(
    ({ estimator, source }) => estimator === 'dr' && source === question.propensities,
  )
  return ordered.map(({ target, decided, value }) => {
    const trueValue = trueValues.get(target)
    return {
      target,
      decided,
      value,
      regret: lead(best.value, value),
      ...shortOf(best.target, target, pairs, sign),
      true_regret: trueValue === undefined ? null : lead(trulyBest, trueValue),
    }
  })
}

/** The interval of best − target; each pair stands in the rows once, in either direction. */
function shortOf(best: string, target: string, pairs: readonly ComparisonRow[], sign: number) {
  const nothing = { low: null, high: null }
  for (const { target: first, against, low, high } of pairs) {
    if (low === null || high === null) continue
    if (first === best && against === target) return ordered(sign * low, sign * high)
    if (first === target && against === best) return ordered(-sign * high, -sign * low)
  }
  return nothing
}

const ordered = (one: number, other: number) => ({ low: Math.min(one, other), high: Math.max(one, other) })
