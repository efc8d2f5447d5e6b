-- Can the log say anything about a target policy? Only where GitLab, or we, did what the policy would do, and often
-- enough. Weights are those of the primary reward's terms. An arm is off support for a job if no evaluated job with the
-- same feasible set (of the recorded source: no routed one) was ever given to it, whether or not it had room: one that
-- never ran is no busy one. Picks without room are left to GitLab, and say nothing of the policy: the effective sample
-- size is that of pi(action) / propensity alone, the weight less what is left. The mean weight has to be the share of
-- feasible picks, up to 3 standard errors (CR1 over pipelines) or most_weight_gap.
-- Grain: one row per target and source.
WITH terms AS (
  SELECT
    terms.decision_id,
    terms.cluster_id,
    terms.target,
    terms.source,
    terms.weight,
    terms.feasible,
    IF(terms.target = 'logged', 0, terms.left_to_gitlab) AS left_to_gitlab
  FROM ci_metrics.policy_terms AS terms
  INNER JOIN ci_metrics.evaluation_settings AS settings ON settings.primary_reward = terms.reward_name
),

-- What rounding leaves of a weight that is all left to GitLab is nothing.
judged AS (
  SELECT *, IF(weight - left_to_gitlab < 1e-9, 0, weight - left_to_gitlab) AS own_weight
  FROM terms
),

clusters AS (
  SELECT
    target,
    source,
    cluster_id,
    COUNT(*) AS jobs,
    SUM(feasible) AS feasible,
    SUM(IF(weight = 0, feasible, 0)) AS unmatched,
    SUM(weight) AS weight,
    MAX(weight) AS max_weight,
    SUM(left_to_gitlab) AS left_to_gitlab,
    SUM(own_weight) AS own_weight,
    SUM(own_weight * own_weight) AS own_weight_squared
  FROM judged
  GROUP BY target, source, cluster_id
),

weights AS (
  SELECT
    target,
    source,
    CAST(SUM(jobs) AS INT64) AS jobs,
    COUNT(*) AS clusters,
    1 - SUM(feasible) / SUM(jobs) AS infeasible_share,
    SUM(unmatched) / SUM(jobs) AS unmatched_share,
    SUM(weight) / SUM(jobs) AS mean_weight,
    MAX(max_weight) AS max_weight,
    SUM(left_to_gitlab) / SUM(jobs) AS left_share,
    SAFE_DIVIDE(SUM(own_weight) * SUM(own_weight), SUM(own_weight_squared)) AS effective_sample_size
  FROM clusters
  GROUP BY target, source
),

squares AS (
  SELECT
    weights.target, weights.source, SUM(POW(clusters.weight - clusters.jobs * weights.mean_weight, 2)) AS sum_of_squares
  FROM clusters
  INNER JOIN weights ON weights.target = clusters.target AND weights.source = clusters.source
  GROUP BY weights.target, weights.source
),

-- What is left of a variance of 0 after rounding is 0.
errors AS (
  SELECT
    weights.target,
    weights.source,
    CASE
      WHEN weights.clusters < 2 THEN NULL
      WHEN squares.sum_of_squares <= 1e-24 * POW(weights.mean_weight * weights.jobs, 2) THEN 0
      ELSE SQRT(weights.clusters / (weights.clusters - 1) * squares.sum_of_squares) / weights.jobs
    END AS mean_weight_se
  FROM weights
  INNER JOIN squares ON squares.target = weights.target AND squares.source = weights.source
),

-- What is said of logged is said of every job.
jobs AS (
  SELECT decision_id, LOGICAL_OR(source = 'recorded') AS is_recorded
  FROM terms
  WHERE target = 'logged'
  GROUP BY decision_id
),

sources AS (
  SELECT source, source = 'recorded' AS is_recorded
  FROM weights
  GROUP BY source
),

actions AS (
  SELECT decisions.signature, decisions.action AS arm, LOGICAL_OR(jobs.is_recorded) AS is_recorded
  FROM ci_metrics.evaluation_decisions AS decisions
  INNER JOIN jobs ON jobs.decision_id = decisions.decision_id
  GROUP BY decisions.signature, decisions.action
),

picks AS (
  SELECT
    picks.decision_id,
    picks.target,
    picks.version,
    decisions.signature,
    picks.arm,
    picks.is_feasible,
    jobs.is_recorded,
    picks.probability,
    picks.rest
  FROM ci_metrics.policy_picks AS picks
  INNER JOIN jobs ON jobs.decision_id = picks.decision_id
  INNER JOIN ci_metrics.evaluation_decisions AS decisions ON decisions.decision_id = picks.decision_id
),

rests AS (
  SELECT decision_id, target, version, signature, is_recorded, MAX(rest) AS rest
  FROM picks
  WHERE rest > 0
  GROUP BY decision_id, target, version, signature, is_recorded
),

rest_sums AS (
  SELECT target, version, signature, is_recorded, SUM(rest) AS rest
  FROM rests
  GROUP BY target, version, signature, is_recorded
),

-- The rest over all arms of the set, and what the named arms have beyond it.
masses AS (
  SELECT
    rest_sums.target, rest_sums.version, rest_sums.signature, feasible_sets.arm, TRUE AS is_feasible,
    rest_sums.is_recorded, rest_sums.rest AS mass
  FROM rest_sums
  INNER JOIN ci_metrics.feasible_sets AS feasible_sets ON feasible_sets.signature = rest_sums.signature
  UNION ALL
  SELECT target, version, signature, arm, is_feasible, is_recorded, SUM(probability - rest) AS mass
  FROM picks
  WHERE arm IS NOT NULL
  GROUP BY target, version, signature, arm, is_feasible, is_recorded
),

supports AS (
  SELECT
    masses.target,
    sources.source,
    COUNT(DISTINCT masses.version) AS versions,
    SUM(
      IF(
        masses.is_feasible
          AND (actions.arm IS NULL OR (sources.is_recorded AND NOT actions.is_recorded)),
        masses.mass,
        0
      )
    ) AS off_support
  FROM masses
  INNER JOIN sources ON masses.is_recorded OR NOT sources.is_recorded
  LEFT JOIN actions ON actions.signature = masses.signature AND actions.arm = masses.arm
  GROUP BY masses.target, sources.source
),

smallest AS (
  SELECT source, MIN(propensity) AS min_propensity
  FROM ci_metrics.propensities
  GROUP BY source
)

SELECT
  weights.target,
  weights.source,
  weights.jobs,
  COALESCE(supports.versions, 0) AS versions,
  weights.infeasible_share,
  COALESCE(supports.off_support / weights.jobs, 0) AS off_support_share,
  weights.left_share,
  weights.unmatched_share,
  weights.mean_weight,
  errors.mean_weight_se,
  weights.max_weight,
  smallest.min_propensity,
  weights.effective_sample_size,
  COALESCE(supports.off_support / weights.jobs, 0) <= settings.most_off_support
    AND weights.left_share <= settings.most_left
    AND COALESCE(weights.effective_sample_size, 0) >= settings.fewest_effective
    AND ABS(weights.mean_weight - (1 - weights.infeasible_share))
      <= IF(3 * errors.mean_weight_se > settings.most_weight_gap, 3 * errors.mean_weight_se, settings.most_weight_gap)
    AS is_supported
FROM weights
CROSS JOIN ci_metrics.evaluation_settings AS settings
INNER JOIN errors ON errors.target = weights.target AND errors.source = weights.source
LEFT JOIN supports ON supports.target = weights.target AND supports.source = weights.source
LEFT JOIN smallest ON smallest.source = weights.source
