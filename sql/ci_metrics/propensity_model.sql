-- How likely does GitLab give a job of a context to each arm? Only an arm with room asks for work. From the jobs of the other
-- folds that were not routed: how often each arm was taken when it had room, among the feasible arms s; as shares of those
-- with room F; and the shares seen with F alone, and with F and the arm v of the pipeline before, each shrunk to the one before:
--   r(a) = (n(s, a) + c) / (m(s, a) + c k), m: jobs at which a had room; p1 = r(a) / sum of r over F;
--   p2 = (n(s, F, a) + c |F| p1) / (n(s, F) + c |F|); p3 = (n(s, F, v, a) + c |F| p2) / (n(s, F, v) + c |F|);
--   p = (1 - u) p3 + u / |F|
-- with c = propensity_weight, k feasible arms, and u = propensity_uniform_share, which keeps weights bounded; 0 for an arm
-- without room. Where more arms share the jobs, each of them has fewer, so that more are taken from the wider context. No
-- job has a say in its own probability.
-- Grain: one row per fold, context that jobs of it had, and arm of the signature.
WITH picks AS (
  SELECT fold, signature, free_arms, previous_arm, action AS arm, COUNT(*) AS jobs
  FROM ci_metrics.behaviour_contexts
  WHERE NOT is_routed
  GROUP BY fold, signature, free_arms, previous_arm, action
),

-- Which arms the text of free_arms names: those of any job that had them.
examples AS (
  SELECT signature, free_arms, MIN(decision_id) AS decision_id
  FROM ci_metrics.behaviour_contexts
  WHERE NOT is_routed
  GROUP BY signature, free_arms
),

rooms AS (
  SELECT
    examples.signature, examples.free_arms, feasible_sets.feasible_count, feasible_sets.arm,
    full_arms.arm IS NULL AS has_room
  FROM examples
  INNER JOIN ci_metrics.feasible_sets AS feasible_sets ON feasible_sets.signature = examples.signature
  LEFT JOIN ci_metrics.full_arms AS full_arms
    ON full_arms.decision_id = examples.decision_id AND full_arms.arm = feasible_sets.arm
),

contexts AS (
  SELECT
    picks.fold,
    picks.signature,
    picks.free_arms,
    picks.previous_arm,
    rooms.feasible_count,
    rooms.arm,
    rooms.has_room,
    SUM(picks.jobs) AS held_out_jobs,
    SUM(IF(picks.arm = rooms.arm, picks.jobs, 0)) AS held_out_actions
  FROM picks
  INNER JOIN rooms ON rooms.signature = picks.signature AND rooms.free_arms = picks.free_arms
  GROUP BY
    picks.fold, picks.signature, picks.free_arms, picks.previous_arm, rooms.feasible_count, rooms.arm, rooms.has_room
),

-- Counts of the whole log at the three widths; own folds' are taken off. A context without jobs of a fold has no row of it.
wide AS (
  SELECT
    signature, arm, fold,
    SUM(IF(has_room, held_out_jobs, 0)) AS jobs_with_room,
    SUM(held_out_actions) AS actions
  FROM contexts
  GROUP BY signature, arm, fold
),

middle AS (
  SELECT signature, free_arms, arm, fold, SUM(held_out_jobs) AS jobs, SUM(held_out_actions) AS actions
  FROM contexts
  GROUP BY signature, free_arms, arm, fold
),

others AS (
  SELECT
    contexts.*,
    (SELECT propensity_weight FROM ci_metrics.evaluation_settings) AS arm_weight,
    COUNTIF(has_room) OVER (PARTITION BY fold, signature, free_arms, previous_arm) AS free_count,
    SUM(held_out_jobs) OVER (PARTITION BY signature, free_arms, previous_arm, arm) - held_out_jobs AS narrow_jobs,
    SUM(held_out_actions) OVER (PARTITION BY signature, free_arms, previous_arm, arm) - held_out_actions AS narrow_actions
  FROM contexts
),

wide_others AS (
  SELECT
    signature, arm, fold,
    SUM(jobs_with_room) OVER (PARTITION BY signature, arm) - jobs_with_room AS jobs_with_room,
    SUM(actions) OVER (PARTITION BY signature, arm) - actions AS actions
  FROM wide
),

middle_others AS (
  SELECT
    signature, free_arms, arm, fold,
    SUM(jobs) OVER (PARTITION BY signature, free_arms, arm) - jobs AS jobs,
    SUM(actions) OVER (PARTITION BY signature, free_arms, arm) - actions AS actions
  FROM middle
),

rates AS (
  SELECT
    others.*,
    middle_others.jobs AS middle_jobs,
    middle_others.actions AS middle_actions,
    IF(
      has_room,
      (wide_others.actions + arm_weight) / (wide_others.jobs_with_room + arm_weight * feasible_count),
      0
    ) AS rate
  FROM others
  INNER JOIN wide_others
    ON wide_others.signature = others.signature AND wide_others.arm = others.arm AND wide_others.fold = others.fold
  INNER JOIN middle_others
    ON middle_others.signature = others.signature
    AND middle_others.free_arms = others.free_arms
    AND middle_others.arm = others.arm
    AND middle_others.fold = others.fold
),

first_shares AS (
  SELECT *, rate / SUM(rate) OVER (PARTITION BY fold, signature, free_arms, previous_arm) AS p1
  FROM rates
),

second_shares AS (
  SELECT *, (middle_actions + arm_weight * free_count * p1) / (middle_jobs + arm_weight * free_count) AS p2
  FROM first_shares
),

third_shares AS (
  SELECT
    *,
    (narrow_actions + arm_weight * free_count * p2) / (narrow_jobs + arm_weight * free_count) AS p3,
    (SELECT propensity_uniform_share FROM ci_metrics.evaluation_settings) AS uniform_share
  FROM second_shares
)

SELECT
  fold,
  signature,
  free_arms,
  previous_arm,
  arm,
  CAST(held_out_jobs AS INT64) AS held_out_jobs,
  CAST(held_out_actions AS INT64) AS held_out_actions,
  IF(has_room, (1 - uniform_share) * p3 + uniform_share / free_count, 0) AS probability
FROM third_shares
