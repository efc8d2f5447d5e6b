-- What was known at the end of each day, however often one looked?
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
SELECT target, day, jobs, value_of_day, cumulative_jobs, cumulative_value, eb_low, eb_high
FROM ci_metrics.learning_curve
WHERE reward_name = 'spec' AND target IN ('ucb1', 'logged') AND source = 'estimated'
