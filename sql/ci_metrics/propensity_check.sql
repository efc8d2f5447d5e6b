-- May a source of propensities be believed? Three tests; each finds what the others may miss. chi_square: how often the
-- jobs that GitLab placed went to each arm of a feasible set, against what the source expects (Pearson); feasible sets
-- where it expects less than 5 of an arm are left out (Cochran 1954). Jobs of a pipeline stick together, so that it
-- rejects too easily rather than too rarely. p_value by Wilson and Hilferty (1931). mean_weight: of the uniform policy
-- over the feasible set as in policy_terms, (1 / propensity + arms without room) / k, which is 1 if the propensities
-- are right; its error is cluster-robust (CR1). It passes within 3 errors of 1, or within 0.02 (an
-- estimate within most_weight_gap: it errs by chance, and the mean of 1/p is above 1 for that alone): less is nothing beside
-- the errors of an estimate. worst_gap: the largest of propensity_calibration among bins of at least 100 candidates; it
-- is not asked for where little hangs on it, of a log of which less than 5 percent was not routed, or less than half and
-- fewer than 100 jobs.
-- Grain: one row per source.
WITH full_arms AS (
  SELECT decision_id, COUNT(*) AS arms
  FROM ci_metrics.candidates
  WHERE is_full
  GROUP BY decision_id
),

jobs AS (
  SELECT
    propensities.source,
    decisions.cluster_id,
    propensities.is_recorded,
    (1 / propensities.propensity + COALESCE(full_arms.arms, 0)) / decisions.feasible_count AS weight
  FROM ci_metrics.propensities AS propensities
  INNER JOIN ci_metrics.evaluation_decisions AS decisions ON decisions.decision_id = propensities.decision_id
  LEFT JOIN full_arms ON full_arms.decision_id = propensities.decision_id
),

clusters AS (
  SELECT source, cluster_id, COUNT(*) AS jobs, COUNTIF(is_recorded) AS recorded_jobs, SUM(weight) AS weight
  FROM jobs
  GROUP BY source, cluster_id
),

means AS (
  SELECT
    source,
    CAST(SUM(jobs) AS INT64) AS jobs,
    CAST(SUM(recorded_jobs) AS INT64) AS recorded_jobs,
    COUNT(*) AS clusters,
    SUM(weight) / SUM(jobs) AS mean_weight
  FROM clusters
  GROUP BY source
),

squares AS (
  SELECT means.source, SUM(POW(clusters.weight - clusters.jobs * means.mean_weight, 2)) AS sum_of_squares
  FROM clusters
  INNER JOIN means ON means.source = clusters.source
  GROUP BY means.source
),

-- What is left of a variance of 0 after rounding is 0.
weights AS (
  SELECT
    means.source,
    means.jobs,
    means.recorded_jobs,
    means.mean_weight,
    CASE
      WHEN means.clusters < 2 THEN NULL
      WHEN squares.sum_of_squares <= 1e-24 * POW(means.mean_weight * means.jobs, 2) THEN 0
      ELSE SQRT(means.clusters / (means.clusters - 1) * squares.sum_of_squares) / means.jobs
    END AS mean_weight_se
  FROM means
  INNER JOIN squares ON squares.source = means.source
),

contexts AS (
  SELECT
    signature,
    arm,
    held_out_jobs,
    held_out_actions,
    probability,
    COUNT(*) OVER (PARTITION BY fold, signature, free_arms, previous_arm) AS feasible_count
  FROM ci_metrics.propensity_model
),

arms AS (
  SELECT
    means.source,
    contexts.signature,
    contexts.arm,
    SUM(contexts.held_out_actions) AS observed,
    SUM(
      contexts.held_out_jobs * IF(means.source = 'uniform', 1 / contexts.feasible_count, contexts.probability)
    ) AS expected
  FROM contexts
  INNER JOIN means ON means.source <> 'recorded'
  GROUP BY means.source, contexts.signature, contexts.arm
),

signatures AS (
  SELECT
    source,
    signature,
    SUM(SAFE_DIVIDE(POW(observed - expected, 2), expected)) AS chi_square,
    COUNT(*) - 1 AS degrees
  FROM arms
  GROUP BY source, signature
  HAVING COUNT(*) > 1 AND MIN(expected) >= 5
),

chi_squares AS (
  SELECT source, SUM(chi_square) AS chi_square, CAST(SUM(degrees) AS INT64) AS degrees
  FROM signatures
  GROUP BY source
),

-- The cube root of chi_square / degrees is nearly normal; x is its standardised distance, over sqrt(2).
distances AS (
  SELECT
    source,
    chi_square,
    degrees,
    (POW(chi_square / degrees, 1 / 3) - (1 - 2 / (9 * degrees))) / SQRT(4 / (9 * degrees)) AS x
  FROM chi_squares
),

-- erfc(|x|) by the Chebyshev fit of Numerical Recipes (relative error below 1.2e-7), in u = 1 / (1 + |x| / 2).
folded AS (
  SELECT *, 1 / (1 + ABS(x) / 2) AS u
  FROM distances
),

tails AS (
  SELECT
    source,
    chi_square,
    degrees,
    x,
    u * EXP(
      -x * x - 1.26551223 + u * (1.00002368 + u * (0.37409196 + u * (0.09678418 + u * (-0.18628806 + u * (0.27886807
        + u * (-1.13520398 + u * (1.48851587 + u * (-0.82215223 + u * 0.17087277))))))))
    ) AS erfc
  FROM folded
),

gaps AS (
  SELECT source, MAX(ABS(observed - predicted)) AS worst_gap
  FROM ci_metrics.propensity_calibration
  WHERE candidates >= 100
  GROUP BY source
),

answers AS (
  SELECT
    weights.source,
    weights.jobs,
    weights.recorded_jobs,
    tails.chi_square,
    tails.degrees,
    IF(tails.x >= 0, tails.erfc / 2, 1 - tails.erfc / 2) AS p_value,
    weights.mean_weight,
    weights.mean_weight_se,
    gaps.worst_gap,
    COALESCE(
      ABS(weights.mean_weight - 1) <= 3 * weights.mean_weight_se
        OR weights.mean_weight_se IS NOT NULL AND ABS(weights.mean_weight - 1) <= IF(weights.source = 'estimated', settings.most_weight_gap, 0.02),
      FALSE
    ) AS is_weight_right
  FROM weights
  CROSS JOIN ci_metrics.evaluation_settings AS settings
  LEFT JOIN tails ON tails.source = weights.source
  LEFT JOIN gaps ON gaps.source = weights.source
)

SELECT
  source,
  jobs,
  recorded_jobs,
  chi_square,
  degrees,
  p_value,
  mean_weight,
  mean_weight_se,
  worst_gap,
  is_weight_right AND CASE source
    WHEN 'uniform' THEN COALESCE(p_value >= 0.001, FALSE)
    WHEN 'estimated' THEN
      jobs - recorded_jobs < 0.05 * jobs
      OR (jobs - recorded_jobs < 100 AND jobs - recorded_jobs < recorded_jobs)
      OR COALESCE(worst_gap <= most_gap, FALSE)
    ELSE TRUE
  END AS is_passed
FROM answers
CROSS JOIN ci_metrics.evaluation_settings AS settings
