-- Do the probabilities of every recorded distribution add up to 1?
-- Of each policy in a shadow decision or a choice set, where the whole distribution is recorded: the arms that are listed,
-- and `rest` for every other one of the offered set. And of what recommendations are drawn from.
-- A row that is there twice counts once.
WITH limits AS (
  -- A hundred thousand times the rounding of a thousand numbers, and far too little to bend an estimate.
  SELECT 1e-6 AS most_off
),

choice_sets AS (
  SELECT choice_set_id, MIN(feasible) AS feasible, MIN(choices) AS choices
  FROM ci_metrics.choice_sets
  GROUP BY choice_set_id
),

sources AS (
  SELECT decision_id AS id, choices, nsai_feasible_count AS feasible_count, known_count
  FROM ci_metrics.decision_outcomes
  UNION ALL
  SELECT choice_set_id AS id, choices, ARRAY_LENGTH(JSON_QUERY_ARRAY(feasible)) AS feasible_count, NULL AS known_count
  FROM choice_sets
),

choices AS (
  SELECT
    id,
    choice,
    JSON_VALUE(choice, '$.policy') AS policy,
    JSON_VALUE(choice, '$.set') AS offered_set,
    CAST(JSON_VALUE(choice, '$.rest') AS FLOAT64) AS rest,
    IF(JSON_VALUE(choice, '$.set') = 'known', known_count, feasible_count) AS arms
  FROM sources
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(choices)) AS choice
  WHERE JSON_VALUE(choice, '$.rest') IS NOT NULL
),

-- What adds up: rest for every arm, and what a listed arm has beyond it. Of no arms there is no distribution.
parts AS (
  SELECT id, policy, offered_set, rest * arms AS probability
  FROM choices
  WHERE arms > 0
  UNION ALL
  SELECT id, policy, offered_set, CAST(JSON_VALUE(item, '$.probability') AS FLOAT64) - rest AS probability
  FROM choices
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(choice, '$.probabilities')) AS item
  WHERE arms > 0
  UNION ALL
  SELECT
    choice_set_id AS id,
    'drawn from' AS policy,
    'feasible' AS offered_set,
    CAST(JSON_VALUE(item, '$.probability') AS FLOAT64) AS probability
  FROM choice_sets
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(feasible)) AS item
),

distributions AS (
  SELECT id, policy, offered_set, SUM(probability) AS total
  FROM parts
  GROUP BY id, policy, offered_set
),

judged AS (
  SELECT distributions.id, COALESCE(ABS(distributions.total - 1) <= limits.most_off, FALSE) AS is_fine
  FROM distributions
  CROSS JOIN limits
)

SELECT
  COUNT(*) AS checked,
  COUNTIF(NOT is_fine) AS failed,
  MIN(IF(is_fine, NULL, id)) AS example
FROM judged
