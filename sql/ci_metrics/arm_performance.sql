-- How has each arm done so far? Over the jobs that have ended, each counted once.
-- Percentiles are nearest-rank over the durations of successes: a fast failure is not speed.
-- Grain: one row per arm that ran at least one job which has ended.
WITH jobs AS (
  SELECT
    actual_runner AS arm,
    actual_unmanaged,
    job_status,
    runner_failure,
    reward,
    cost_eur,
    IF(job_status = 'success', job_duration, NULL) AS success_seconds
  FROM ci_metrics.decision_outcomes
  WHERE actual_runner IS NOT NULL AND job_status IS NOT NULL
),

ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY arm ORDER BY success_seconds IS NULL, success_seconds) AS success_rank,
    COUNT(success_seconds) OVER (PARTITION BY arm) AS success_count
  FROM jobs
)

SELECT
  arm,
  LOGICAL_OR(actual_unmanaged) AS unmanaged,
  COUNT(*) AS jobs,
  COUNTIF(job_status = 'success') AS successes,
  COUNTIF(job_status = 'failed') AS failures,
  COUNTIF(runner_failure) AS runner_failures,
  COUNTIF(job_status = 'canceled') AS canceled,
  SAFE_DIVIDE(COUNTIF(job_status = 'success'), COUNTIF(job_status <> 'canceled')) AS success_rate,
  MIN(IF(success_rank >= 0.5 * success_count, success_seconds, NULL)) AS duration_p50_seconds,
  MIN(IF(success_rank >= 0.95 * success_count, success_seconds, NULL)) AS duration_p95_seconds,
  AVG(reward) AS mean_reward,
  SUM(cost_eur) AS cost_eur
FROM ranked
GROUP BY arm
