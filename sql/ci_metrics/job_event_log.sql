-- Which events count? The first content of each identity that was admitted after the last reset (law of events 2, 8).
-- Grain: one row per event_id.
SELECT
  event_id, kind, instance, source, occurred_at, received_at, project_id, project_path, job_id, job_key, job_name,
  stage, pipeline_id, commit_sha, attempt, created_at, started_at, finished_at, queued_seconds, status,
  failure_reason, duration_seconds, runner_id, runner_description, runner_tags, arm, unmanaged, cost_per_hour_eur,
  late, conflicting, job_tags, idempotency_key, parent_pipeline_id, routing_decision_id
FROM ci_metrics.job_events
WHERE
  NOT conflicting
  AND received_at > (SELECT COALESCE(MAX(reset_at), TIMESTAMP '1970-01-01 00:00:00+00') FROM ci_metrics.resets)
QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY received_at, source, status, duration_seconds) = 1
