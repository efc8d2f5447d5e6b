-- What does each pipeline add to every estimate? All estimates and their errors are made of these sums alone: see
-- policy_value. w is a term's weight, r its reward, m the target's mass on feasible arms, q the model of rewards.
-- A pipeline belongs to the month in which its first job was decided, so that months share no pipeline.
-- Grain: one row per target, reward, source, period ('all', and each month) and cluster.
WITH clusters AS (
  SELECT
    terms.target,
    terms.decided,
    terms.reward_name,
    terms.source,
    terms.cluster_id,
    MIN(terms.month) AS month,
    COUNT(*) AS jobs,
    SUM(terms.weight) AS weight,
    SUM(terms.weight * terms.weight) AS weight_squared,
    MAX(terms.weight) AS max_weight,
    SUM(terms.weight * terms.reward) AS ips,
    SUM(LEAST(terms.weight, settings.clip_weight) * terms.reward) AS clipped,
    SUM(terms.feasible) AS feasible,
    SUM(terms.model_policy) AS model,
    SUM(terms.weight * (terms.reward - terms.model_action)) AS residual,
    SUM(
      IF(terms.weight <= settings.switch_weight, terms.weight * (terms.reward - terms.model_action), 0)
    ) AS switched,
    SUM(terms.reward) AS reward,
    SUM(IF(terms.weight = 0, terms.feasible, 0)) AS unmatched,
    COUNTIF(terms.weight > 0) AS matched,
    SUM(IF(terms.weight > 0, terms.reward, 0)) AS matched_reward
  FROM ci_metrics.policy_terms AS terms
  CROSS JOIN ci_metrics.evaluation_settings AS settings
  GROUP BY
    terms.target, terms.decided, terms.reward_name, terms.source, terms.cluster_id
),

spans AS (
  SELECT TRUE AS is_all
  UNION ALL SELECT FALSE
)

SELECT
  clusters.target,
  clusters.decided,
  clusters.reward_name,
  clusters.source,
  IF(spans.is_all, 'all', clusters.month) AS period,
  clusters.cluster_id,
  clusters.jobs,
  clusters.weight,
  clusters.weight_squared,
  clusters.max_weight,
  clusters.ips,
  clusters.clipped,
  clusters.feasible,
  clusters.model,
  clusters.residual,
  clusters.switched,
  clusters.reward,
  clusters.unmatched,
  clusters.matched,
  clusters.matched_reward
FROM clusters
CROSS JOIN spans
