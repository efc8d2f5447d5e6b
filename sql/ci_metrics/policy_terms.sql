-- What is every estimator of a policy's value a sum of? For a job with the action a, the feasible arms F, the probabilities
-- pi of the target, the propensity p of the action, and the reward r:
--   weight = pi(a) / p + left; feasible = sum of pi over F; model_policy = sum over F of pi q; model_action = q(job key, a)
-- with q of reward_model. A pick that had no room at that moment is left to GitLab, since GitLab can never choose it then and
-- the log says nothing of it: the mass of such arms joins what was done, with the weight 1 and the action's own q.
-- Of a distribution that gives `rest` to every arm that it does not name, each sum over F is that of the rest over all of F,
-- plus what the named arms have beyond it. What was logged is all left to GitLab.
-- Grain: one row per evaluated job, target, reward and source; none without the reward or the propensity.
WITH chances AS (
  SELECT
    decision_id,
    MAX(IF(source = 'recorded', propensity, NULL)) AS recorded,
    MAX(IF(source = 'estimated', propensity, NULL)) AS estimated,
    MAX(IF(source = 'uniform', propensity, NULL)) AS uniform
  FROM ci_metrics.propensities
  GROUP BY decision_id
),

jobs AS (
  SELECT
    decisions.decision_id,
    decisions.cluster_id,
    decisions.month,
    decisions.day,
    decisions.decided_at,
    decisions.fold,
    decisions.job_key,
    decisions.signature,
    decisions.feasible_count,
    decisions.action,
    decisions.reward_spec,
    decisions.reward_speed,
    decisions.reward_success,
    decisions.reward_time_to_result,
    decisions.reward_cost,
    own.q_spec,
    own.q_speed,
    own.q_success,
    own.q_time_to_result,
    own.q_cost,
    chances.recorded,
    chances.estimated,
    chances.uniform
  FROM ci_metrics.evaluation_decisions AS decisions
  INNER JOIN chances ON chances.decision_id = decisions.decision_id
  INNER JOIN ci_metrics.reward_model AS own
    ON own.fold = decisions.fold AND own.job_key = decisions.job_key AND own.arm = decisions.action
),

-- What all feasible arms together are expected to bring.
whole_sets AS (
  SELECT
    contexts.fold,
    contexts.job_key,
    contexts.signature,
    SUM(reward_model.q_spec) AS q_spec,
    SUM(reward_model.q_speed) AS q_speed,
    SUM(reward_model.q_success) AS q_success,
    SUM(reward_model.q_time_to_result) AS q_time_to_result,
    SUM(reward_model.q_cost) AS q_cost
  FROM (SELECT DISTINCT fold, job_key, signature FROM jobs) AS contexts
  INNER JOIN ci_metrics.feasible_sets AS feasible_sets ON feasible_sets.signature = contexts.signature
  INNER JOIN ci_metrics.reward_model AS reward_model
    ON reward_model.fold = contexts.fold
    AND reward_model.job_key = contexts.job_key
    AND reward_model.arm = feasible_sets.arm
  GROUP BY contexts.fold, contexts.job_key, contexts.signature
),

-- What the arms without room are expected to bring together.
full_sets AS (
  SELECT
    full_arms.decision_id,
    COUNT(*) AS full_count,
    SUM(reward_model.q_spec) AS q_spec,
    SUM(reward_model.q_speed) AS q_speed,
    SUM(reward_model.q_success) AS q_success,
    SUM(reward_model.q_time_to_result) AS q_time_to_result,
    SUM(reward_model.q_cost) AS q_cost
  FROM ci_metrics.full_arms AS full_arms
  INNER JOIN jobs ON jobs.decision_id = full_arms.decision_id
  INNER JOIN ci_metrics.reward_model AS reward_model
    ON reward_model.fold = jobs.fold
    AND reward_model.job_key = jobs.job_key
    AND reward_model.arm = full_arms.arm
  GROUP BY full_arms.decision_id
),

-- What the named arms have beyond the rest.
picks AS (
  SELECT
    picks.decision_id,
    picks.target,
    picks.decided,
    picks.rest,
    picks.arm,
    picks.probability - picks.rest AS beyond,
    picks.is_feasible,
    full_arms.arm IS NOT NULL AS is_full,
    IF(picks.is_feasible AND full_arms.arm IS NULL, picks.arm, NULL) AS arm_with_room
  FROM ci_metrics.policy_picks AS picks
  LEFT JOIN ci_metrics.full_arms AS full_arms
    ON full_arms.decision_id = picks.decision_id AND full_arms.arm = picks.arm
  WHERE picks.decided <> 'logged'
),

named AS (
  SELECT
    picks.decision_id,
    picks.target,
    picks.decided,
    MAX(picks.rest) AS rest,
    SUM(IF(picks.arm = jobs.action, beyond, 0)) AS action,
    SUM(IF(picks.is_feasible, beyond, 0)) AS feasible,
    SUM(IF(picks.is_full, beyond, 0)) AS without_room,
    COALESCE(SUM(beyond * reward_model.q_spec), 0) AS q_spec,
    COALESCE(SUM(beyond * reward_model.q_speed), 0) AS q_speed,
    COALESCE(SUM(beyond * reward_model.q_success), 0) AS q_success,
    COALESCE(SUM(beyond * reward_model.q_time_to_result), 0) AS q_time_to_result,
    COALESCE(SUM(beyond * reward_model.q_cost), 0) AS q_cost
  FROM picks
  INNER JOIN jobs ON jobs.decision_id = picks.decision_id
  LEFT JOIN ci_metrics.reward_model AS reward_model
    ON reward_model.fold = jobs.fold
    AND reward_model.job_key = jobs.job_key
    AND reward_model.arm = picks.arm_with_room
  GROUP BY picks.decision_id, picks.target, picks.decided
),

shares AS (
  SELECT
    named.*,
    named.without_room + named.rest * COALESCE(full_sets.full_count, 0) AS left_to_gitlab,
    COALESCE(full_sets.q_spec, 0) AS full_spec,
    COALESCE(full_sets.q_speed, 0) AS full_speed,
    COALESCE(full_sets.q_success, 0) AS full_success,
    COALESCE(full_sets.q_time_to_result, 0) AS full_time_to_result,
    COALESCE(full_sets.q_cost, 0) AS full_cost
  FROM named
  LEFT JOIN full_sets ON full_sets.decision_id = named.decision_id
),

underlying AS (
  SELECT
    jobs.*,
    shares.target,
    shares.decided,
    shares.rest + shares.action AS action_probability,
    shares.left_to_gitlab,
    shares.rest * jobs.feasible_count + shares.feasible AS feasible,
    shares.rest * (whole_sets.q_spec - full_spec) + shares.q_spec + left_to_gitlab * jobs.q_spec AS model_spec,
    shares.rest * (whole_sets.q_speed - full_speed) + shares.q_speed + left_to_gitlab * jobs.q_speed AS model_speed,
    shares.rest * (whole_sets.q_success - full_success) + shares.q_success + left_to_gitlab * jobs.q_success
      AS model_success,
    shares.rest * (whole_sets.q_time_to_result - full_time_to_result) + shares.q_time_to_result
      + left_to_gitlab * jobs.q_time_to_result AS model_time_to_result,
    shares.rest * (whole_sets.q_cost - full_cost) + shares.q_cost + left_to_gitlab * jobs.q_cost AS model_cost
  FROM shares
  INNER JOIN jobs ON jobs.decision_id = shares.decision_id
  INNER JOIN whole_sets
    ON whole_sets.fold = jobs.fold AND whole_sets.job_key = jobs.job_key AND whole_sets.signature = jobs.signature
  UNION ALL
  SELECT
    jobs.*,
    'logged' AS target,
    'logged' AS decided,
    CAST(0 AS FLOAT64) AS action_probability,
    CAST(1 AS FLOAT64) AS left_to_gitlab,
    CAST(1 AS FLOAT64) AS feasible,
    jobs.q_spec AS model_spec,
    jobs.q_speed AS model_speed,
    jobs.q_success AS model_success,
    jobs.q_time_to_result AS model_time_to_result,
    jobs.q_cost AS model_cost
  FROM jobs
),

rewards AS (
  SELECT 'spec' AS reward_name, FALSE AS is_lower_better
  UNION ALL SELECT 'speed' AS reward_name, FALSE AS is_lower_better
  UNION ALL SELECT 'success' AS reward_name, FALSE AS is_lower_better
  UNION ALL SELECT 'time_to_result' AS reward_name, TRUE AS is_lower_better
  UNION ALL SELECT 'cost' AS reward_name, TRUE AS is_lower_better
),

terms AS (
  SELECT
    underlying.decision_id,
    underlying.cluster_id,
    underlying.month,
    underlying.day,
    underlying.decided_at,
    underlying.target,
    underlying.decided,
    rewards.reward_name,
    sources.source,
    underlying.action_probability,
    underlying.left_to_gitlab,
    CASE sources.source WHEN 'recorded' THEN recorded WHEN 'estimated' THEN estimated ELSE uniform END AS propensity,
    CASE rewards.reward_name
      WHEN 'spec' THEN reward_spec
      WHEN 'speed' THEN reward_speed
      WHEN 'success' THEN reward_success
      WHEN 'time_to_result' THEN reward_time_to_result
      ELSE reward_cost
    END AS reward,
    underlying.feasible,
    CASE rewards.reward_name
      WHEN 'spec' THEN model_spec
      WHEN 'speed' THEN model_speed
      WHEN 'success' THEN model_success
      WHEN 'time_to_result' THEN model_time_to_result
      ELSE model_cost
    END AS model_policy,
    CASE rewards.reward_name
      WHEN 'spec' THEN q_spec
      WHEN 'speed' THEN q_speed
      WHEN 'success' THEN q_success
      WHEN 'time_to_result' THEN q_time_to_result
      ELSE q_cost
    END AS model_action
  FROM underlying
  CROSS JOIN rewards
  CROSS JOIN (
    SELECT 'recorded' AS source UNION ALL SELECT 'estimated' AS source UNION ALL SELECT 'uniform' AS source
  ) AS sources
  WHERE NOT (rewards.is_lower_better AND ENDS_WITH(underlying.target, '/known'))
)

SELECT
  decision_id,
  cluster_id,
  month,
  day,
  decided_at,
  target,
  decided,
  reward_name,
  source,
  action_probability / propensity + left_to_gitlab AS weight,
  reward,
  feasible,
  model_policy,
  model_action,
  left_to_gitlab
FROM terms
WHERE reward IS NOT NULL AND propensity IS NOT NULL
