-- Could GitLab's own pick have been any policy's? Of jobs that were not routed, and that an arm ran.
-- A few are rightly not: a start that names one runner, and an end that names another.
WITH limits AS (
  -- These jobs are left out of estimates; so few change nothing that can be seen.
  SELECT 0.01 AS most_share
),

jobs AS (
  SELECT decision_id, actual_runner
  FROM ci_metrics.decision_outcomes
  WHERE actual_runner IS NOT NULL AND routed_decision_id IS NULL
),

offers AS (
  SELECT DISTINCT decision_id, JSON_VALUE(item, '$.arm') AS arm
  FROM ci_metrics.decision_outcomes
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(feasible)) AS item
),

counts AS (
  SELECT
    COUNT(*) AS checked,
    COUNTIF(offers.arm IS NULL) AS outside,
    MIN(IF(offers.arm IS NULL, jobs.decision_id, NULL)) AS example
  FROM jobs
  LEFT JOIN offers ON offers.decision_id = jobs.decision_id AND offers.arm = jobs.actual_runner
)

SELECT
  counts.checked,
  IF(counts.outside > limits.most_share * counts.checked, counts.outside, 0) AS failed,
  IF(counts.outside > limits.most_share * counts.checked, counts.example, NULL) AS example
FROM counts
CROSS JOIN limits
