-- What is the log that is evaluated?
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
WITH jobs AS (
  SELECT
    decisions.*,
    late.decision_id IS NOT NULL AS is_late,
    reward_spec IS NOT NULL AS is_told
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
CROSS JOIN sizes
