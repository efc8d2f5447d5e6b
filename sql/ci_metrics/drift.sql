-- Does an arm still do what it did? Each week of an arm against all weeks before it.
-- Log speed ln(baseline / duration) of the successes, which is free of the job mix, and the share of successes. Standard
-- errors are CR1 by pipeline: of Σ y / Σ n over pipelines, G/(G−1) Σ (y_g − mean n_g)² / n². z is their difference over
-- its standard error; beyond 4 it is drift: of a thousand weeks that are like those before them one looks otherwise.
-- Source: evaluation_decisions. Grain: one row per arm and week of 7 days since 1970-01-01, a Thursday.
WITH limits AS (
  SELECT
    -- Seven days, in milliseconds.
    604800000 AS week_ms,
    -- A job that took a thousandth of its usual time, or a thousand times it, did something else.
    1000 AS most_factor,
    -- With fewer pipelines on a side z has too thick tails for a bound.
    20 AS fewest_pipelines,
    4 AS most_z,
    -- What is smaller against its parts is the rounding of these.
    1e-12 AS rounding
),

jobs AS (
  SELECT
    decisions.action AS arm,
    CAST(FLOOR(UNIX_MILLIS(decisions.started_at) / limits.week_ms) AS INT64) AS week,
    decisions.cluster_id,
    decisions.reward_success AS success,
    -- reward_speed = b / (b + d), so that ln(b / d) = ln(reward_speed / (1 − reward_speed)).
    IF(
      decisions.reward_success = 1 AND decisions.reward_speed IS NOT NULL,
      LEAST(GREATEST(decisions.reward_speed, 1 / (1 + limits.most_factor)), limits.most_factor / (1 + limits.most_factor)),
      NULL
    ) AS speed
  FROM ci_metrics.evaluation_decisions AS decisions
  CROSS JOIN limits
),

-- Both measures in one pass over the jobs.
pipelines AS (
  SELECT
    arm,
    week,
    cluster_id,
    COUNT(*) AS success_jobs,
    SUM(success) AS success,
    COUNT(speed) AS speed_jobs,
    SUM(LN(speed / (1 - speed))) AS log_speed
  FROM jobs
  GROUP BY arm, week, cluster_id
),

measures AS (
  SELECT 'success' AS measure
  UNION ALL
  SELECT 'speed' AS measure
),

measured AS (
  SELECT
    pipelines.arm,
    pipelines.week,
    measures.measure,
    IF(measures.measure = 'success', pipelines.success_jobs, pipelines.speed_jobs) AS jobs,
    IF(measures.measure = 'success', pipelines.success, pipelines.log_speed) AS total
  FROM pipelines
  CROSS JOIN measures
),

weeks AS (
  SELECT
    arm,
    week,
    measure,
    COUNT(*) AS pipelines,
    CAST(SUM(jobs) AS INT64) AS jobs,
    SUM(total) AS total,
    SUM(total * total) AS total_squared,
    SUM(total * jobs) AS total_jobs,
    SUM(jobs * jobs) AS jobs_squared
  FROM measured
  WHERE jobs > 0
  GROUP BY arm, week, measure
),

-- The same sums, of the week and of all weeks before.
periods AS (
  SELECT arm, week, measure, 'week' AS period, pipelines, jobs, total, total_squared, total_jobs, jobs_squared
  FROM weeks
  UNION ALL
  SELECT
    arm,
    week,
    measure,
    'before' AS period,
    SUM(pipelines) OVER before AS pipelines,
    CAST(SUM(jobs) OVER before AS INT64) AS jobs,
    SUM(total) OVER before AS total,
    SUM(total_squared) OVER before AS total_squared,
    SUM(total_jobs) OVER before AS total_jobs,
    SUM(jobs_squared) OVER before AS jobs_squared
  FROM weeks
  WINDOW before AS (
    PARTITION BY arm, measure
    ORDER BY week
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  )
),

means AS (
  SELECT *, total / jobs AS mean
  FROM periods
  WHERE jobs IS NOT NULL
),

spreads AS (
  SELECT
    means.arm,
    means.week,
    means.measure,
    means.period,
    means.pipelines,
    means.jobs,
    means.mean,
    -- Σ (total − mean jobs)²
    means.total_squared - 2 * means.mean * means.total_jobs + means.mean * means.mean * means.jobs_squared AS spread,
    limits.rounding * (means.total_squared + means.mean * means.mean * means.jobs_squared) AS least_spread
  FROM means
  CROSS JOIN limits
),

errors AS (
  SELECT
    arm,
    week,
    measure,
    period,
    pipelines,
    jobs,
    mean,
    SAFE_DIVIDE(pipelines, pipelines - 1) * IF(spread <= least_spread, 0, spread) / (jobs * jobs) AS variance
  FROM spreads
),

compared AS (
  SELECT
    now.arm,
    now.week,
    now.measure,
    now.jobs,
    now.mean,
    IF(
      ABS(now.mean - earlier.mean) <= limits.rounding * (ABS(now.mean) + ABS(earlier.mean)),
      0,
      now.mean - earlier.mean
    ) AS difference,
    SQRT(now.variance + earlier.variance) AS standard_error,
    now.pipelines >= limits.fewest_pipelines AND earlier.pipelines >= limits.fewest_pipelines AS is_enough
  FROM errors AS now
  CROSS JOIN limits
  LEFT JOIN errors AS earlier
    ON earlier.arm = now.arm
    AND earlier.week = now.week
    AND earlier.measure = now.measure
    AND earlier.period = 'before'
  WHERE now.period = 'week'
),

judged AS (
  SELECT
    arm,
    week,
    measure,
    jobs,
    mean,
    difference,
    standard_error,
    IF(is_enough, SAFE_DIVIDE(difference, standard_error), NULL) AS z
  FROM compared
)

SELECT
  success.arm,
  CAST(DATE(TIMESTAMP_SECONDS(success.week * 7 * 86400)) AS STRING) AS week,
  success.jobs,
  COALESCE(speed.jobs, 0) AS successes,
  speed.mean AS log_speed,
  speed.difference AS log_speed_difference,
  speed.standard_error AS log_speed_se,
  speed.z AS log_speed_z,
  success.mean AS success_rate,
  success.difference AS success_rate_difference,
  success.standard_error AS success_rate_se,
  success.z AS success_rate_z,
  COALESCE(ABS(speed.z) > limits.most_z, FALSE) OR COALESCE(ABS(success.z) > limits.most_z, FALSE) AS is_drift
FROM judged AS success
CROSS JOIN limits
LEFT JOIN judged AS speed
  ON speed.arm = success.arm AND speed.week = success.week AND speed.measure = 'speed'
WHERE success.measure = 'success'
