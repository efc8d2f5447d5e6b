-- What is the log that is evaluated?
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
SELECT
  COUNT(*) AS evaluated_jobs,
  COUNT(recorded_propensity) AS routed_jobs,
  COUNT(DISTINCT cluster_id) AS pipelines,
  COUNT(DISTINCT job_key) AS job_keys,
  COUNT(DISTINCT action) AS arms,
  MIN(decided_at) AS first_decided_at,
  MAX(decided_at) AS last_decided_at
FROM ci_metrics.evaluation_decisions
