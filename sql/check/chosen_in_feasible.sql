-- Was every arm that was chosen from a feasible set in it?
-- Of each policy in a shadow decision, and of each answer whose choice set is there.
WITH choice_sets AS (
  SELECT choice_set_id, MIN(feasible) AS feasible
  FROM ci_metrics.choice_sets
  GROUP BY choice_set_id
),

picks AS (
  SELECT decision_id, JSON_VALUE(choice, '$.arm') AS arm
  FROM ci_metrics.decision_outcomes
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(choices)) AS choice
  WHERE JSON_VALUE(choice, '$.set') = 'feasible' AND JSON_VALUE(choice, '$.arm') IS NOT NULL
  UNION ALL
  SELECT recommendations.decision_id, recommendations.arm
  FROM ci_metrics.recommendations
  INNER JOIN choice_sets ON choice_sets.choice_set_id = recommendations.choice_set_id
  WHERE recommendations.arm IS NOT NULL
),

offers AS (
  SELECT DISTINCT decision_id, JSON_VALUE(item, '$.arm') AS arm
  FROM ci_metrics.decision_outcomes
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(feasible)) AS item
  UNION DISTINCT
  SELECT recommendations.decision_id, JSON_VALUE(item, '$.arm') AS arm
  FROM ci_metrics.recommendations
  INNER JOIN choice_sets ON choice_sets.choice_set_id = recommendations.choice_set_id
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(choice_sets.feasible)) AS item
)

SELECT
  COUNT(*) AS checked,
  COUNTIF(offers.arm IS NULL) AS failed,
  MIN(IF(offers.arm IS NULL, picks.decision_id, NULL)) AS example
FROM picks
LEFT JOIN offers ON offers.decision_id = picks.decision_id AND offers.arm = picks.arm
