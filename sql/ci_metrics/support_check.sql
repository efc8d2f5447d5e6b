-- Can the log say anything about a target policy? Only where GitLab, or we, did what the policy would do, and often
-- enough. Weights are those of the primary reward's terms. An arm with room is off support for a job if no evaluated
-- job with the same feasible set (of the recorded source: no routed one) was ever given to it; picks without room are
-- left to GitLab.
-- Grain: one row per target and source.
WITH terms AS (
  SELECT terms.decision_id, terms.target, terms.source, terms.weight, terms.feasible
  FROM ci_metrics.policy_terms AS terms
  INNER JOIN ci_metrics.evaluation_settings AS settings ON settings.primary_reward = terms.reward_name
),

weights AS (
  SELECT
    target,
    source,
    COUNT(*) AS jobs,
    1 - AVG(feasible) AS infeasible_share,
    AVG(IF(weight = 0, feasible, 0)) AS unmatched_share,
    AVG(weight) AS mean_weight,
    MAX(weight) AS max_weight,
    SAFE_DIVIDE(SUM(weight) * SUM(weight), SUM(weight * weight)) AS effective_sample_size
  FROM terms
  GROUP BY target, source
),

-- What is said of logged is said of every job.
jobs AS (
  SELECT decision_id, LOGICAL_OR(source = 'recorded') AS is_recorded
  FROM terms
  WHERE target = 'logged'
  GROUP BY decision_id
),

sources AS (
  SELECT source, source = 'recorded' AS is_recorded
  FROM weights
  GROUP BY source
),

actions AS (
  SELECT contexts.signature, contexts.action AS arm, LOGICAL_OR(jobs.is_recorded) AS is_recorded
  FROM ci_metrics.behaviour_contexts AS contexts
  INNER JOIN jobs ON jobs.decision_id = contexts.decision_id
  GROUP BY contexts.signature, contexts.action
),

masses AS (
  SELECT
    choices.target,
    choices.version,
    contexts.signature,
    choices.arm,
    choices.is_feasible,
    choices.has_room,
    jobs.is_recorded,
    SUM(choices.probability) AS mass
  FROM ci_metrics.policy_choices AS choices
  INNER JOIN jobs ON jobs.decision_id = choices.decision_id
  INNER JOIN ci_metrics.behaviour_contexts AS contexts ON contexts.decision_id = choices.decision_id
  GROUP BY
    choices.target, choices.version, contexts.signature, choices.arm, choices.is_feasible, choices.has_room,
    jobs.is_recorded
),

supports AS (
  SELECT
    masses.target,
    sources.source,
    COUNT(DISTINCT masses.version) AS versions,
    SUM(
      IF(
        masses.is_feasible
          AND masses.has_room
          AND (actions.arm IS NULL OR (sources.is_recorded AND NOT actions.is_recorded)),
        masses.mass,
        0
      )
    ) AS off_support,
    SUM(IF(masses.has_room, 0, masses.mass)) AS left_to_gitlab
  FROM masses
  INNER JOIN sources ON masses.is_recorded OR NOT sources.is_recorded
  LEFT JOIN actions ON actions.signature = masses.signature AND actions.arm = masses.arm
  GROUP BY masses.target, sources.source
),

smallest AS (
  SELECT source, MIN(propensity) AS min_propensity
  FROM ci_metrics.propensities
  GROUP BY source
)

SELECT
  weights.target,
  weights.source,
  weights.jobs,
  COALESCE(supports.versions, 0) AS versions,
  weights.infeasible_share,
  COALESCE(supports.off_support / weights.jobs, 0) AS off_support_share,
  COALESCE(supports.left_to_gitlab / weights.jobs, 0) AS left_share,
  weights.unmatched_share,
  weights.mean_weight,
  weights.max_weight,
  smallest.min_propensity,
  weights.effective_sample_size,
  COALESCE(supports.off_support / weights.jobs, 0) <= settings.most_off_support
    AND COALESCE(weights.effective_sample_size, 0) >= settings.fewest_effective AS is_supported
FROM weights
CROSS JOIN ci_metrics.evaluation_settings AS settings
LEFT JOIN supports ON supports.target = weights.target AND supports.source = weights.source
LEFT JOIN smallest ON smallest.source = weights.source
