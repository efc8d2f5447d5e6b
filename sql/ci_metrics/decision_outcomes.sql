-- What would each policy have picked for a job, and what became of it where GitLab ran it?
-- Of the decisions on a job the one made at its start counts, else the late one; of one decision written twice
-- the first. The actual runner is the one that ended the job, as far as known: a start may not name it, or name one
-- that lost the job again. Grain: one row per job that was decided on. The outcome is NULL while the job runs.
-- A routed job has the newest recommendation of its job key that the pipeline which started its own asked for before it
-- began, if that one routed it; or the one that its own report names. (The tags of the asking pipeline's own jobs were
-- fixed before.) Two GitLab instances may have projects and pipelines of the same number; of answers from before the
-- instance was recorded it is not asked.
WITH decisions AS (
  SELECT *
  FROM ci_metrics.runner_decisions
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY instance, project_id, job_id
    ORDER BY decided_late, decided_at, decision_id, state_observations
  ) = 1
),

-- The same ones, for answers: an engine that keeps what is read several times keeps these few columns.
asked AS (
  SELECT
    instance, project_id, job_id, job_key, parent_pipeline_id, COALESCE(started_at, decided_at) AS began_at
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
),

-- What was answered about a job: to the pipeline that started its own, and what its report names. Clocks differ: what was
-- asked within a minute after the job began counts where nothing was asked before.
answers AS (
  SELECT
    asked.instance,
    asked.project_id,
    asked.job_id,
    recommendations.decision_id,
    FALSE AS is_reported,
    recommendations.decided_at <= asked.began_at AS is_before
  FROM asked
  INNER JOIN ci_metrics.recommendations
    ON recommendations.project_id = asked.project_id
    AND recommendations.pipeline_id = asked.parent_pipeline_id
    AND recommendations.job_key = asked.job_key
    AND (recommendations.instance = asked.instance OR recommendations.instance IS NULL)
  WHERE UNIX_MILLIS(recommendations.decided_at) <= UNIX_MILLIS(asked.began_at) + 60000
  UNION ALL
  SELECT asked.instance, asked.project_id, asked.job_id, recommendations.decision_id, TRUE, TRUE
  FROM asked
  INNER JOIN outcomes
    ON outcomes.instance = asked.instance
    AND outcomes.project_id = asked.project_id
    AND outcomes.job_id = asked.job_id
  INNER JOIN ci_metrics.recommendations
    ON recommendations.decision_id = outcomes.routing_decision_id
    AND recommendations.project_id = asked.project_id
    AND recommendations.job_key = asked.job_key
    AND (recommendations.instance = asked.instance OR recommendations.instance IS NULL)
),

-- The last word on a job, once however often it was written; whether it routed is asked of that one alone.
last_answers AS (
  SELECT
    answers.instance,
    answers.project_id,
    answers.job_id,
    recommendations.decision_id,
    recommendations.routed,
    recommendations.arm,
    recommendations.propensity,
    recommendations.policy,
    recommendations.mode,
    recommendations.canary_group,
    recommendations.choice_set_id
  FROM answers
  INNER JOIN ci_metrics.recommendations ON recommendations.decision_id = answers.decision_id
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY answers.instance, answers.project_id, answers.job_id
    ORDER BY answers.is_reported DESC, answers.is_before DESC, recommendations.decided_at DESC, answers.decision_id
  ) = 1
),

routings AS (
  SELECT *
  FROM last_answers
  WHERE routed AND arm IS NOT NULL
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
  outcomes.late AS outcome_late,
  decisions.parent_pipeline_id,
  routings.decision_id AS routed_decision_id,
  routings.arm AS routed_runner,
  routings.propensity AS routed_propensity,
  routings.policy AS routed_policy,
  routings.mode AS routed_mode,
  routings.canary_group AS routed_canary_group,
  routings.arm = COALESCE(outcomes.arm, decisions.actual_runner) AS landed_as_routed,
  decisions.attempt,
  decisions.seed,
  decisions.started_at,
  routings.choice_set_id AS routed_choice_set_id
FROM decisions
LEFT JOIN outcomes
  ON outcomes.instance = decisions.instance
  AND outcomes.project_id = decisions.project_id
  AND outcomes.job_id = decisions.job_id
LEFT JOIN routings
  ON routings.instance = decisions.instance
  AND routings.project_id = decisions.project_id
  AND routings.job_id = decisions.job_id
