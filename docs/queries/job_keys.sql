-- For which job keys does the policy change the most? Exploratory: nobody asked of them beforehand.
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
WITH gains AS (
  SELECT
    decisions.job_key,
    terms.cluster_id,
    terms.reward,
    terms.model_policy + terms.weight * (terms.reward - terms.model_action) - terms.reward AS gain
  FROM (SELECT * FROM ci_metrics.policy_terms WHERE reward_name = 'spec' AND target = 'ucb1' AND source = 'estimated') AS terms
  INNER JOIN ci_metrics.evaluation_decisions AS decisions ON decisions.decision_id = terms.decision_id
),

of_clusters AS (
  SELECT job_key, cluster_id, COUNT(*) AS jobs, SUM(gain) AS gain, SUM(reward) AS reward
  FROM gains
  GROUP BY job_key, cluster_id
),

of_keys AS (
  SELECT
    job_key,
    COUNT(*) AS clusters,
    CAST(SUM(jobs) AS INT64) AS jobs,
    SUM(reward) / SUM(jobs) AS logged,
    SUM(gain) / SUM(jobs) AS difference
  FROM of_clusters
  GROUP BY job_key
  HAVING COUNT(*) >= 10
  ORDER BY ABS(SUM(gain)) DESC, job_key
  LIMIT 12
)

SELECT
  of_keys.job_key,
  of_keys.jobs,
  of_keys.clusters,
  of_keys.logged,
  of_keys.difference,
  SQRT(
    SUM(POWER(of_clusters.gain - of_clusters.jobs * of_keys.difference, 2))
    * of_keys.clusters / (of_keys.clusters - 1)
  ) / of_keys.jobs AS standard_error
FROM of_keys
INNER JOIN of_clusters ON of_clusters.job_key = of_keys.job_key
GROUP BY of_keys.job_key, of_keys.jobs, of_keys.clusters, of_keys.logged, of_keys.difference
