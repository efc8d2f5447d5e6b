-- What could have run each job, and which of it had no room (full_arms)?
-- Grain: one row per evaluated job and feasible arm.
SELECT
  jobs.decision_id,
  feasible_sets.arm,
  jobs.fold,
  jobs.job_key,
  feasible_sets.arm = jobs.action AS is_action,
  full_arms.arm IS NOT NULL AS is_full
FROM ci_metrics.evaluation_decisions AS jobs
INNER JOIN ci_metrics.feasible_sets AS feasible_sets ON feasible_sets.signature = jobs.signature
LEFT JOIN ci_metrics.full_arms AS full_arms
  ON full_arms.decision_id = jobs.decision_id AND full_arms.arm = feasible_sets.arm
