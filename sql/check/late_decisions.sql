-- How many decisions were made at the job's end, since its start was not seen in time?
WITH limits AS (
  -- A late decision knows all finishes but its own job's, those of its pipeline among them: more than a decision at the
  -- start could. One in five still bends little.
  SELECT 0.2 AS most_share
),

counts AS (
  SELECT
    COUNT(*) AS checked,
    COUNTIF(decided_late) AS late,
    MIN(IF(decided_late, decision_id, NULL)) AS example
  FROM ci_metrics.decision_outcomes
)

SELECT
  counts.checked,
  IF(counts.late > limits.most_share * counts.checked, counts.late, 0) AS failed,
  IF(counts.late > limits.most_share * counts.checked, counts.example, NULL) AS example
FROM counts
CROSS JOIN limits
