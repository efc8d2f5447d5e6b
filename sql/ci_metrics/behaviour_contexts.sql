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

room AS (
  SELECT
    candidates.decision_id,
    STRING_AGG(IF(candidates.is_full, NULL, candidates.arm), ',' ORDER BY candidates.arm) AS free_arms,
    LOGICAL_OR(candidates.arm = jobs.pipeline_arm AND NOT candidates.is_full) AS may_stay
  FROM ci_metrics.candidates AS candidates
  INNER JOIN jobs ON jobs.decision_id = candidates.decision_id
  GROUP BY candidates.decision_id
)

SELECT
  jobs.decision_id,
  jobs.fold,
  jobs.signature,
  jobs.feasible_count,
  room.free_arms,
  IF(COALESCE(room.may_stay, FALSE), jobs.pipeline_arm, '') AS previous_arm,
  CAST(queues.depth AS INT64) AS queue_depth,
  jobs.action,
  jobs.is_routed,
  jobs.recorded_propensity,
  jobs.attempt
FROM jobs
INNER JOIN room ON room.decision_id = jobs.decision_id
INNER JOIN queues ON queues.decision_id = jobs.decision_id
