-- Which arms have changed?
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
SELECT arm, week, jobs, log_speed_difference, log_speed_z, success_rate_difference, success_rate_z, is_drift
FROM ci_metrics.drift
