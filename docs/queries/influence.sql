-- Which jobs and pipelines move the difference from what was done the most, and what is it the mean of?
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
WITH gains AS (
  SELECT
    decision_id,
    cluster_id,
    weight,
    model_policy + weight * (reward - model_action) - reward AS gain
  FROM (SELECT * FROM ci_metrics.policy_terms WHERE reward_name = 'spec' AND target = 'ucb1' AND source = 'estimated')
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
    20 AS most
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
WHERE ranked.from_below <= ranked.most OR ranked.from_above <= ranked.most
