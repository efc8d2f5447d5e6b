-- What would the policy change in the other rewards?
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
SELECT
  reward_name, target, decided, CAST(NULL AS STRING) AS against, source, estimator, jobs, clusters, value, standard_error,
  low, high, sequence_low, sequence_high, CAST(NULL AS FLOAT64) AS p_value, CAST(NULL AS FLOAT64) AS p_holm,
  CAST(NULL AS BOOL) AS is_different
FROM ci_metrics.policy_value
WHERE period = 'all' AND estimator = 'dr'
UNION ALL
SELECT
  reward_name, target, CAST(NULL AS STRING) AS decided, against, source, estimator, jobs, clusters, difference AS value,
  standard_error, low, high, sequence_low, sequence_high, p_value, p_holm, is_different
FROM ci_metrics.policy_comparison
WHERE period = 'all' AND estimator = 'dr' AND target = 'ucb1' AND against = 'logged'
