-- Does every job have one outcome, however often it was written?
-- Repeats that say the same are as good as one. What is not known (NULL) contradicts nothing.
WITH limits AS (
  SELECT
    -- The first outcome counts; so few others move no mean that can be seen.
    0.001 AS most_share,
    -- GitLab writes some of its times with milliseconds and cuts others to the second.
    1 AS most_seconds_apart
),

jobs AS (
  SELECT
    MIN(job_outcomes.event_id) AS event_id,
    COALESCE(
      COUNT(DISTINCT job_outcomes.job_status) > 1
      OR COUNT(DISTINCT job_outcomes.arm) > 1
      OR MAX(job_outcomes.job_duration) - MIN(job_outcomes.job_duration) > MAX(limits.most_seconds_apart),
      FALSE
    ) AS is_disputed
  FROM ci_metrics.job_outcomes
  CROSS JOIN limits
  GROUP BY job_outcomes.instance, job_outcomes.project_id, job_outcomes.job_id
),

counts AS (
  SELECT
    COUNT(*) AS checked,
    COUNTIF(is_disputed) AS disputed,
    MIN(IF(is_disputed, event_id, NULL)) AS example
  FROM jobs
)

SELECT
  counts.checked,
  IF(counts.disputed > limits.most_share * counts.checked, counts.disputed, 0) AS failed,
  IF(counts.disputed > limits.most_share * counts.checked, counts.example, NULL) AS example
FROM counts
CROSS JOIN limits
