-- From which generation of the bandit state was the newest decision made?
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
SELECT made.state_generation
FROM ci_metrics.runner_decisions AS made
INNER JOIN (
  SELECT decision_id
  FROM ci_metrics.evaluation_decisions
  ORDER BY decided_at DESC, decision_id DESC
  LIMIT 1
) AS newest ON newest.decision_id = made.decision_id
LIMIT 1
