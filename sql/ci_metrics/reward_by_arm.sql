-- Which arm earns more, once it is taken into account which jobs it was given?
-- A raw mean compares arms on different jobs (Simpson's paradox). The adjusted difference compares an arm with the others
-- on the same job keys alone: Σ_j ω_j (mean_ja − mean_j,others) / Σ_j ω_j, ω_j = n_ja n_j,others / n_j. It is the least
-- squares estimate of an arm's effect beside one effect of each job key. Its standard error is CR1 over blocks of whole
-- pipelines, whose jobs are not independent. It says nothing of why GitLab gave a job of that key to that arm: an estimate
-- of a policy's value is policy_value. Source: evaluation_decisions. Grain: one row per arm and reward.
WITH limits AS (
  SELECT
    -- Blocks of pipelines are independent of each other, as pipelines are; with 50 a t quantile is within 3 % of the normal
    -- one, and what has to be added up does not grow with the log.
    50 AS blocks,
    -- What is smaller against its parts is the rounding of these.
    1e-12 AS rounding
),

jobs AS (
  SELECT
    decisions.job_key,
    decisions.action AS arm,
    MOD(COALESCE(CAST(NULLIF(REGEXP_EXTRACT(decisions.cluster_id, '[0-9]+$'), '') AS INT64), 0), limits.blocks) AS block,
    decisions.reward_spec,
    decisions.reward_speed,
    decisions.reward_success,
    decisions.reward_time_to_result,
    decisions.reward_cost
  FROM ci_metrics.evaluation_decisions AS decisions
  CROSS JOIN limits
),

-- All rewards in one pass over the jobs; what follows is of cells.
sums AS (
  SELECT
    job_key,
    arm,
    block,
    COUNT(reward_spec) AS spec_jobs,
    SUM(reward_spec) AS spec,
    COUNT(reward_speed) AS speed_jobs,
    SUM(reward_speed) AS speed,
    COUNT(reward_success) AS success_jobs,
    SUM(reward_success) AS success,
    COUNT(reward_time_to_result) AS time_to_result_jobs,
    SUM(reward_time_to_result) AS time_to_result,
    COUNT(reward_cost) AS cost_jobs,
    SUM(reward_cost) AS cost
  FROM jobs
  GROUP BY job_key, arm, block
),

block_cells AS (
  SELECT 'spec' AS reward_name, job_key, arm, block, spec_jobs AS jobs, spec AS total
  FROM sums
  WHERE spec_jobs > 0
  UNION ALL
  SELECT 'speed' AS reward_name, job_key, arm, block, speed_jobs AS jobs, speed AS total
  FROM sums
  WHERE speed_jobs > 0
  UNION ALL
  SELECT 'success' AS reward_name, job_key, arm, block, success_jobs AS jobs, success AS total
  FROM sums
  WHERE success_jobs > 0
  UNION ALL
  SELECT 'time_to_result' AS reward_name, job_key, arm, block, time_to_result_jobs AS jobs, time_to_result AS total
  FROM sums
  WHERE time_to_result_jobs > 0
  UNION ALL
  SELECT 'cost' AS reward_name, job_key, arm, block, cost_jobs AS jobs, cost AS total
  FROM sums
  WHERE cost_jobs > 0
),

block_keys AS (
  SELECT reward_name, job_key, block, SUM(jobs) AS jobs, SUM(total) AS total
  FROM block_cells
  GROUP BY reward_name, job_key, block
),

cells AS (
  SELECT reward_name, job_key, arm, SUM(jobs) AS jobs, SUM(total) AS total
  FROM block_cells
  GROUP BY reward_name, job_key, arm
),

job_keys AS (
  SELECT reward_name, job_key, SUM(jobs) AS jobs, SUM(total) AS total
  FROM cells
  GROUP BY reward_name, job_key
),

-- Job keys that the arm shares with others: share = n_ja / n_j; contrast = ω_j (mean_ja − mean_j,others).
shared AS (
  SELECT
    cells.reward_name,
    cells.job_key,
    cells.arm,
    cells.jobs AS arm_jobs,
    job_keys.jobs AS key_jobs,
    cells.jobs / job_keys.jobs AS share,
    job_keys.total / job_keys.jobs AS key_mean,
    cells.jobs * (job_keys.jobs - cells.jobs) / job_keys.jobs AS weight,
    (cells.total * job_keys.jobs - cells.jobs * job_keys.total) / job_keys.jobs AS contrast,
    ABS(cells.total) + cells.jobs * ABS(job_keys.total) / job_keys.jobs AS magnitude
  FROM cells
  INNER JOIN job_keys ON job_keys.reward_name = cells.reward_name AND job_keys.job_key = cells.job_key
  WHERE job_keys.jobs > cells.jobs
),

effects AS (
  SELECT
    reward_name,
    arm,
    CAST(SUM(arm_jobs) AS INT64) AS shared_jobs,
    SUM(key_jobs) - COUNT(*) - 1 AS degrees,
    SUM(weight) AS weight,
    SUM(magnitude) AS magnitude,
    SUM(contrast) / SUM(weight) AS difference
  FROM shared
  GROUP BY reward_name, arm
),

-- Of a block Σ (D − share)(y − key_mean − difference (D − share)), D being 1 of the arm's own jobs, else 0.
scores AS (
  SELECT
    shared.reward_name,
    shared.arm,
    block_keys.block,
    SUM(
      COALESCE(block_cells.total, 0)
      - shared.share * block_keys.total
      - shared.key_mean * (COALESCE(block_cells.jobs, 0) - shared.share * block_keys.jobs)
      - effects.difference * (
        COALESCE(block_cells.jobs, 0) * (1 - 2 * shared.share) + shared.share * shared.share * block_keys.jobs
      )
    ) AS score
  FROM shared
  INNER JOIN effects ON effects.reward_name = shared.reward_name AND effects.arm = shared.arm
  INNER JOIN block_keys ON block_keys.reward_name = shared.reward_name AND block_keys.job_key = shared.job_key
  LEFT JOIN block_cells
    ON block_cells.reward_name = shared.reward_name
    AND block_cells.job_key = shared.job_key
    AND block_cells.arm = shared.arm
    AND block_cells.block = block_keys.block
  GROUP BY shared.reward_name, shared.arm, block_keys.block
),

errors AS (
  SELECT
    reward_name,
    arm,
    -- One block tells nothing of how blocks differ.
    SQRT(SAFE_DIVIDE(COUNT(*), COUNT(*) - 1) * SUM(score * score)) AS total_error
  FROM scores
  GROUP BY reward_name, arm
),

arms AS (
  SELECT reward_name, arm, CAST(SUM(jobs) AS INT64) AS jobs, SUM(total) / SUM(jobs) AS raw_mean
  FROM cells
  GROUP BY reward_name, arm
),

means AS (
  SELECT reward_name, SUM(jobs) AS jobs, SUM(total) / SUM(jobs) AS mean
  FROM cells
  GROUP BY reward_name
),

adjusted AS (
  SELECT
    effects.reward_name,
    effects.arm,
    effects.shared_jobs,
    IF(ABS(effects.difference) * effects.weight <= limits.rounding * effects.magnitude, 0, effects.difference)
      AS difference,
    -- As many effects as jobs fit anything: there is no error to be seen.
    CASE
      WHEN effects.degrees < 1 THEN NULL
      -- A root halves the digits.
      WHEN errors.total_error <= SQRT(limits.rounding) * effects.magnitude THEN 0
      ELSE errors.total_error / effects.weight
    END AS standard_error
  FROM effects
  INNER JOIN errors ON errors.reward_name = effects.reward_name AND errors.arm = effects.arm
  CROSS JOIN limits
)

SELECT
  arms.arm,
  arms.reward_name,
  arms.jobs,
  arms.raw_mean,
  COALESCE(adjusted.shared_jobs, 0) AS shared_jobs,
  adjusted.difference AS adjusted_difference,
  adjusted.standard_error AS adjusted_se,
  means.mean + adjusted.difference * (1 - arms.jobs / means.jobs) AS adjusted_mean
FROM arms
INNER JOIN means ON means.reward_name = arms.reward_name
LEFT JOIN adjusted ON adjusted.reward_name = arms.reward_name AND adjusted.arm = arms.arm
