-- Which jobs can be evaluated, and what stands against the others? Of every job of the window the first reason that holds.
-- A routed job was given an arm out of the choice set of its recommendation, so that set counts for it, and the arm that
-- it was told, wherever it ran (intention to treat). Jobs whose tags are not known have a feasible set that hangs on the
-- runner that took them: what else could have run them is not known.
-- Grain: one row per job that was decided on in the window.
WITH choice_sets AS (
  SELECT choice_set_id, feasible, choices
  FROM ci_metrics.choice_sets
  QUALIFY ROW_NUMBER() OVER (PARTITION BY choice_set_id ORDER BY made_at, policy_version, feasible, choices) = 1
),

-- The names of the feasible arms alone, as a JSON list. The pattern takes JSON's texts, with what is escaped in them; it
-- has no backslash, which the engines read differently in a literal: [[-^] is one of [ \ ] ^.
jobs AS (
  SELECT
    outcomes.decision_id,
    outcomes.instance,
    outcomes.project_id,
    outcomes.job_id,
    outcomes.job_key,
    outcomes.pipeline_id,
    outcomes.parent_pipeline_id,
    outcomes.decided_at,
    outcomes.started_at,
    outcomes.finished_at,
    COALESCE(outcomes.routed_runner, outcomes.actual_runner) AS action,
    outcomes.actual_runner AS ran_on,
    outcomes.routed_decision_id IS NOT NULL AS is_routed,
    outcomes.tags_source,
    CONCAT(
      '[',
      ARRAY_TO_STRING(
        REGEXP_EXTRACT_ALL(
          IF(outcomes.routed_decision_id IS NULL, outcomes.feasible, COALESCE(choice_sets.feasible, '')),
          '"arm": *("(?:[^"[-^]|[][^]|[[-^].)*")'
        ),
        ','
      ),
      ']'
    ) AS feasible,
    IF(outcomes.routed_decision_id IS NULL, outcomes.choices, choice_sets.choices) AS choices,
    outcomes.routed_propensity,
    outcomes.job_status,
    outcomes.job_duration,
    outcomes.queued_seconds,
    outcomes.reward,
    outcomes.cost_eur,
    outcomes.attempt
  FROM ci_metrics.decision_outcomes AS outcomes
  CROSS JOIN ci_metrics.evaluation_settings AS settings
  LEFT JOIN choice_sets ON choice_sets.choice_set_id = outcomes.routed_choice_set_id
  WHERE outcomes.decided_at >= settings.from_at AND outcomes.decided_at < settings.to_at
),

-- There are few different lists.
lists AS (
  SELECT feasible, JSON_QUERY_ARRAY(feasible) AS names
  FROM (SELECT DISTINCT feasible FROM jobs)
),

members AS (
  SELECT DISTINCT feasible, JSON_VALUE(name, '$') AS arm
  FROM lists
  CROSS JOIN UNNEST(names) AS name
),

-- What separates names is escaped in them: "a,b" alone is another set than "a" and "b".
feasible_sets AS (
  SELECT
    feasible,
    STRING_AGG(REPLACE(REPLACE(arm, '%', '%25'), ',', '%2C'), ',' ORDER BY arm) AS signature,
    COUNT(*) AS feasible_count
  FROM members
  GROUP BY feasible
)

SELECT
  jobs.decision_id,
  jobs.instance,
  jobs.project_id,
  jobs.job_id,
  jobs.job_key,
  jobs.pipeline_id,
  jobs.parent_pipeline_id,
  jobs.decided_at,
  jobs.started_at,
  jobs.finished_at,
  CASE
    WHEN jobs.job_status IS NULL THEN 'running'
    WHEN jobs.action IS NULL THEN 'no_arm'
    WHEN NOT jobs.is_routed AND jobs.tags_source = 'unknown' THEN 'tags_unknown'
    WHEN feasible_sets.signature IS NULL OR COALESCE(jobs.choices, '[]') = '[]' THEN 'no_choices'
    WHEN members.arm IS NULL THEN 'action_not_feasible'
    ELSE 'evaluated'
  END AS standing,
  jobs.action,
  jobs.ran_on,
  jobs.is_routed,
  feasible_sets.signature,
  jobs.feasible,
  COALESCE(feasible_sets.feasible_count, 0) AS feasible_count,
  jobs.choices,
  jobs.routed_propensity AS recorded_propensity,
  jobs.job_status,
  jobs.job_duration,
  jobs.queued_seconds,
  jobs.reward,
  jobs.cost_eur,
  jobs.attempt
FROM jobs
LEFT JOIN feasible_sets ON feasible_sets.feasible = jobs.feasible
LEFT JOIN members ON members.feasible = jobs.feasible AND members.arm = jobs.action
