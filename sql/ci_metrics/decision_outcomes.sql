-- What would each policy have picked for a job, and what became of it where GitLab ran it?
-- Of the decisions on a job the one made at its start counts, else the late one; of one decision written twice
-- the first. The actual runner is the one that ended the job, as far as known: a start may not name it, or name one
-- that lost the job again. Grain: one row per job that was decided on. The outcome is NULL while the job runs.
WITH decisions AS (
  SELECT *
  FROM ci_metrics.runner_decisions
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY instance, project_id, job_id
    ORDER BY decided_late, decided_at, decision_id, state_observations
  ) = 1
),

outcomes AS (
  SELECT *
  FROM ci_metrics.job_outcomes
  QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY received_at, job_status, job_duration) = 1
)

SELECT
  decisions.decision_id,
  decisions.instance,
  decisions.project_id,
  decisions.project_path,
  decisions.job_id,
  decisions.pipeline_id,
  decisions.job_key,
  decisions.job_name,
  decisions.stage,
  decisions.source,
  decisions.decided_at,
  decisions.decided_late,
  COALESCE(outcomes.arm, decisions.actual_runner) AS actual_runner,
  decisions.actual_unmanaged,
  decisions.mab_runner,
  decisions.nsai_runner,
  decisions.nsai_feasible_count,
  decisions.nsai_confidence,
  decisions.mab_runner = COALESCE(outcomes.arm, decisions.actual_runner) AS mab_would_match,
  decisions.nsai_runner = COALESCE(outcomes.arm, decisions.actual_runner) AS nsai_would_match,
  decisions.tags_source,
  decisions.known_count,
  decisions.feasible,
  decisions.refused,
  decisions.choices,
  decisions.state_generation,
  decisions.state_as_of_at,
  decisions.state_lag_seconds,
  decisions.state_observations,
  outcomes.job_status,
  outcomes.job_duration,
  outcomes.queued_seconds,
  outcomes.failure_reason,
  outcomes.runner_failure,
  outcomes.reward,
  outcomes.cost_eur,
  outcomes.finished_at,
  outcomes.received_at AS outcome_received_at,
  outcomes.late AS outcome_late
FROM decisions
LEFT JOIN outcomes
  ON outcomes.instance = decisions.instance
  AND outcomes.project_id = decisions.project_id
  AND outcomes.job_id = decisions.job_id
