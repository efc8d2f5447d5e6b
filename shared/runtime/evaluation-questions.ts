/** What an evaluation asks of the views: one SELECT per part of the report, in the columns of EvaluationReport. */
import { WEIGHT_BOUNDS } from '../report/answers-of.ts'

/** `primaryReward`: by whose terms the view support_check judges. */
export type Asked = { policy: string; reward: string; source: string; primaryReward: string }

/** Answers that stand by themselves; the keys are those of the statements in the report. */
export const QUESTION_NAMES = [
  'exclusions',
  'log',
  'feasible_sizes',
  'propensities',
  'calibration',
  'support',
  'estimates',
  'other_rewards',
  'curve',
  'weights',
  'job_keys',
  'arms',
  'drift',
  'truth',
  'generation',
] as const

export type QuestionName = (typeof QUESTION_NAMES)[number]

/** Job keys that move the whole the most, of those with enough pipelines for an interval. */
const MOST_JOB_KEYS = 12
const FEWEST_CLUSTERS_OF_KEY = 10

/**
 * `select` reads views as `ci_metrics.<view>`. `terms` is the condition on target, reward_name and source that the rows of
 * `policy_terms` and `policy_clusters` have to meet: what nobody asks for is not computed.
 */
export type Statement = { select: string; terms?: string }

/** Asked first: the others hang on it. */
export const SETTINGS: Statement = {
  select: `SELECT alpha, most_off_support, most_left, fewest_effective, clip_weight, switch_weight, folds, primary_reward
FROM ci_metrics.evaluation_settings`,
}

export function questionsOn({
  policy,
  reward,
  source,
  primaryReward,
}: Asked): Record<QuestionName, Statement> {
  const ofReward = `reward_name = ${literal(reward)}`
  const ofPolicy = `target IN (${literal(policy)}, 'logged') AND source = ${literal(source)}`
  return {
    exclusions: { select: 'SELECT reason, jobs, advice FROM ci_metrics.evaluation_exclusions' },
    log: { select: logOf(reward, source) },
    feasible_sizes: {
      select: `SELECT feasible_count, COUNT(*) AS jobs
FROM ci_metrics.evaluation_decisions
GROUP BY feasible_count`,
    },
    propensities: {
      select: `SELECT source, jobs, recorded_jobs, chi_square, degrees, p_value, mean_weight, mean_weight_se, worst_gap, is_passed
FROM ci_metrics.propensity_check`,
    },
    calibration: {
      select: 'SELECT source, bin, predicted, observed, candidates FROM ci_metrics.propensity_calibration',
    },
    support: {
      select: `SELECT
  target, source, jobs, versions, infeasible_share, off_support_share, left_share, unmatched_share, mean_weight,
  mean_weight_se, max_weight, min_propensity, effective_sample_size, is_supported
FROM ci_metrics.support_check`,
      terms: `reward_name = ${literal(primaryReward)}`,
    },
    estimates: { select: estimatesWhere(ofReward, ofReward), terms: ofReward },
    other_rewards: {
      select: estimatesWhere(
        "estimator = 'dr'",
        `estimator = 'dr' AND target = ${literal(policy)} AND against = 'logged'`,
      ),
      terms: ofPolicy,
    },
    curve: {
      select: `SELECT target, day, jobs, value_of_day, cumulative_jobs, cumulative_value, eb_low, eb_high
FROM ci_metrics.learning_curve
WHERE ${ofReward} AND ${ofPolicy}`,
      terms: `${ofReward} AND ${ofPolicy}`,
    },
    weights: {
      select: WEIGHTS,
      terms: `${ofReward} AND target = ${literal(policy)} AND source = ${literal(source)}`,
    },
    job_keys: {
      select: JOB_KEYS,
      terms: `${ofReward} AND target = ${literal(policy)} AND source = ${literal(source)}`,
    },
    arms: {
      select: `SELECT arm, jobs, raw_mean, adjusted_difference, adjusted_se, shared_jobs, adjusted_mean
FROM ci_metrics.reward_by_arm
WHERE ${ofReward}`,
    },
    drift: {
      select: `SELECT arm, week, jobs, log_speed_difference, log_speed_z, success_rate_difference, success_rate_z, is_drift
FROM ci_metrics.drift`,
    },
    truth: {
      select: `SELECT target, jobs, true_value, true_difference FROM ci_metrics.policy_truth WHERE ${ofReward}`,
    },
    generation: {
      select: `SELECT made.state_generation
FROM ci_metrics.runner_decisions AS made
INNER JOIN (
  SELECT decision_id
  FROM ci_metrics.evaluation_decisions
  ORDER BY decided_at DESC, decision_id DESC
  LIMIT 1
) AS newest ON newest.decision_id = made.decision_id
LIMIT 1`,
    },
  }
}

/** Pipelines count by their jobs that have the reward and a propensity of the source: of those the answer is. */
const logOf = (reward: string, source: string) => `WITH jobs AS (
  SELECT
    decisions.*,
    late.decision_id IS NOT NULL AS is_late,
    reward_${reward} IS NOT NULL${source === 'recorded' ? ' AND recorded_propensity IS NOT NULL' : ''} AS is_told
  FROM ci_metrics.evaluation_decisions AS decisions
  LEFT JOIN (SELECT DISTINCT decision_id FROM ci_metrics.runner_decisions WHERE decided_late) AS late
    ON late.decision_id = decisions.decision_id
),

pipelines AS (
  SELECT CAST(COUNTIF(is_told) AS FLOAT64) AS jobs
  FROM jobs
  GROUP BY cluster_id
),

sizes AS (
  SELECT COUNT(*) AS pipelines, SAFE_DIVIDE(SUM(jobs) * SUM(jobs), SUM(jobs * jobs)) AS effective_pipelines
  FROM pipelines
),

counts AS (
  SELECT
    COUNT(*) AS evaluated_jobs,
    COUNT(recorded_propensity) AS routed_jobs,
    COUNTIF(is_late) AS late_jobs,
    COUNT(DISTINCT job_key) AS job_keys,
    COUNT(DISTINCT action) AS arms,
    MIN(decided_at) AS first_decided_at,
    MAX(decided_at) AS last_decided_at
  FROM jobs
)

SELECT
  evaluated_jobs, routed_jobs, late_jobs, pipelines, effective_pipelines, job_keys, arms, first_decided_at, last_decided_at
FROM counts
CROSS JOIN sizes`

/** Values (of which `against` is NULL) and differences in one statement: both are sums of the same clusters. */
const estimatesWhere = (ofValues: string, ofDifferences: string) => `SELECT
  reward_name, target, decided, CAST(NULL AS STRING) AS against, source, estimator, jobs, clusters, value, standard_error,
  low, high, sequence_low, sequence_high, CAST(NULL AS FLOAT64) AS p_value, CAST(NULL AS FLOAT64) AS p_holm,
  CAST(NULL AS BOOL) AS is_different
FROM ci_metrics.policy_value
WHERE period = 'all' AND ${ofValues}
UNION ALL
SELECT
  reward_name, target, CAST(NULL AS STRING) AS decided, against, source, estimator, jobs, clusters, difference AS value,
  standard_error, low, high, sequence_low, sequence_high, p_value, p_holm, is_different
FROM ci_metrics.policy_comparison
WHERE period = 'all' AND ${ofDifferences}`

const WEIGHTS = `SELECT bin, COUNT(*) AS jobs
FROM (
  SELECT CASE ${WEIGHT_BOUNDS.map((bound, index) => `WHEN ROUND(weight, 9) <= ${bound} THEN ${index}`).join(' ')} ELSE ${WEIGHT_BOUNDS.length} END AS bin
  FROM ci_metrics.policy_terms
) AS terms
GROUP BY bin`

const JOB_KEYS = `WITH gains AS (
  SELECT
    decisions.job_key,
    terms.cluster_id,
    terms.reward,
    terms.model_policy + terms.weight * (terms.reward - terms.model_action) - terms.reward AS gain
  FROM ci_metrics.policy_terms AS terms
  INNER JOIN ci_metrics.evaluation_decisions AS decisions ON decisions.decision_id = terms.decision_id
),

of_clusters AS (
  SELECT job_key, cluster_id, COUNT(*) AS jobs, SUM(gain) AS gain, SUM(reward) AS reward
  FROM gains
  GROUP BY job_key, cluster_id
),

of_keys AS (
  SELECT
    job_key,
    COUNT(*) AS clusters,
    CAST(SUM(jobs) AS INT64) AS jobs,
    SUM(reward) / SUM(jobs) AS logged,
    SUM(gain) / SUM(jobs) AS difference
  FROM of_clusters
  GROUP BY job_key
  HAVING COUNT(*) >= ${FEWEST_CLUSTERS_OF_KEY}
  ORDER BY ABS(SUM(gain)) DESC, job_key
  LIMIT ${MOST_JOB_KEYS}
)

SELECT
  of_keys.job_key,
  of_keys.jobs,
  of_keys.clusters,
  of_keys.logged,
  of_keys.difference,
  SQRT(
    SUM(POWER(of_clusters.gain - of_clusters.jobs * of_keys.difference, 2))
    * of_keys.clusters / (of_keys.clusters - 1)
  ) / of_keys.jobs AS standard_error
FROM of_keys
INNER JOIN of_clusters ON of_clusters.job_key = of_keys.job_key
GROUP BY of_keys.job_key, of_keys.jobs, of_keys.clusters, of_keys.logged, of_keys.difference`

/** Targets and rewards are checked before; a quote in one cannot end the text all the same. */
function literal(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '')}'`
}
