/** What an evaluation asks of single jobs and pipelines, and of how far an arm's adjusted mean reaches beyond its jobs. */
import { MOST_PIPELINES } from '../report/influence-of.ts'
import type { Statement } from './evaluation-questions.ts'

export const INFLUENCE_NAMES = ['influence', 'coverage'] as const

export type InfluenceName = (typeof INFLUENCE_NAMES)[number]

/** As of evaluation-questions.ts; all three names are checked before. */
export function influenceQuestions({
  policy,
  reward,
  source,
}: {
  policy: string
  reward: string
  source: string
}): Record<InfluenceName, Statement> {
  return {
    influence: {
      select: INFLUENCE,
      terms: `reward_name = '${reward}' AND target = '${policy}' AND source = '${source}'`,
    },
    coverage: { select: coverageOf(reward) },
  }
}

/**
 * The doubly robust difference from what was done is the mean over jobs of `gain`; `beyond` is what is above that mean.
 * One row per pipeline and job that moves it the most, up and down, each beside the sums of all pipelines.
 */
const INFLUENCE = `WITH gains AS (
  SELECT
    decision_id,
    cluster_id,
    weight,
    model_policy + weight * (reward - model_action) - reward AS gain
  FROM ci_metrics.policy_terms
),

whole AS (
  SELECT SUM(gain) / COUNT(*) AS difference
  FROM gains
),

jobs AS (
  SELECT gains.decision_id, gains.cluster_id, gains.weight, gains.gain - whole.difference AS beyond
  FROM gains
  CROSS JOIN whole
),

pipelines AS (
  SELECT cluster_id, COUNT(*) AS jobs, SUM(beyond) AS beyond
  FROM jobs
  GROUP BY cluster_id
),

totals AS (
  SELECT
    COUNT(*) AS all_clusters,
    CAST(SUM(jobs) AS INT64) AS all_jobs,
    SUM(beyond * beyond) AS squares,
    SUM(beyond * jobs) AS products,
    SUM(CAST(jobs AS FLOAT64) * jobs) AS jobs_squared
  FROM pipelines
),

ranked AS (
  SELECT
    'pipeline' AS unit,
    cluster_id,
    CAST(NULL AS STRING) AS decision_id,
    CAST(NULL AS FLOAT64) AS weight,
    beyond,
    ROW_NUMBER() OVER (ORDER BY beyond, cluster_id) AS from_below,
    ROW_NUMBER() OVER (ORDER BY beyond DESC, cluster_id) AS from_above,
    ${MOST_PIPELINES} AS most
  FROM pipelines
  UNION ALL
  SELECT
    'job' AS unit,
    cluster_id,
    decision_id,
    weight,
    beyond,
    ROW_NUMBER() OVER (ORDER BY beyond, decision_id) AS from_below,
    ROW_NUMBER() OVER (ORDER BY beyond DESC, decision_id) AS from_above,
    1 AS most
  FROM jobs
)

SELECT
  ranked.unit,
  ranked.cluster_id,
  decisions.job_id,
  decisions.job_key,
  decisions.action AS arm,
  ranked.weight,
  ranked.beyond,
  pipelines.jobs AS cluster_jobs,
  pipelines.beyond AS cluster_beyond,
  totals.all_clusters,
  totals.all_jobs,
  whole.difference,
  totals.squares,
  totals.products,
  totals.jobs_squared
FROM ranked
INNER JOIN pipelines ON pipelines.cluster_id = ranked.cluster_id
LEFT JOIN ci_metrics.evaluation_decisions AS decisions ON decisions.decision_id = ranked.decision_id
CROSS JOIN totals
CROSS JOIN whole
WHERE ranked.from_below <= ranked.most OR ranked.from_above <= ranked.most`

/** Of all jobs with the reward, the share whose job key this arm and another one ran: of the others its mean is inferred. */
const coverageOf = (reward: string) => `WITH jobs AS (
  SELECT job_key, action
  FROM ci_metrics.evaluation_decisions
  WHERE reward_${reward} IS NOT NULL
),

job_keys AS (
  SELECT job_key, COUNT(*) AS jobs, COUNT(DISTINCT action) AS arms
  FROM jobs
  GROUP BY job_key
),

cells AS (
  SELECT DISTINCT job_key, action
  FROM jobs
),

whole AS (
  SELECT COUNT(*) AS jobs
  FROM jobs
)

SELECT
  cells.action AS arm,
  COUNTIF(job_keys.arms > 1) AS shared_job_keys,
  SUM(IF(job_keys.arms > 1, job_keys.jobs, 0)) / MAX(whole.jobs) AS covered_share
FROM cells
INNER JOIN job_keys ON job_keys.job_key = cells.job_key
CROSS JOIN whole
GROUP BY cells.action`
