-- What would each target policy do with each job, as short as it can be said? A distribution names the arms that have more
-- than `rest`, and gives `rest` to every other arm of the set. Targets:
--   <policy>, <policy>/known    as decided in shadow, over the feasible set or over all known arms. Of older rows, which have
--                               the pick alone, it counts 1: it was drawn before there was an outcome
--   reward-greedy/rescored      the feasible arm with the highest mean spec reward in the other folds
--   model-greedy/rescored       the feasible arm with the highest expected spec reward for the job key (reward_model)
--   logged                      the arm that the job was given to
-- Arms that are as good (to 1e-9: sums come in any order) are taken in the order of their names.
-- Grain: one row per evaluated job, target and named arm; where none is named, one row without an arm.
WITH jobs AS (
  SELECT decision_id, fold, job_key, signature, action, reward_spec
  FROM ci_metrics.evaluation_decisions
),

lists AS (
  SELECT decision_id, signature, JSON_QUERY_ARRAY(choices) AS items
  FROM ci_metrics.evaluation_jobs
  WHERE standing = 'evaluated'
),

distributions AS (
  SELECT decision_id, signature, item
  FROM lists
  CROSS JOIN UNNEST(items) AS item
),

-- Most jobs have distributions that others have, too: each is read once.
read_once AS (
  SELECT
    item,
    CONCAT(JSON_VALUE(item, '$.policy'), IF(JSON_VALUE(item, '$.set') = 'known', '/known', '')) AS target,
    JSON_VALUE(item, '$.version') AS version,
    CAST(JSON_VALUE(item, '$.rest') AS FLOAT64) AS rest,
    IF(JSON_VALUE(item, '$.rest') IS NULL, JSON_VALUE(item, '$.arm'), NULL) AS pick,
    JSON_QUERY_ARRAY(item, '$.probabilities') AS named
  FROM (SELECT DISTINCT item FROM distributions) AS different
),

-- A distribution that names no arm has a row, too; a pick of nothing has none.
told AS (
  SELECT
    item, target, version, rest, pick,
    CASE
      WHEN rest IS NOT NULL AND ARRAY_LENGTH(named) > 0 THEN named
      WHEN rest IS NOT NULL OR pick IS NOT NULL THEN ['{}']
      ELSE JSON_QUERY_ARRAY('[]')
    END AS shares
  FROM read_once
),

named_arms AS (
  SELECT
    item,
    target,
    COALESCE(version, '') AS version,
    IF(rest IS NULL, pick, JSON_VALUE(share, '$.arm')) AS arm,
    IF(rest IS NULL, 1, CAST(JSON_VALUE(share, '$.probability') AS FLOAT64)) AS probability,
    COALESCE(rest, 0) AS rest
  FROM told
  CROSS JOIN UNNEST(shares) AS share
),

shadow_picks AS (
  SELECT
    distributions.decision_id,
    distributions.signature,
    named_arms.target,
    named_arms.version,
    named_arms.arm,
    named_arms.probability,
    named_arms.rest
  FROM distributions
  INNER JOIN named_arms ON named_arms.item = distributions.item
),

arm_sums AS (
  SELECT fold, action AS arm, SUM(reward_spec) AS reward, COUNT(reward_spec) AS jobs
  FROM jobs
  GROUP BY fold, action
),

arm_means AS (
  SELECT folds.fold, arm_sums.arm, SAFE_DIVIDE(SUM(arm_sums.reward), SUM(arm_sums.jobs)) AS mean
  FROM (SELECT DISTINCT fold FROM arm_sums) AS folds
  INNER JOIN arm_sums ON arm_sums.fold <> folds.fold
  GROUP BY folds.fold, arm_sums.arm
),

reward_greedy AS (
  SELECT contexts.fold, contexts.signature, feasible_sets.arm
  FROM (SELECT DISTINCT fold, signature FROM jobs) AS contexts
  INNER JOIN ci_metrics.feasible_sets AS feasible_sets ON feasible_sets.signature = contexts.signature
  LEFT JOIN arm_means ON arm_means.fold = contexts.fold AND arm_means.arm = feasible_sets.arm
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY contexts.fold, contexts.signature
    ORDER BY arm_means.mean IS NULL, ROUND(arm_means.mean, 9) DESC, feasible_sets.arm
  ) = 1
),

model_greedy AS (
  SELECT contexts.fold, contexts.job_key, contexts.signature, feasible_sets.arm
  FROM (SELECT DISTINCT fold, job_key, signature FROM jobs) AS contexts
  INNER JOIN ci_metrics.feasible_sets AS feasible_sets ON feasible_sets.signature = contexts.signature
  INNER JOIN ci_metrics.reward_model AS reward_model
    ON reward_model.fold = contexts.fold
    AND reward_model.job_key = contexts.job_key
    AND reward_model.arm = feasible_sets.arm
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY contexts.fold, contexts.job_key, contexts.signature
    ORDER BY ROUND(reward_model.q_spec, 9) DESC, feasible_sets.arm
  ) = 1
)

SELECT
  picks.decision_id,
  picks.target,
  'shadow' AS decided,
  picks.version,
  picks.arm,
  CAST(picks.probability AS FLOAT64) AS probability,
  CAST(picks.rest AS FLOAT64) AS rest,
  feasible_sets.arm IS NOT NULL AS is_feasible
FROM shadow_picks AS picks
LEFT JOIN ci_metrics.feasible_sets AS feasible_sets
  ON feasible_sets.signature = picks.signature AND feasible_sets.arm = picks.arm
UNION ALL
SELECT
  jobs.decision_id, 'reward-greedy/rescored' AS target, 'rescored' AS decided, '' AS version, reward_greedy.arm,
  CAST(1 AS FLOAT64) AS probability, CAST(0 AS FLOAT64) AS rest, TRUE AS is_feasible
FROM jobs
INNER JOIN reward_greedy ON reward_greedy.fold = jobs.fold AND reward_greedy.signature = jobs.signature
UNION ALL
SELECT
  jobs.decision_id, 'model-greedy/rescored' AS target, 'rescored' AS decided, '' AS version, model_greedy.arm,
  CAST(1 AS FLOAT64) AS probability, CAST(0 AS FLOAT64) AS rest, TRUE AS is_feasible
FROM jobs
INNER JOIN model_greedy
  ON model_greedy.fold = jobs.fold
  AND model_greedy.job_key = jobs.job_key
  AND model_greedy.signature = jobs.signature
UNION ALL
SELECT
  decision_id, 'logged' AS target, 'logged' AS decided, '' AS version, action AS arm,
  CAST(1 AS FLOAT64) AS probability, CAST(0 AS FLOAT64) AS rest, TRUE AS is_feasible
FROM jobs
