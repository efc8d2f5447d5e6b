-- Between how many arms was there a choice?
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
SELECT feasible_count, COUNT(*) AS jobs
FROM ci_metrics.evaluation_decisions
GROUP BY feasible_count
