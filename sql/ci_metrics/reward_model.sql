-- What is a job of a job key expected to bring on each arm? Means over the other folds, shrunk to wider ones (evaluation.md 2):
--   pk = (S_key + key_weight g) / (n_key + key_weight); q = (S_cell + cell_weight pk) / (n_cell + cell_weight)
-- with g the mean over all of those folds, 0 if there is none. A cell is a job key on an arm. Jobs without the reward do not count.
-- Sums are added up over the other folds, never taken off the whole: nothing is lost by cancellation.
-- Grain: one row per fold, job key and arm that was feasible for a job of them.
WITH cells AS (
  SELECT
    fold, job_key, action AS arm,
    COUNT(reward_spec) AS n_spec, SUM(reward_spec) AS s_spec,
    COUNT(reward_speed) AS n_speed, SUM(reward_speed) AS s_speed,
    COUNT(reward_success) AS n_success, SUM(reward_success) AS s_success,
    COUNT(reward_time_to_result) AS n_time, SUM(reward_time_to_result) AS s_time,
    COUNT(reward_cost) AS n_cost, SUM(reward_cost) AS s_cost
  FROM ci_metrics.evaluation_decisions
  GROUP BY fold, job_key, action
),

folds AS (
  SELECT DISTINCT fold FROM cells
),

other_cells AS (
  SELECT
    folds.fold, cells.job_key, cells.arm,
    SUM(cells.n_spec) AS n_spec, COALESCE(SUM(cells.s_spec), 0) AS s_spec,
    SUM(cells.n_speed) AS n_speed, COALESCE(SUM(cells.s_speed), 0) AS s_speed,
    SUM(cells.n_success) AS n_success, COALESCE(SUM(cells.s_success), 0) AS s_success,
    SUM(cells.n_time) AS n_time, COALESCE(SUM(cells.s_time), 0) AS s_time,
    SUM(cells.n_cost) AS n_cost, COALESCE(SUM(cells.s_cost), 0) AS s_cost
  FROM folds
  INNER JOIN cells ON cells.fold <> folds.fold
  GROUP BY folds.fold, cells.job_key, cells.arm
),

other_keys AS (
  SELECT
    fold, job_key,
    SUM(n_spec) AS n_spec, SUM(s_spec) AS s_spec, SUM(n_speed) AS n_speed, SUM(s_speed) AS s_speed,
    SUM(n_success) AS n_success, SUM(s_success) AS s_success, SUM(n_time) AS n_time, SUM(s_time) AS s_time,
    SUM(n_cost) AS n_cost, SUM(s_cost) AS s_cost
  FROM other_cells
  GROUP BY fold, job_key
),

other_jobs AS (
  SELECT
    fold,
    COALESCE(SAFE_DIVIDE(SUM(s_spec), SUM(n_spec)), 0) AS g_spec,
    COALESCE(SAFE_DIVIDE(SUM(s_speed), SUM(n_speed)), 0) AS g_speed,
    COALESCE(SAFE_DIVIDE(SUM(s_success), SUM(n_success)), 0) AS g_success,
    COALESCE(SAFE_DIVIDE(SUM(s_time), SUM(n_time)), 0) AS g_time,
    COALESCE(SAFE_DIVIDE(SUM(s_cost), SUM(n_cost)), 0) AS g_cost
  FROM other_keys
  GROUP BY fold
),

offers AS (
  SELECT DISTINCT contexts.fold, contexts.job_key, feasible_sets.arm
  FROM (SELECT DISTINCT fold, job_key, signature FROM ci_metrics.evaluation_decisions) AS contexts
  INNER JOIN ci_metrics.feasible_sets AS feasible_sets ON feasible_sets.signature = contexts.signature
),

key_means AS (
  SELECT
    offers.fold,
    offers.job_key,
    offers.arm,
    settings.cell_weight AS w,
    (COALESCE(keys.s_spec, 0) + key_weight * COALESCE(g_spec, 0)) / (COALESCE(keys.n_spec, 0) + key_weight) AS p_spec,
    (COALESCE(keys.s_speed, 0) + key_weight * COALESCE(g_speed, 0)) / (COALESCE(keys.n_speed, 0) + key_weight) AS p_speed,
    (COALESCE(keys.s_success, 0) + key_weight * COALESCE(g_success, 0)) / (COALESCE(keys.n_success, 0) + key_weight)
      AS p_success,
    (COALESCE(keys.s_time, 0) + key_weight * COALESCE(g_time, 0)) / (COALESCE(keys.n_time, 0) + key_weight) AS p_time,
    (COALESCE(keys.s_cost, 0) + key_weight * COALESCE(g_cost, 0)) / (COALESCE(keys.n_cost, 0) + key_weight) AS p_cost
  FROM offers
  CROSS JOIN ci_metrics.evaluation_settings AS settings
  LEFT JOIN other_keys AS keys ON keys.fold = offers.fold AND keys.job_key = offers.job_key
  LEFT JOIN other_jobs ON other_jobs.fold = offers.fold
)

SELECT
  means.fold,
  means.job_key,
  means.arm,
  (COALESCE(cells.s_spec, 0) + w * p_spec) / (COALESCE(cells.n_spec, 0) + w) AS q_spec,
  (COALESCE(cells.s_speed, 0) + w * p_speed) / (COALESCE(cells.n_speed, 0) + w) AS q_speed,
  (COALESCE(cells.s_success, 0) + w * p_success) / (COALESCE(cells.n_success, 0) + w) AS q_success,
  (COALESCE(cells.s_time, 0) + w * p_time) / (COALESCE(cells.n_time, 0) + w) AS q_time_to_result,
  (COALESCE(cells.s_cost, 0) + w * p_cost) / (COALESCE(cells.n_cost, 0) + w) AS q_cost
FROM key_means AS means
LEFT JOIN other_cells AS cells
  ON cells.fold = means.fold AND cells.job_key = means.job_key AND cells.arm = means.arm
