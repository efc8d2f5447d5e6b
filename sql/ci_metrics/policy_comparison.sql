-- Is one target policy better than another, or than what GitLab did? Paired: both are estimated on the same jobs, so
-- what makes a pipeline good or bad under either is gone from the difference D. Its error is CR1 over pipelines of
-- d - n_g D, with d what the two values of a pipeline differ by. d is summed up as e, what it has beyond the difference c
-- of the two targets' values in its month: D = sum (n_g c + e) / n, and the squares of e + n_g (c - D) lose no digits.
-- Where both have not decided on the same number of a pipeline's jobs, that pipeline is left out. p_value is two-sided:
-- t becomes normal by Wallace (1959), its tail by the erfc of Numerical Recipes (relative error below 1.2e-7); p_holm is
-- Holm's (1979) over the pairs of one reward, source, period and estimator.
-- Grain: one row per pair of targets (against logged, else in order of their names), reward, source, period and
-- estimator.
WITH clusters AS (
  SELECT target, reward_name, source, period AS month, cluster_id, jobs, ips, model + residual AS dr
  FROM ci_metrics.policy_clusters
  WHERE period <> 'all'
),

-- Values, and the mean size of what they are sums of, by which rounding is told from a difference. A number stands for
-- the texts that the pairs of clusters would else be joined and grouped by.
totals AS (
  SELECT
    target,
    reward_name,
    source,
    month,
    DENSE_RANK() OVER (ORDER BY target, reward_name, source) AS series,
    SUM(ips) / SUM(jobs) AS ips,
    SUM(dr) / SUM(jobs) AS dr,
    SUM(ABS(ips)) / SUM(jobs) AS ips_size,
    SUM(ABS(dr)) / SUM(jobs) AS dr_size
  FROM clusters
  GROUP BY target, reward_name, source, month
),

-- A pair has the same number in every month.
couples AS (
  SELECT
    DENSE_RANK() OVER (ORDER BY one.series, other.series) AS couple,
    one.month,
    one.series,
    other.series AS against_series,
    one.target,
    other.target AS against,
    one.reward_name,
    one.source,
    one.ips - other.ips AS ips,
    one.dr - other.dr AS dr,
    one.ips_size + other.ips_size AS ips_size,
    one.dr_size + other.dr_size AS dr_size
  FROM totals AS one
  INNER JOIN totals AS other
    ON other.reward_name = one.reward_name
    AND other.source = one.source
    AND other.month = one.month
  WHERE one.target <> 'logged' AND (other.target = 'logged' OR one.target < other.target)
),

influences AS (
  SELECT
    totals.series,
    clusters.month,
    clusters.cluster_id,
    clusters.jobs,
    clusters.ips - clusters.jobs * totals.ips AS ips,
    clusters.dr - clusters.jobs * totals.dr AS dr
  FROM clusters
  INNER JOIN totals
    ON totals.target = clusters.target
    AND totals.reward_name = clusters.reward_name
    AND totals.source = clusters.source
    AND totals.month = clusters.month
),

pairs AS (
  SELECT
    couples.couple,
    couples.month,
    COUNT(*) AS clusters,
    SUM(one.jobs) AS jobs,
    SUM(CAST(one.jobs AS FLOAT64) * one.jobs) AS jobs_squared,
    SUM(one.ips - other.ips) AS ips,
    SUM((one.ips - other.ips) * one.jobs) AS ips_jobs,
    SUM((one.ips - other.ips) * (one.ips - other.ips)) AS ips_squared,
    SUM(one.dr - other.dr) AS dr,
    SUM((one.dr - other.dr) * one.jobs) AS dr_jobs,
    SUM((one.dr - other.dr) * (one.dr - other.dr)) AS dr_squared
  FROM influences AS one
  INNER JOIN couples ON couples.series = one.series AND couples.month = one.month
  INNER JOIN influences AS other
    ON other.cluster_id = one.cluster_id
    AND other.series = couples.against_series
    AND other.month = one.month
    AND other.jobs = one.jobs
  GROUP BY couples.couple, couples.month
),

spans AS (
  SELECT TRUE AS is_all
  UNION ALL SELECT FALSE
),

estimators AS (
  SELECT 'dr' AS estimator
  UNION ALL SELECT 'ips'
),

-- Each month as a part of itself and of all.
parts AS (
  SELECT
    couples.couple,
    couples.target,
    couples.against,
    couples.reward_name,
    couples.source,
    IF(spans.is_all, 'all', couples.month) AS period,
    estimators.estimator,
    pairs.jobs,
    pairs.clusters,
    pairs.jobs_squared,
    IF(estimators.estimator = 'dr', couples.dr, couples.ips) AS centre,
    IF(estimators.estimator = 'dr', couples.dr_size, couples.ips_size) AS size,
    IF(estimators.estimator = 'dr', pairs.dr, pairs.ips) AS beyond,
    IF(estimators.estimator = 'dr', pairs.dr_jobs, pairs.ips_jobs) AS beyond_jobs,
    IF(estimators.estimator = 'dr', pairs.dr_squared, pairs.ips_squared) AS beyond_squared
  FROM pairs
  INNER JOIN couples ON couples.couple = pairs.couple AND couples.month = pairs.month
  CROSS JOIN spans
  CROSS JOIN estimators
),

means AS (
  SELECT
    couple,
    period,
    estimator,
    target,
    against,
    reward_name,
    source,
    CAST(SUM(jobs) AS INT64) AS jobs,
    CAST(SUM(clusters) AS INT64) AS clusters,
    CAST(SUM(clusters) - 1 AS INT64) AS degrees,
    SUM(jobs * centre + beyond) / SUM(jobs) AS difference,
    SUM(jobs * size) / SUM(jobs) AS size
  FROM parts
  GROUP BY couple, period, estimator, target, against, reward_name, source
),

squares AS (
  SELECT
    means.couple,
    means.period,
    means.estimator,
    SUM(
      parts.beyond_squared
        + 2 * (parts.centre - means.difference) * parts.beyond_jobs
        + POW(parts.centre - means.difference, 2) * parts.jobs_squared
    ) AS sum_of_squares,
    SUM(parts.beyond_squared) AS beyond_squared
  FROM parts
  INNER JOIN means
    ON means.couple = parts.couple AND means.period = parts.period AND means.estimator = parts.estimator
  GROUP BY means.couple, means.period, means.estimator
),

-- What is left of a difference or a variance of 0 after rounding is 0.
errors AS (
  SELECT
    means.target,
    means.against,
    means.reward_name,
    means.source,
    means.period,
    means.estimator,
    means.jobs,
    means.clusters,
    means.degrees,
    IF(ABS(means.difference) <= 1e-12 * means.size, 0, means.difference) AS difference,
    CASE
      WHEN means.clusters < 2 THEN NULL
      WHEN squares.sum_of_squares <= 1e-24 * POW(means.size * means.jobs, 2) + 1e-14 * squares.beyond_squared THEN 0
      ELSE SQRT(means.clusters / means.degrees * squares.sum_of_squares) / means.jobs
    END AS standard_error
  FROM means
  INNER JOIN squares
    ON squares.couple = means.couple AND squares.period = means.period AND squares.estimator = means.estimator
),

-- How many standard errors the intervals reach to either side; and the difference as a normal quantile, over sqrt(2).
reaches AS (
  SELECT
    errors.*,
    settings.alpha,
    student.z + SAFE_DIVIDE(student.first, degrees) + SAFE_DIVIDE(student.second, POW(degrees, 2))
      + SAFE_DIVIDE(student.third, POW(degrees, 3)) + SAFE_DIVIDE(student.fourth, POW(degrees, 4)) AS t,
    SQRT(
      2 * (clusters * settings.sequence_rho2 + 1) / (clusters * settings.sequence_rho2)
        * LN(SQRT(clusters * settings.sequence_rho2 + 1) / settings.alpha)
    ) AS sequence,
    (8 * degrees + 1) / (8 * degrees + 3) * SQRT(
      degrees / 2 * LN(1 + SAFE_DIVIDE(POW(SAFE_DIVIDE(difference, standard_error), 2), degrees))
    ) AS x
  FROM errors
  CROSS JOIN ci_metrics.evaluation_settings AS settings
  CROSS JOIN ci_metrics.student_t AS student
),

-- erfc(x) of x >= 0 by Chebyshev's polynomial in u = 1 / (1 + x / 2).
folded AS (
  SELECT *, 1 / (1 + x / 2) AS u
  FROM reaches
),

tails AS (
  SELECT
    *,
    u * EXP(
      -x * x - 1.26551223 + u * (1.00002368 + u * (0.37409196 + u * (0.09678418 + u * (-0.18628806 + u * (0.27886807
        + u * (-1.13520398 + u * (1.48851587 + u * (-0.82215223 + u * 0.17087277))))))))
    ) AS erfc
  FROM folded
),

-- At x = 0 the polynomial is 3e-8 above 1. (LEAST and GREATEST would not do: what they make of NULL depends on the
-- engine.)
p_values AS (
  SELECT *, IF(erfc > 1, 1, erfc) AS p_value
  FROM tails
),

ranks AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY reward_name, source, period, estimator, p_value IS NULL ORDER BY p_value, target, against
    ) AS rank_in_family,
    COUNT(*) OVER (PARTITION BY reward_name, source, period, estimator, p_value IS NULL) AS family
  FROM p_values
),

holm AS (
  SELECT
    *,
    MAX(IF(p_value IS NULL, NULL, LEAST(1, (family - rank_in_family + 1) * p_value))) OVER (
      PARTITION BY reward_name, source, period, estimator, p_value IS NULL
      ORDER BY rank_in_family
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS p_holm
  FROM ranks
)

SELECT
  target,
  against,
  reward_name,
  source,
  period,
  estimator,
  jobs,
  clusters,
  difference,
  standard_error,
  difference - t * standard_error AS low,
  difference + t * standard_error AS high,
  difference - sequence * standard_error AS sequence_low,
  difference + sequence * standard_error AS sequence_high,
  p_value,
  p_holm,
  COALESCE(p_holm < alpha, FALSE) AS is_different
FROM holm
