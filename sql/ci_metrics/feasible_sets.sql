-- Which arms are in each feasible set that a job had? There are few different ones, so that a job needs to carry the name only.
-- Grain: one row per signature and arm of it.
WITH lists AS (
  SELECT signature, feasible_count, JSON_QUERY_ARRAY(MIN(feasible)) AS names
  FROM ci_metrics.evaluation_decisions
  GROUP BY signature, feasible_count
)

SELECT DISTINCT signature, feasible_count, JSON_VALUE(name, '$') AS arm
FROM lists
CROSS JOIN UNNEST(names) AS name
