-- From which generation of the bandit state was the newest decision made?
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
SELECT outcomes.state_generation
FROM ci_metrics.evaluation_decisions AS decisions
INNER JOIN ci_metrics.decision_outcomes AS outcomes ON outcomes.decision_id = decisions.decision_id
ORDER BY decisions.decided_at DESC, decisions.decision_id DESC
LIMIT 1
