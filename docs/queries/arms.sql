-- What does each arm bring, adjusted for the jobs that it gets?
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
SELECT arm, jobs, raw_mean, adjusted_difference, adjusted_se, shared_jobs, adjusted_mean
FROM ci_metrics.reward_by_arm
WHERE reward_name = 'spec'
