-- Of the arms that a source gives a probability of about p, did GitLab choose the share p? Over the jobs that were not
-- routed; the estimated source is asked on the fold that it has not seen, and only of arms with room. A recorded
-- propensity was drawn from, and needs no test.
-- Grain: one row per source and tenth of probability into which candidates fall.
WITH sources AS (
  SELECT 'estimated' AS source
  UNION ALL SELECT 'uniform'
),

contexts AS (
  SELECT
    held_out_jobs,
    held_out_actions,
    probability,
    COUNT(*) OVER (PARTITION BY fold, signature, free_arms, previous_arm) AS feasible_count
  FROM ci_metrics.propensity_model
),

predictions AS (
  SELECT
    sources.source,
    contexts.held_out_jobs,
    contexts.held_out_actions,
    IF(sources.source = 'uniform', 1 / contexts.feasible_count, contexts.probability) AS predicted
  FROM contexts
  CROSS JOIN sources
),

-- What rounding puts just below the edge of a bin belongs above it.
bins AS (
  SELECT *, LEAST(9, CAST(FLOOR(10 * predicted + 1e-9) AS INT64)) AS bin
  FROM predictions
)

SELECT
  source,
  bin,
  CAST(SUM(held_out_jobs) AS INT64) AS candidates,
  SUM(predicted * held_out_jobs) / SUM(held_out_jobs) AS predicted,
  SUM(held_out_actions) / SUM(held_out_jobs) AS observed
FROM bins
WHERE predicted > 0
GROUP BY source, bin
