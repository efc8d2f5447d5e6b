-- What was done with each job that can be evaluated, and what did it bring?
--   spec            1 / (minutes + EUR + 0.1) of a success, as it was recorded; 0 of any other end
--   speed           b / (b + d) of a success, 0 otherwise; b = exp((sum of ln d + w g) / (n + w)) over the n successes of the
--                   job key, g the mean of ln d over all, w = baseline_weight (evaluation.md 1.2)
--   success         1 or 0
--   time_to_result  minutes of waiting and running
--   cost            EUR
-- A canceled job is no success: jobs are canceled because they are slow, and leaving them out would flatter slow runners.
-- Grain: one row per job that ended, that was given to an arm of a known feasible set, and that was decided on in the window.
WITH jobs AS (
  SELECT *, job_status = 'success' AS is_success, IF(job_duration > 0, job_duration, NULL) AS run_seconds
  FROM ci_metrics.evaluation_jobs
  WHERE standing = 'evaluated'
),

job_keys AS (
  SELECT job_key, SUM(LN(run_seconds)) AS log_seconds, COUNT(run_seconds) AS successes
  FROM jobs
  WHERE is_success
  GROUP BY job_key
),

overall AS (
  SELECT SAFE_DIVIDE(SUM(log_seconds), SUM(successes)) AS mean_log_seconds
  FROM job_keys
),

baselines AS (
  SELECT
    job_keys.job_key,
    EXP(
      (COALESCE(job_keys.log_seconds, 0) + settings.baseline_weight * overall.mean_log_seconds)
      / (job_keys.successes + settings.baseline_weight)
    ) AS seconds
  FROM job_keys
  CROSS JOIN overall
  CROSS JOIN ci_metrics.evaluation_settings AS settings
)

SELECT
  jobs.decision_id,
  jobs.instance,
  jobs.project_id,
  jobs.job_id,
  jobs.job_key,
  CONCAT(
    jobs.instance,
    '/',
    CAST(jobs.project_id AS STRING),
    '/',
    COALESCE(
      CAST(COALESCE(jobs.parent_pipeline_id, jobs.pipeline_id) AS STRING),
      CONCAT('job ', CAST(jobs.job_id AS STRING))
    )
  ) AS cluster_id,
  MOD(COALESCE(jobs.parent_pipeline_id, jobs.pipeline_id, jobs.job_id), settings.folds) AS fold,
  jobs.decided_at,
  COALESCE(jobs.started_at, jobs.decided_at) AS started_at,
  jobs.finished_at,
  SUBSTR(CAST(DATE(jobs.decided_at) AS STRING), 1, 7) AS month,
  CAST(DATE(jobs.decided_at) AS STRING) AS day,
  jobs.action,
  jobs.ran_on,
  jobs.is_routed,
  jobs.signature,
  jobs.feasible,
  jobs.feasible_count,
  jobs.recorded_propensity,
  jobs.queued_seconds,
  IF(jobs.is_success, IF(jobs.run_seconds IS NULL, NULL, jobs.reward), 0) AS reward_spec,
  IF(jobs.is_success, baselines.seconds / (baselines.seconds + jobs.run_seconds), 0) AS reward_speed,
  CAST(IF(jobs.is_success, 1, 0) AS FLOAT64) AS reward_success,
  (jobs.queued_seconds + jobs.run_seconds) / 60 AS reward_time_to_result,
  jobs.cost_eur AS reward_cost,
  jobs.attempt
FROM jobs
CROSS JOIN ci_metrics.evaluation_settings AS settings
LEFT JOIN baselines ON baselines.job_key = jobs.job_key
