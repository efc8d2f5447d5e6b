-- What would each policy really have brought? Of played worlds only.
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
SELECT target, jobs, true_value, true_difference FROM ci_metrics.policy_truth WHERE reward_name = 'spec'
