-- How often does a policy pick the arm that GitLab gave the job to? Agreement is not benefit: see the description.
-- Every job that was decided on counts once; all versions of a policy together. Routed jobs are left out: they carry
-- their arm's own tag, so that GitLab had no choice, and no policy one either.
-- Grain: one row per policy, offered set and day.
WITH picks AS (
  SELECT
    JSON_VALUE(choice, '$.policy') AS policy,
    JSON_VALUE(choice, '$.set') AS offered_set,
    CAST(DATE(decided_at) AS STRING) AS day,
    JSON_VALUE(choice, '$.arm') AS pick,
    actual_runner
  FROM ci_metrics.decision_outcomes
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(choices)) AS choice
  WHERE routed_decision_id IS NULL
)

SELECT
  policy,
  offered_set,
  day,
  COUNT(*) AS jobs,
  COUNT(actual_runner) AS jobs_with_arm,
  COUNTIF(pick = actual_runner) AS matches,
  SAFE_DIVIDE(COUNTIF(pick = actual_runner), COUNT(actual_runner)) AS match_rate
FROM picks
GROUP BY policy, offered_set, day
