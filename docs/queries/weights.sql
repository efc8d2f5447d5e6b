-- How unequal are the weights of the policy?
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
SELECT bin, COUNT(*) AS jobs
FROM (
  SELECT CASE WHEN ROUND(weight, 9) <= 0 THEN 0 WHEN ROUND(weight, 9) <= 0.5 THEN 1 WHEN ROUND(weight, 9) <= 1 THEN 2 WHEN ROUND(weight, 9) <= 2 THEN 3 WHEN ROUND(weight, 9) <= 5 THEN 4 WHEN ROUND(weight, 9) <= 10 THEN 5 ELSE 6 END AS bin
  FROM (SELECT * FROM ci_metrics.policy_terms WHERE reward_name = 'spec' AND target = 'ucb1' AND source = 'estimated')
) AS terms
GROUP BY bin
