-- What would each target policy do with each job, arm by arm? policy_picks, with the rest written out over the feasible arms.
-- Grain: one row per evaluated job, target and arm with a probability above 0.
WITH rests AS (
  SELECT decision_id, target, decided, version, MAX(rest) AS rest
  FROM ci_metrics.policy_picks
  WHERE rest > 0
  GROUP BY decision_id, target, decided, version
),

named AS (
  SELECT decision_id, target, arm
  FROM ci_metrics.policy_picks
  WHERE rest > 0 AND arm IS NOT NULL
)

SELECT
  picks.decision_id, picks.target, picks.decided, picks.version, picks.arm, picks.probability, picks.is_feasible,
  full_arms.arm IS NULL AS has_room
FROM ci_metrics.policy_picks AS picks
LEFT JOIN ci_metrics.full_arms AS full_arms ON full_arms.decision_id = picks.decision_id AND full_arms.arm = picks.arm
WHERE picks.probability > 0
UNION ALL
SELECT
  rests.decision_id, rests.target, rests.decided, rests.version, feasible_sets.arm, rests.rest AS probability,
  TRUE AS is_feasible, full_arms.arm IS NULL AS has_room
FROM rests
INNER JOIN ci_metrics.evaluation_decisions AS decisions ON decisions.decision_id = rests.decision_id
INNER JOIN ci_metrics.feasible_sets AS feasible_sets ON feasible_sets.signature = decisions.signature
LEFT JOIN ci_metrics.full_arms AS full_arms ON full_arms.decision_id = rests.decision_id AND full_arms.arm = feasible_sets.arm
LEFT JOIN named
  ON named.decision_id = rests.decision_id AND named.target = rests.target AND named.arm = feasible_sets.arm
WHERE named.arm IS NULL
