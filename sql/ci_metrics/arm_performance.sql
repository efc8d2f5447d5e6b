-- How has each arm done so far? Percentiles are nearest-rank over successes: a fast failure is not speed.
-- Grain: one row per arm that ran at least one job which has ended.
WITH jobs AS (
  SELECT
    actual_runner AS arm,
    actual_unmanaged AS unmanaged,
    job_status,
    job_duration,
    runner_failure,
    reward,
    cost_eur,
    IF(
      job_status = 'success' AND job_duration IS NOT NULL,
      ROW_NUMBER() OVER (PARTITION BY actual_runner, job_status = 'success', job_duration IS NULL ORDER BY job_duration),
      NULL
    ) AS success_rank,
    COUNTIF(job_status = 'success' AND job_duration IS NOT NULL) OVER (PARTITION BY actual_runner) AS success_count
  FROM ci_metrics.decision_outcomes
  WHERE actual_runner IS NOT NULL AND job_status IS NOT NULL
)

SELECT
  arm,
  LOGICAL_OR(unmanaged) AS unmanaged,
  COUNT(*) AS jobs,
  COUNTIF(job_status = 'success') AS successes,
  COUNTIF(job_status = 'failed') AS failures,
  COUNTIF(runner_failure) AS runner_failures,
  COUNTIF(job_status = 'canceled') AS canceled,
  SAFE_DIVIDE(COUNTIF(job_status = 'success'), COUNTIF(job_status <> 'canceled')) AS success_rate,
  MIN(IF(success_rank >= 0.5 * success_count, job_duration, NULL)) AS duration_p50_seconds,
  MIN(IF(success_rank >= 0.95 * success_count, job_duration, NULL)) AS duration_p95_seconds,
  AVG(reward) AS mean_reward,
  SUM(cost_eur) AS cost_eur
FROM jobs
GROUP BY arm
