-- Was every decision made before it could know how the job ended?
-- A shadow decision at a job's start could know its outcome only if it was made after the outcome was received, and from
-- a state whose newest finish is no older. (Late decisions are made from a state without the job, and say so; a finish that
-- came too late never enters a state.) The recommendation that routed a job was given before the job ended.
WITH limits AS (
  SELECT
    -- A state that holds a job's outcome refuses the decision. What is counted here only may have known it: finishes that
    -- overtook each other on their way look the same.
    0.01 AS most_share,
    -- By which clocks may differ, as decision_outcomes has it.
    60000 AS skew_ms
),

shadow AS (
  SELECT
    COUNT(*) AS checked,
    COUNTIF(decided_at > outcome_received_at AND state_as_of_at >= finished_at) AS knowing,
    MIN(IF(decided_at > outcome_received_at AND state_as_of_at >= finished_at, decision_id, NULL)) AS example
  FROM ci_metrics.decision_outcomes
  WHERE NOT decided_late AND NOT outcome_late
),

answers AS (
  SELECT decision_id, MIN(decided_at) AS decided_at
  FROM ci_metrics.recommendations
  GROUP BY decision_id
),

routed AS (
  SELECT
    answers.decision_id,
    UNIX_MILLIS(answers.decided_at) > UNIX_MILLIS(decision_outcomes.finished_at) + limits.skew_ms AS is_after
  FROM ci_metrics.decision_outcomes
  INNER JOIN answers ON answers.decision_id = decision_outcomes.routed_decision_id
  CROSS JOIN limits
  WHERE decision_outcomes.finished_at IS NOT NULL
),

routed_counts AS (
  SELECT COUNT(*) AS checked, COUNTIF(is_after) AS failed, MIN(IF(is_after, decision_id, NULL)) AS example
  FROM routed
)

SELECT
  shadow.checked + routed_counts.checked AS checked,
  IF(shadow.knowing > limits.most_share * shadow.checked, shadow.knowing, 0) + routed_counts.failed AS failed,
  COALESCE(
    routed_counts.example,
    IF(shadow.knowing > limits.most_share * shadow.checked, shadow.example, NULL)
  ) AS example
FROM shadow
CROSS JOIN routed_counts
CROSS JOIN limits
