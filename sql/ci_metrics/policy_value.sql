-- What would a job have got, had the target policy chosen its arm? By eight estimators, from the sums of
-- policy_clusters: with n jobs, W = sum w and P = sum m / n: ips = sum w r / n; clipped_ips with w cut; snips = P sum w
-- r / W (P: a pick that is not feasible earns nothing); dm = sum model / n; dr = dm + sum w (r - q) / n; switch_dr the
-- same without the weights above the limit; sndr = dm + P sum w (r - q) / W; naive_match, the mean reward where w > 0,
-- is biased, and is there to be seen beside the others. Standard errors are cluster-robust (CR1), from the linear part
-- of each estimate; intervals take Student's t with G - 1 degrees (Cornish and Fisher; Abramowitz and Stegun 26.7.5),
-- and, to be looked at any time, the asymptotic confidence sequence of Waudby-Smith et al. (2021), here over clusters.
-- Grain: one row per target, reward, source, period and estimator.
WITH clusters AS (
  SELECT
    target, decided, reward_name, source, period, jobs, weight, weight_squared, max_weight, ips, clipped, feasible,
    model, residual, switched, matched, matched_reward
  FROM ci_metrics.policy_clusters
),

-- Over all clusters: the estimates, the mean of the matched rewards by weight, and that of their residuals.
totals AS (
  SELECT
    target,
    decided,
    reward_name,
    source,
    period,
    CAST(SUM(jobs) AS INT64) AS jobs,
    COUNT(*) AS clusters,
    SUM(weight) AS weight,
    SUM(weight_squared) AS weight_squared,
    MAX(max_weight) AS max_weight,
    SUM(feasible) / SUM(jobs) AS feasible_share,
    SAFE_DIVIDE(SUM(jobs), SUM(weight)) AS jobs_per_weight,
    SAFE_DIVIDE(SUM(jobs), SUM(matched)) AS jobs_per_match,
    SAFE_DIVIDE(SUM(matched_reward), SUM(matched)) AS naive_match,
    SUM(ips) / SUM(jobs) AS ips,
    SUM(clipped) / SUM(jobs) AS clipped_ips,
    SAFE_DIVIDE(SUM(ips), SUM(weight)) AS weighted_reward,
    SUM(model) / SUM(jobs) AS dm,
    (SUM(model) + SUM(residual)) / SUM(jobs) AS dr,
    SAFE_DIVIDE(SUM(residual), SUM(weight)) AS weighted_residual,
    (SUM(model) + SUM(switched)) / SUM(jobs) AS switch_dr
  FROM clusters
  GROUP BY target, decided, reward_name, source, period
),

-- How far each cluster moves each estimate, times the number of jobs: the linear part of the estimate.
influences AS (
  SELECT
    clusters.target,
    clusters.reward_name,
    clusters.source,
    clusters.period,
    (clusters.matched_reward - totals.naive_match * clusters.matched) * totals.jobs_per_match AS naive_match,
    clusters.ips - clusters.jobs * totals.ips AS ips,
    clusters.clipped - clusters.jobs * totals.clipped_ips AS clipped_ips,
    totals.weighted_reward * (clusters.feasible - clusters.jobs * totals.feasible_share)
      + totals.feasible_share * (clusters.ips - totals.weighted_reward * clusters.weight) * totals.jobs_per_weight
      AS snips,
    clusters.model - clusters.jobs * totals.dm AS dm,
    clusters.model + clusters.residual - clusters.jobs * totals.dr AS dr,
    clusters.model - clusters.jobs * totals.dm
      + totals.weighted_residual * (clusters.feasible - clusters.jobs * totals.feasible_share)
      + totals.feasible_share * (clusters.residual - totals.weighted_residual * clusters.weight)
        * totals.jobs_per_weight
      AS sndr,
    clusters.model + clusters.switched - clusters.jobs * totals.switch_dr AS switch_dr
  FROM clusters
  INNER JOIN totals
    ON totals.target = clusters.target
    AND totals.reward_name = clusters.reward_name
    AND totals.source = clusters.source
    AND totals.period = clusters.period
),

squares AS (
  SELECT
    target,
    reward_name,
    source,
    period,
    SUM(naive_match * naive_match) AS naive_match,
    SUM(ips * ips) AS ips,
    SUM(clipped_ips * clipped_ips) AS clipped_ips,
    SUM(snips * snips) AS snips,
    SUM(dm * dm) AS dm,
    SUM(dr * dr) AS dr,
    SUM(sndr * sndr) AS sndr,
    SUM(switch_dr * switch_dr) AS switch_dr
  FROM influences
  GROUP BY target, reward_name, source, period
),

estimators AS (
  SELECT 'naive_match' AS estimator
  UNION ALL SELECT 'ips'
  UNION ALL SELECT 'clipped_ips'
  UNION ALL SELECT 'snips'
  UNION ALL SELECT 'dm'
  UNION ALL SELECT 'dr'
  UNION ALL SELECT 'sndr'
  UNION ALL SELECT 'switch_dr'
),

estimates AS (
  SELECT
    totals.target,
    totals.decided,
    totals.reward_name,
    totals.source,
    totals.period,
    estimators.estimator,
    totals.jobs,
    totals.clusters,
    CASE estimators.estimator
      WHEN 'naive_match' THEN totals.naive_match
      WHEN 'ips' THEN totals.ips
      WHEN 'clipped_ips' THEN totals.clipped_ips
      WHEN 'snips' THEN totals.feasible_share * totals.weighted_reward
      WHEN 'dm' THEN totals.dm
      WHEN 'dr' THEN totals.dr
      WHEN 'sndr' THEN totals.dm + totals.feasible_share * totals.weighted_residual
      WHEN 'switch_dr' THEN totals.switch_dr
    END AS value,
    CASE estimators.estimator
      WHEN 'naive_match' THEN squares.naive_match
      WHEN 'ips' THEN squares.ips
      WHEN 'clipped_ips' THEN squares.clipped_ips
      WHEN 'snips' THEN squares.snips
      WHEN 'dm' THEN squares.dm
      WHEN 'dr' THEN squares.dr
      WHEN 'sndr' THEN squares.sndr
      WHEN 'switch_dr' THEN squares.switch_dr
    END AS sum_of_squares,
    totals.weight / totals.jobs AS mean_weight,
    totals.max_weight,
    SAFE_DIVIDE(totals.weight * totals.weight, totals.weight_squared) AS effective_sample_size,
    totals.feasible_share
  FROM totals
  INNER JOIN squares
    ON squares.target = totals.target
    AND squares.reward_name = totals.reward_name
    AND squares.source = totals.source
    AND squares.period = totals.period
  CROSS JOIN estimators
),

-- What is left of a variance of 0 after rounding is 0. CR1 takes folds for independent, but what is picked in one was
-- learned from the others: means of K folds that correlate by 1 / K vary 1 + (K - 1) / K times as much (Nadeau and
-- Bengio 2003).
errors AS (
  SELECT
    estimates.*,
    estimates.clusters - 1 AS degrees,
    CASE
      WHEN clusters < 2 THEN NULL
      WHEN sum_of_squares <= 1e-24 * POW(value * jobs, 2) THEN 0
      ELSE IF(decided = 'rescored', SQRT(2 - 1 / settings.folds), 1)
        * SQRT(clusters / (clusters - 1) * sum_of_squares) / jobs
    END AS standard_error
  FROM estimates
  CROSS JOIN ci_metrics.evaluation_settings AS settings
),

-- How many standard errors the intervals reach to either side.
reaches AS (
  SELECT
    errors.*,
    student.z + SAFE_DIVIDE(student.first, degrees) + SAFE_DIVIDE(student.second, POW(degrees, 2))
      + SAFE_DIVIDE(student.third, POW(degrees, 3)) + SAFE_DIVIDE(student.fourth, POW(degrees, 4)) AS t,
    SQRT(
      2 * (clusters * settings.sequence_rho2 + 1) / (clusters * settings.sequence_rho2)
        * LN(SQRT(clusters * settings.sequence_rho2 + 1) / settings.alpha)
    ) AS sequence
  FROM errors
  CROSS JOIN ci_metrics.evaluation_settings AS settings
  CROSS JOIN ci_metrics.student_t AS student
)

SELECT
  target,
  decided,
  reward_name,
  source,
  period,
  estimator,
  jobs,
  clusters,
  value,
  standard_error,
  value - t * standard_error AS low,
  value + t * standard_error AS high,
  IF(estimator = 'naive_match', NULL, value - sequence * standard_error) AS sequence_low,
  IF(estimator = 'naive_match', NULL, value + sequence * standard_error) AS sequence_high,
  mean_weight,
  max_weight,
  effective_sample_size,
  feasible_share
FROM reaches
