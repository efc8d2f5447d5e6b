-- How many jobs can be evaluated, which are left out, and what to do about it?
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
SELECT reason, jobs, advice FROM ci_metrics.evaluation_exclusions
