-- What would each target have brought? Only of a played world, where it is known what each arm makes of each job at its start
-- (potential_outcomes): the mean of sum of pi v over the feasible arms. What waits in a queue is taken as it was logged: each
-- job alone is thought to be elsewhere, as in the estimates.
-- A job of which an arm that the target may pick has no known outcome is left out; infeasible arms bring 0.
-- Grain: one row per target and reward.
WITH outcomes AS (
  SELECT instance, project_id, job_id, arm, reward, success, run_seconds, cost_eur
  FROM ci_metrics.potential_outcomes
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY instance, project_id, job_id, arm ORDER BY started_at, reward, success, run_seconds, cost_eur
  ) = 1
),

jobs AS (
  SELECT DISTINCT decisions.decision_id, decisions.instance, decisions.project_id, decisions.job_id, decisions.queued_seconds
  FROM ci_metrics.evaluation_decisions AS decisions
  INNER JOIN outcomes
    ON outcomes.instance = decisions.instance
    AND outcomes.project_id = decisions.project_id
    AND outcomes.job_id = decisions.job_id
),

rewards AS (
  SELECT 'spec' AS reward_name, FALSE AS is_lower_better
  UNION ALL SELECT 'success' AS reward_name, FALSE AS is_lower_better
  UNION ALL SELECT 'time_to_result' AS reward_name, TRUE AS is_lower_better
  UNION ALL SELECT 'cost' AS reward_name, TRUE AS is_lower_better
),

-- A choice without room was left to GitLab: it brings what the logged action brings.
choices AS (
  SELECT
    choices.decision_id,
    choices.target,
    choices.decided,
    choices.probability,
    choices.is_feasible,
    IF(choices.has_room, choices.arm, decisions.action) AS arm
  FROM ci_metrics.policy_choices AS choices
  INNER JOIN ci_metrics.evaluation_decisions AS decisions ON decisions.decision_id = choices.decision_id
),

parts AS (
  SELECT
    choices.decision_id,
    choices.target,
    choices.decided,
    rewards.reward_name,
    choices.probability,
    CASE
      WHEN NOT choices.is_feasible THEN 0
      WHEN rewards.reward_name = 'spec' THEN outcomes.reward
      WHEN rewards.reward_name = 'success' THEN outcomes.success
      WHEN rewards.reward_name = 'time_to_result' THEN (jobs.queued_seconds + outcomes.run_seconds) / 60
      ELSE outcomes.cost_eur
    END AS expected
  FROM jobs
  INNER JOIN choices ON choices.decision_id = jobs.decision_id
  LEFT JOIN outcomes
    ON outcomes.instance = jobs.instance
    AND outcomes.project_id = jobs.project_id
    AND outcomes.job_id = jobs.job_id
    AND outcomes.arm = choices.arm
  CROSS JOIN rewards
  WHERE NOT (rewards.is_lower_better AND ENDS_WITH(choices.target, '/known'))
),

job_values AS (
  SELECT decision_id, target, decided, reward_name, SUM(probability * expected) AS job_value
  FROM parts
  GROUP BY decision_id, target, decided, reward_name
  HAVING COUNT(*) = COUNT(expected)
)

SELECT
  job_values.target,
  job_values.decided,
  job_values.reward_name,
  COUNT(*) AS jobs,
  AVG(job_values.job_value) AS true_value,
  AVG(job_values.job_value - logged.job_value) AS true_difference
FROM job_values
LEFT JOIN job_values AS logged
  ON logged.decision_id = job_values.decision_id
  AND logged.reward_name = job_values.reward_name
  AND logged.target = 'logged'
GROUP BY job_values.target, job_values.decided, job_values.reward_name
