-- Is one target policy better than another, or than what GitLab did? Paired: both are estimated on the same jobs, so
-- what makes a pipeline good or bad under either is gone from the difference. With e the sums of a pipeline beyond its
-- share of each target's value V, difference = V1 - V2 + sum e / n, and its error is CR1 over pipelines of e - n_g sum
-- e / n. Where both have not decided on the same number of a pipeline's jobs, that pipeline is left out. p_value is
-- two-sided: t becomes normal by Wallace (1959), its tail by the erfc of Numerical Recipes (relative error below
-- 1.2e-7); p_holm is Holm's (1979) over the pairs of one reward, source, period and estimator.
-- Grain: one row per pair of targets (against logged, else in order of their names), reward, source, period and
-- estimator.
WITH clusters AS (
  SELECT target, reward_name, source, period AS month, cluster_id, jobs, ips, model + residual AS dr
  FROM ci_metrics.policy_clusters
  WHERE period <> 'all'
),

-- Numbers stand for what the pairs of clusters would else be joined and grouped by: several texts.
totals AS (
  SELECT
    target,
    reward_name,
    source,
    ROW_NUMBER() OVER (ORDER BY target, reward_name, source) AS series,
    SUM(ips) / SUM(jobs) AS ips,
    SUM(dr) / SUM(jobs) AS dr
  FROM clusters
  GROUP BY target, reward_name, source
),

couples AS (
  SELECT
    ROW_NUMBER() OVER (ORDER BY one.series, other.series) AS couple,
    one.series,
    other.series AS against_series,
    one.target,
    other.target AS against,
    one.reward_name,
    one.source,
    one.ips AS ips,
    other.ips AS against_ips,
    one.dr AS dr,
    other.dr AS against_dr
  FROM totals AS one
  INNER JOIN totals AS other
    ON other.reward_name = one.reward_name
    AND other.source = one.source
  WHERE one.target <> 'logged' AND (other.target = 'logged' OR one.target < other.target)
),

-- What each cluster adds beyond its share of the value over all months, by both estimators.
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
),

pairs AS (
  SELECT
    couples.couple,
    one.month,
    COUNT(*) AS clusters,
    CAST(SUM(one.jobs) AS INT64) AS jobs,
    SUM(CAST(one.jobs AS FLOAT64) * one.jobs) AS jobs_squared,
    SUM(one.ips - other.ips) AS ips,
    SUM((one.ips - other.ips) * one.jobs) AS ips_jobs,
    SUM((one.ips - other.ips) * (one.ips - other.ips)) AS ips_squared,
    SUM(one.dr - other.dr) AS dr,
    SUM((one.dr - other.dr) * one.jobs) AS dr_jobs,
    SUM((one.dr - other.dr) * (one.dr - other.dr)) AS dr_squared
  FROM influences AS one
  INNER JOIN couples ON couples.series = one.series
  INNER JOIN influences AS other
    ON other.cluster_id = one.cluster_id
    AND other.series = couples.against_series
    AND other.jobs = one.jobs
  GROUP BY couples.couple, one.month
),

spans AS (
  SELECT TRUE AS is_all
  UNION ALL SELECT FALSE
),

estimators AS (
  SELECT 'dr' AS estimator
  UNION ALL SELECT 'ips'
),

sums AS (
  SELECT
    pairs.couple,
    IF(spans.is_all, 'all', pairs.month) AS period,
    estimators.estimator,
    CAST(SUM(pairs.jobs) AS INT64) AS jobs,
    CAST(SUM(pairs.clusters) AS INT64) AS clusters,
    SUM(pairs.jobs_squared) AS jobs_squared,
    SUM(IF(estimators.estimator = 'dr', pairs.dr, pairs.ips)) AS beyond,
    SUM(IF(estimators.estimator = 'dr', pairs.dr_jobs, pairs.ips_jobs)) AS beyond_jobs,
    SUM(IF(estimators.estimator = 'dr', pairs.dr_squared, pairs.ips_squared)) AS beyond_squared
  FROM pairs
  CROSS JOIN spans
  CROSS JOIN estimators
  GROUP BY pairs.couple, IF(spans.is_all, 'all', pairs.month), estimators.estimator
),

differences AS (
  SELECT
    couples.target,
    couples.against,
    couples.reward_name,
    couples.source,
    sums.period,
    sums.estimator,
    sums.jobs,
    sums.clusters,
    sums.clusters - 1 AS degrees,
    IF(sums.estimator = 'dr', couples.dr - couples.against_dr, couples.ips - couples.against_ips)
      + sums.beyond / sums.jobs AS difference,
    IF(
      sums.estimator = 'dr',
      ABS(couples.dr) + ABS(couples.against_dr),
      ABS(couples.ips) + ABS(couples.against_ips)
    ) AS scale,
    sums.beyond_squared
      - 2 * sums.beyond / sums.jobs * sums.beyond_jobs
      + POW(sums.beyond / sums.jobs, 2) * sums.jobs_squared AS sum_of_squares
  FROM sums
  INNER JOIN couples ON couples.couple = sums.couple
),

-- What is left of a difference or a variance of 0 after rounding is 0.
errors AS (
  SELECT
    target,
    against,
    reward_name,
    source,
    period,
    estimator,
    jobs,
    clusters,
    degrees,
    IF(ABS(difference) <= 1e-12 * scale, 0, difference) AS difference,
    CASE
      WHEN clusters < 2 THEN NULL
      WHEN sum_of_squares <= 1e-24 * POW(scale * jobs, 2) THEN 0
      ELSE SQRT(clusters / degrees * sum_of_squares) / jobs
    END AS standard_error
  FROM differences
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
