/** The answers of the views as one report: what is withheld, what follows from what, and the verdict. */
import { jobsToFind, POWER, smallestDifference } from '../domain/evaluation/power.ts'
import { FEWEST_CLUSTERS } from '../domain/evaluation/refusals.ts'
import { rewardNames } from '../domain/evaluation/reward-definitions.ts'
import type {
  CheckRow,
  ComparisonRow,
  CurveRow,
  EvaluationReport,
  Limits,
  PowerAnswer,
  PropensityCheckRow,
  RewardRow,
  ValueRow,
} from '../schema/evaluation-report.ts'
import { regretOf } from './regret-of.ts'
import { verdictFrom } from './verdict-from.ts'
import { failureOf } from './withheld.ts'

/** Rows as the views gave them, of every source. */
export type Answers = Pick<
  EvaluationReport,
  | 'calibration'
  | 'curve'
  | 'support'
  | 'weights'
  | 'influence'
  | 'job_keys'
  | 'arms'
  | 'drift'
  | 'truth'
  | 'reproduction'
> & {
  question: EvaluationReport['question']
  log: EvaluationReport['log']
  checks: readonly CheckRow[]
  propensities: readonly PropensityCheckRow[]
  values: readonly ValueRow[]
  comparisons: readonly ComparisonRow[]
  other_values: readonly ValueRow[]
  other_comparisons: readonly ComparisonRow[]
  limits: Omit<Limits, 'fewest_clusters'>
  product_version: string
  made_at: string
}

export function assembled(answers: Answers): EvaluationReport {
  const { question, propensities, log } = answers
  const limits = { ...answers.limits, fewest_clusters: FEWEST_CLUSTERS }
  const withheld = propensities
    .filter(({ is_passed }) => !is_passed)
    .map((row) => ({ source: row.source, reason: failureOf(row) }))
  const isShown = ({ source }: { source: string }) => withheld.every((hidden) => hidden.source !== source)
  const isAskedShown = isShown({ source: question.propensities })
  const values = answers.values.filter(isShown)
  const comparisons = answers.comparisons.filter(isShown)
  const asked = comparisons.find(
    ({ target, against, estimator, source }) =>
      target === question.policy &&
      against === 'logged' &&
      estimator === 'dr' &&
      source === question.propensities,
  )
  const power = powerOf(asked, limits.alpha)
  return {
    form: 1,
    product_version: answers.product_version,
    made_at: answers.made_at,
    question,
    verdict: verdictFrom(answers, values, asked, power, limits),
    log,
    checks: [...answers.checks],
    propensities: [...propensities],
    calibration: answers.calibration,
    withheld,
    values,
    comparisons,
    other_rewards: isAskedShown ? otherRewards(answers) : [],
    regret: regretOf({ values, comparisons, truth: answers.truth, question }),
    curve: isAskedShown ? answers.curve.map((row) => withBand(row, question)) : [],
    support: answers.support.filter(isShown),
    weights: isAskedShown ? answers.weights : [],
    influence: isAskedShown && asked !== undefined ? answers.influence : null,
    job_keys: isAskedShown ? answers.job_keys : [],
    arms: answers.arms,
    drift: answers.drift,
    truth: answers.truth,
    power,
    limits,
    reproduction: answers.reproduction,
  }
}

/** The band is of IPS, with weights that are exact; it is empty where what was chosen and what was not contradict each other. */
function withBand(row: CurveRow, { propensities }: EvaluationReport['question']): CurveRow {
  const { eb_low: low, eb_high: high } = row
  const holds = propensities === 'recorded' && low !== null && high !== null && low <= high
  return holds ? row : { ...row, eb_low: null, eb_high: null }
}

function powerOf(asked: ComparisonRow | undefined, alpha: number): PowerAnswer | null {
  if (asked === undefined || asked.difference === null || !(asked.standard_error ?? 0)) return null
  const { jobs, difference, low, high } = asked
  const error = asked.standard_error as number
  const isDecided = low !== null && high !== null && (low > 0 || high < 0)
  const all = jobsToFind(jobs, error, difference)
  return {
    power: POWER,
    alpha,
    smallest_difference: smallestDifference(error),
    more_jobs: isDecided || all === null ? null : Math.max(1, all - jobs),
  }
}

function otherRewards({
  other_values: values,
  other_comparisons: comparisons,
  question,
}: Answers): RewardRow[] {
  const place = ({ reward_name }: ComparisonRow) => rewardNames.indexOf(reward_name)
  const ordered = [...comparisons].sort((left, right) => place(left) - place(right))
  return ordered.map((row) => {
    const meanOf = (target: string) =>
      values.find((value) => value.reward_name === row.reward_name && value.target === target)?.value ?? null
    return {
      reward_name: row.reward_name,
      jobs: row.jobs,
      clusters: row.clusters,
      value: meanOf(question.policy),
      logged: meanOf('logged'),
      difference: row.difference,
      low: row.low,
      high: row.high,
      p_value: row.p_value,
    }
  })
}
