-- By which constants is evaluated? One place for all views; the description says why each is what it is.
-- The window is that of all times, 1970 to 9999; another is asked for by another row in place of this one. Grain: one row.
SELECT
  TIMESTAMP_SECONDS(0) AS from_at,
  TIMESTAMP_SECONDS(253402214400) AS to_at,
  CAST(1.959963984540054 AS FLOAT64) AS z,
  CAST(0.05 AS FLOAT64) AS alpha,
  CAST(10 AS FLOAT64) AS clip_weight,
  CAST(10 AS FLOAT64) AS switch_weight,
  CAST(5 AS INT64) AS folds,
  CAST(5 AS FLOAT64) AS key_weight,
  CAST(3 AS FLOAT64) AS cell_weight,
  CAST(2 AS FLOAT64) AS propensity_weight,
  CAST(0.05 AS FLOAT64) AS propensity_uniform_share,
  CAST(5 AS FLOAT64) AS baseline_weight,
  CAST(1000 AS INT64) AS sequence_clusters,
  CAST(0.008211968062068253 AS FLOAT64) AS sequence_rho2,
  'spec' AS primary_reward,
  CAST(0.15 AS FLOAT64) AS most_gap,
  CAST(0.15 AS FLOAT64) AS most_weight_gap,
  CAST(0.1 AS FLOAT64) AS most_off_support,
  CAST(0.5 AS FLOAT64) AS most_left,
  CAST(100 AS FLOAT64) AS fewest_effective
