-- May the propensities be believed, by source?
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
SELECT source, jobs, recorded_jobs, chi_square, degrees, p_value, mean_weight, mean_weight_se, worst_gap, is_passed
FROM ci_metrics.propensity_check
