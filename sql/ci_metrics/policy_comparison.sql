-- Is one target policy better than another, or than what GitLab did? Paired: both are estimated on the same jobs, so
-- what makes a pipeline good or bad under either is gone from the difference D = sum d / n, where d is what the sums of
-- the two differ by in a pipeline. Its error is CR1 over pipelines of d - n_g D. Where both have not decided on the same
-- number of a pipeline's jobs, that pipeline is left out. p_value is two-sided: t becomes normal by Wallace (1959), its
-- tail by the erfc of Numerical Recipes (relative error below 1.2e-7); p_holm is Holm's (1979) over the pairs of one
-- reward, source, period and estimator.
-- Grain: one row per pair of targets (against logged, else in order of their names), reward, source, period and
-- estimator.
WITH clusters AS (
  SELECT
    target,
    reward_name,
    source,
    period AS month,
    cluster_id,
    jobs,
    ips,
    model + residual AS dr,
    ABS(ips) AS ips_size,
    ABS(model) + ABS(residual) AS dr_size
  FROM ci_metrics.policy_clusters
  WHERE period <> 'all'
),

-- A number stands for the texts that the pairs of clusters would else be joined and grouped by. The size of what values
-- are sums of is what rounding is told from a difference by.
series AS (
  SELECT
    target,
    reward_name,
    source,
    ROW_NUMBER() OVER (ORDER BY target, reward_name, source) AS series,
    SUM(ips_size) / SUM(jobs) AS ips_size,
    SUM(dr_size) / SUM(jobs) AS dr_size
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
    one.ips_size + other.ips_size AS ips_size,
    one.dr_size + other.dr_size AS dr_size
  FROM series AS one
  INNER JOIN series AS other
    ON other.reward_name = one.reward_name
    AND other.source = one.source
  WHERE one.target <> 'logged' AND (other.target = 'logged' OR one.target < other.target)
),

numbered AS (
  SELECT series.series, clusters.month, clusters.cluster_id, clusters.jobs, clusters.ips, clusters.dr
  FROM clusters
  INNER JOIN series
    ON series.target = clusters.target
    AND series.reward_name = clusters.reward_name
    AND series.source = clusters.source
),

pairs AS (
  SELECT couples.couple, one.month, one.jobs, one.ips - other.ips AS ips, one.dr - other.dr AS dr
  FROM numbered AS one
  INNER JOIN couples ON couples.series = one.series
  INNER JOIN numbered AS other
    ON other.cluster_id = one.cluster_id
    AND other.series = couples.against_series
    AND other.jobs = one.jobs
),

months AS (
  SELECT
    couple,
    month,
    COUNT(*) AS clusters,
    SUM(jobs) AS jobs,
    SUM(CAST(jobs AS FLOAT64) * jobs) AS jobs_squared,
    SUM(ips) / SUM(jobs) AS ips,
    SUM(dr) / SUM(jobs) AS dr
  FROM pairs
  GROUP BY couple, month
),

-- Squares and products are summed up around each month's own difference, where they lose no digits.
month_squares AS (
  SELECT
    months.couple,
    months.month,
    SUM((pairs.ips - pairs.jobs * months.ips) * pairs.jobs) AS ips_jobs,
    SUM((pairs.ips - pairs.jobs * months.ips) * (pairs.ips - pairs.jobs * months.ips)) AS ips_squared,
    SUM((pairs.dr - pairs.jobs * months.dr) * pairs.jobs) AS dr_jobs,
    SUM((pairs.dr - pairs.jobs * months.dr) * (pairs.dr - pairs.jobs * months.dr)) AS dr_squared
  FROM pairs
  INNER JOIN months ON months.couple = pairs.couple AND months.month = pairs.month
  GROUP BY months.couple, months.month
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
    months.couple,
    IF(spans.is_all, 'all', months.month) AS period,
    estimators.estimator,
    months.jobs,
    months.clusters,
    months.jobs_squared,
    IF(estimators.estimator = 'dr', months.dr, months.ips) AS difference,
    IF(estimators.estimator = 'dr', squares.dr_jobs, squares.ips_jobs) AS beyond_jobs,
    IF(estimators.estimator = 'dr', squares.dr_squared, squares.ips_squared) AS beyond_squared
  FROM months
  INNER JOIN month_squares AS squares ON squares.couple = months.couple AND squares.month = months.month
  CROSS JOIN spans
  CROSS JOIN estimators
),

differences AS (
  SELECT
    couple,
    period,
    estimator,
    CAST(SUM(jobs) AS INT64) AS jobs,
    CAST(SUM(clusters) AS INT64) AS clusters,
    SUM(jobs * difference) / SUM(jobs) AS difference
  FROM parts
  GROUP BY couple, period, estimator
),

-- The same squares around the difference of the whole period.
squares AS (
  SELECT
    differences.couple,
    differences.period,
    differences.estimator,
    SUM(
      parts.beyond_squared
        + 2 * (parts.difference - differences.difference) * parts.beyond_jobs
        + POW(parts.difference - differences.difference, 2) * parts.jobs_squared
    ) AS sum_of_squares
  FROM parts
  INNER JOIN differences
    ON differences.couple = parts.couple
    AND differences.period = parts.period
    AND differences.estimator = parts.estimator
  GROUP BY differences.couple, differences.period, differences.estimator
),

sized AS (
  SELECT
    couples.target,
    couples.against,
    couples.reward_name,
    couples.source,
    differences.period,
    differences.estimator,
    differences.jobs,
    differences.clusters,
    differences.difference,
    squares.sum_of_squares,
    IF(differences.estimator = 'dr', couples.dr_size, couples.ips_size) AS size
  FROM differences
  INNER JOIN squares
    ON squares.couple = differences.couple
    AND squares.period = differences.period
    AND squares.estimator = differences.estimator
  INNER JOIN couples ON couples.couple = differences.couple
),

-- Less than a millionth of what it is the difference of has too few right digits to be told from 0. Of rescored targets
-- the folds are not independent: see policy_value.
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
    clusters - 1 AS degrees,
    IF(ABS(difference) <= 1e-6 * size, 0, difference) AS difference,
    CASE
      WHEN clusters < 2 THEN NULL
      WHEN sum_of_squares <= 1e-12 * POW(size * jobs, 2) THEN 0
      ELSE IF(ENDS_WITH(target, '/rescored') OR ENDS_WITH(against, '/rescored'), SQRT(2 - 1 / settings.folds), 1)
        * SQRT(clusters / (clusters - 1) * sum_of_squares) / jobs
    END AS standard_error
  FROM sized
  CROSS JOIN ci_metrics.evaluation_settings AS settings
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
