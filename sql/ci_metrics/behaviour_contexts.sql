-- What does GitLab's pick for a job depend on? Runners ask for work when they have room, one that just ran a job of the
-- pipeline asks sooner, and whoever has no room does not ask (evaluation.md 2, "What GitLab does").
-- The queue is that of the other jobs: one waits from queued_seconds before its start until its start, at which it waits no more.
-- Grain: one row per evaluated job.
WITH jobs AS (
  SELECT
    decision_id, fold, instance, signature, feasible_count, action, is_routed, recorded_propensity, attempt,
    UNIX_MILLIS(started_at) AS started_ms,
    CAST(ROUND(1000 * queued_seconds) AS INT64) AS queued_ms,
    LAG(action) OVER (PARTITION BY cluster_id ORDER BY started_at, decision_id) AS pipeline_arm
  FROM ci_metrics.evaluation_decisions
),

-- Each start is a reading, too, and ends the waiting of its own job if it waited.
queue_changes AS (
  SELECT instance, started_ms - queued_ms AS at_ms, 1 AS change, CAST(NULL AS STRING) AS decision_id
  FROM jobs
  WHERE queued_ms > 0
  UNION ALL
  SELECT instance, started_ms AS at_ms, IF(queued_ms > 0, -1, 0) AS change, decision_id
  FROM jobs
),

queues AS (
  SELECT decision_id, SUM(change) OVER (PARTITION BY instance ORDER BY at_ms) AS depth
  FROM queue_changes
),

-- Numbers need no escaping, whatever arms are called.
numbers AS (
  SELECT arm, CAST(ROW_NUMBER() OVER (ORDER BY arm) AS STRING) AS number
  FROM (SELECT DISTINCT arm FROM ci_metrics.feasible_sets) AS arms
),

without_room AS (
  SELECT fillings.decision_id, STRING_AGG(numbers.number, ',' ORDER BY numbers.number) AS full_arms
  FROM ci_metrics.full_arms AS fillings
  INNER JOIN numbers ON numbers.arm = fillings.arm
  GROUP BY fillings.decision_id
),

rooms AS (
  SELECT jobs.decision_id, jobs.signature, COALESCE(without_room.full_arms, '') AS full_arms
  FROM jobs
  LEFT JOIN without_room ON without_room.decision_id = jobs.decision_id
),

-- There are few different ones; any job that had it tells which arms are left.
examples AS (
  SELECT signature, full_arms, MIN(decision_id) AS decision_id
  FROM rooms
  GROUP BY signature, full_arms
),

free_sets AS (
  SELECT
    examples.signature,
    examples.full_arms,
    STRING_AGG(
      REPLACE(REPLACE(feasible_sets.arm, '%', '%25'), ',', '%2C'), ',' ORDER BY feasible_sets.arm
    ) AS free_arms
  FROM examples
  INNER JOIN ci_metrics.feasible_sets AS feasible_sets ON feasible_sets.signature = examples.signature
  LEFT JOIN ci_metrics.full_arms AS full_arms
    ON full_arms.decision_id = examples.decision_id AND full_arms.arm = feasible_sets.arm
  WHERE full_arms.arm IS NULL
  GROUP BY examples.signature, examples.full_arms
)

SELECT
  jobs.decision_id,
  jobs.fold,
  jobs.signature,
  jobs.feasible_count,
  free_sets.free_arms,
  IF(before.arm IS NOT NULL AND full_before.arm IS NULL, jobs.pipeline_arm, '') AS previous_arm,
  CAST(queues.depth AS INT64) AS queue_depth,
  jobs.action,
  jobs.is_routed,
  jobs.recorded_propensity,
  jobs.attempt
FROM jobs
INNER JOIN rooms ON rooms.decision_id = jobs.decision_id
INNER JOIN free_sets ON free_sets.signature = rooms.signature AND free_sets.full_arms = rooms.full_arms
INNER JOIN queues ON queues.decision_id = jobs.decision_id
LEFT JOIN ci_metrics.feasible_sets AS before
  ON before.signature = jobs.signature AND before.arm = jobs.pipeline_arm
LEFT JOIN ci_metrics.full_arms AS full_before
  ON full_before.decision_id = jobs.decision_id AND full_before.arm = jobs.pipeline_arm
