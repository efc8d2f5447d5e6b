-- With which probability was each job given to the arm that it was given to? Exact where it was drawn by us. Of GitLab's own
-- picks it is estimated, or assumed to be the same for every feasible arm; propensity_check tests both.
-- Grain: one row per evaluated job and source.
WITH jobs AS (
  SELECT
    contexts.decision_id,
    contexts.is_routed,
    contexts.recorded_propensity,
    propensity_model.probability AS estimated,
    1 / contexts.feasible_count AS uniform
  FROM ci_metrics.behaviour_contexts AS contexts
  LEFT JOIN ci_metrics.propensity_model AS propensity_model
    ON propensity_model.fold = contexts.fold
    AND propensity_model.signature = contexts.signature
    AND propensity_model.free_arms = contexts.free_arms
    AND propensity_model.previous_arm = contexts.previous_arm
    AND propensity_model.arm = contexts.action
),

by_source AS (
  SELECT
    jobs.decision_id,
    sources.source,
    CASE
      WHEN jobs.is_routed THEN jobs.recorded_propensity
      WHEN sources.source = 'estimated' THEN jobs.estimated
      WHEN sources.source = 'uniform' THEN jobs.uniform
    END AS propensity,
    jobs.is_routed AS is_recorded
  FROM jobs
  CROSS JOIN (
    SELECT 'recorded' AS source UNION ALL SELECT 'estimated' AS source UNION ALL SELECT 'uniform' AS source
  ) AS sources
)

SELECT decision_id, source, propensity, is_recorded
FROM by_source
WHERE propensity > 0 AND propensity <= 1
