-- Are rewards, and what they are made of, what they can be?
-- Reward in [0, 10], and 0 of a failed job; durations above 0 seconds; neither a wait nor costs below 0.
WITH outcomes AS (
  SELECT
    event_id,
    COALESCE(reward >= 0 AND reward <= 10, TRUE)
    AND COALESCE(job_status <> 'failed' OR reward = 0, TRUE)
    AND COALESCE(job_duration > 0 AND job_duration < 1e12, TRUE)
    AND COALESCE(queued_seconds >= 0 AND queued_seconds < 1e12, TRUE)
    AND COALESCE(cost_eur >= 0 AND cost_eur < 1e12, TRUE) AS is_fine
  FROM ci_metrics.job_outcomes
)

SELECT
  COUNT(*) AS checked,
  COUNTIF(NOT is_fine) AS failed,
  MIN(IF(is_fine, NULL, event_id)) AS example
FROM outcomes
