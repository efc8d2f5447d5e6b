-- Is every recorded propensity a probability above 0?
-- Of answers that named an arm, and of what each policy picked in a shadow decision.
WITH draws AS (
  SELECT decision_id, propensity AS probability
  FROM ci_metrics.recommendations
  WHERE arm IS NOT NULL
  UNION ALL
  SELECT decision_id, CAST(JSON_VALUE(choice, '$.probability') AS FLOAT64) AS probability
  FROM ci_metrics.decision_outcomes
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(choices)) AS choice
  WHERE JSON_VALUE(choice, '$.arm') IS NOT NULL
),

judged AS (
  SELECT decision_id, COALESCE(probability > 0 AND probability <= 1, FALSE) AS is_fine
  FROM draws
)

SELECT
  COUNT(*) AS checked,
  COUNTIF(NOT is_fine) AS failed,
  MIN(IF(is_fine, NULL, decision_id)) AS example
FROM judged
