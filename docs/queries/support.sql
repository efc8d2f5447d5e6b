-- Can the log say anything about each policy?
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
SELECT
  target, source, jobs, versions, infeasible_share, off_support_share, left_share, unmatched_share, mean_weight,
  mean_weight_se, max_weight, min_propensity, effective_sample_size, is_supported
FROM ci_metrics.support_check
