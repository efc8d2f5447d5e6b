-- Of how many jobs are the tags not known? Of jobs that were not routed, and that an arm ran.
WITH limits AS (
  -- They are left out of estimates. Which jobs they are hangs on the runner (its tags are taken instead), so that more of
  -- them would leave a part of the jobs that is not like the whole.
  SELECT 0.1 AS most_share
),

counts AS (
  SELECT
    COUNT(*) AS checked,
    COUNTIF(tags_source = 'unknown') AS unknown,
    MIN(IF(tags_source = 'unknown', decision_id, NULL)) AS example
  FROM ci_metrics.decision_outcomes
  WHERE actual_runner IS NOT NULL AND routed_decision_id IS NULL
)

SELECT
  counts.checked,
  IF(counts.unknown > limits.most_share * counts.checked, counts.unknown, 0) AS failed,
  IF(counts.unknown > limits.most_share * counts.checked, counts.example, NULL) AS example
FROM counts
CROSS JOIN limits
