-- What was known of a target policy at the end of each day? Its doubly robust estimate so far, and, for rewards that
-- are bounded (divided by their bound), an interval that may be looked at after every job: the predictable plug-in
-- empirical Bernstein sequence of Waudby-Smith et al. (2022, Anytime-valid off-policy inference for contextual
-- bandits), over jobs in the order of decision. With x = w r, c = ln(2 / alpha), and of min(x, 1) the running mean m
-- and variance s2, started at 1/2 and 1/4: lambda_t = min(sqrt(2 c / (t ln(1 + t) s2_{t-1})), 1/2), and low_t = (sum
-- lambda x - c - sum (x - m_{t-1})^2 (-ln(1 - lambda) - lambda)) / sum lambda, at its highest so far. high_t is 1 minus
-- the same of x = w (1 - r), which is named "loss" below.
-- Grain: one row per target, reward, source (recorded, estimated) and day on which such jobs were decided.
WITH terms AS (
  SELECT
    target,
    decided,
    reward_name,
    source,
    day,
    decided_at,
    decision_id,
    weight,
    reward,
    model_policy + weight * (reward - model_action) AS dr
  FROM ci_metrics.policy_terms
  WHERE source IN ('recorded', 'estimated')
),

days AS (
  SELECT target, decided, reward_name, source, day, COUNT(*) AS jobs, SUM(dr) AS dr
  FROM terms
  GROUP BY target, decided, reward_name, source, day
),

-- A number stands for the three texts that the rows of all jobs would else be sorted by again and again.
series AS (
  SELECT
    ROW_NUMBER() OVER (ORDER BY target, reward_name, source) AS series,
    target,
    reward_name,
    source,
    IF(reward_name = 'spec', 10, 1) AS bound
  FROM days
  WHERE reward_name IN ('spec', 'speed', 'success')
  GROUP BY target, reward_name, source
),

bounded_terms AS (
  SELECT
    series.series,
    terms.day,
    terms.decided_at,
    terms.decision_id,
    terms.weight * terms.reward / series.bound AS gain,
    terms.weight * (1 - terms.reward / series.bound) AS loss
  FROM terms
  INNER JOIN series
    ON series.target = terms.target
    AND series.reward_name = terms.reward_name
    AND series.source = terms.source
),

means AS (
  SELECT
    series,
    day,
    gain,
    loss,
    ROW_NUMBER() OVER (PARTITION BY series ORDER BY decided_at, decision_id) AS position,
    SUM(LEAST(gain, 1)) OVER jobs_so_far AS gains,
    SUM(LEAST(loss, 1)) OVER jobs_so_far AS losses
  FROM bounded_terms
  WINDOW jobs_so_far AS (
    PARTITION BY series ORDER BY decided_at, decision_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
),

-- Of each job how far it is from the mean with it, and from the mean before it.
distances AS (
  SELECT
    series,
    day,
    position,
    gain,
    loss,
    POW(LEAST(gain, 1) - (0.5 + gains) / (position + 1), 2) AS gain_square,
    POW(LEAST(loss, 1) - (0.5 + losses) / (position + 1), 2) AS loss_square,
    POW(gain - (0.5 + gains - LEAST(gain, 1)) / position, 2) AS gain_surprise,
    POW(loss - (0.5 + losses - LEAST(loss, 1)) / position, 2) AS loss_surprise
  FROM means
),

variances AS (
  SELECT
    *,
    (0.25 + SUM(gain_square) OVER jobs_so_far - gain_square) / position AS gain_variance,
    (0.25 + SUM(loss_square) OVER jobs_so_far - loss_square) / position AS loss_variance
  FROM distances
  WINDOW jobs_so_far AS (
    PARTITION BY series ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
),

bets AS (
  SELECT
    variances.*,
    LN(2 / settings.alpha) AS price,
    LEAST(SQRT(2 * LN(2 / settings.alpha) / (position * LN(1 + position) * gain_variance)), 0.5) AS gain_bet,
    LEAST(SQRT(2 * LN(2 / settings.alpha) / (position * LN(1 + position) * loss_variance)), 0.5) AS loss_bet
  FROM variances
  CROSS JOIN ci_metrics.evaluation_settings AS settings
),

bounds AS (
  SELECT
    series,
    day,
    (SUM(gain_bet * gain + gain_surprise * (LN(1 - gain_bet) + gain_bet)) OVER jobs_so_far - price)
      / SUM(gain_bet) OVER jobs_so_far AS least_gain,
    (SUM(loss_bet * loss + loss_surprise * (LN(1 - loss_bet) + loss_bet)) OVER jobs_so_far - price)
      / SUM(loss_bet) OVER jobs_so_far AS least_loss
  FROM bets
  WINDOW jobs_so_far AS (
    PARTITION BY series ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
),

best AS (
  SELECT series, day, MAX(least_gain) AS least_gain, MAX(least_loss) AS least_loss
  FROM bounds
  GROUP BY series, day
)

SELECT
  days.target,
  days.decided,
  days.reward_name,
  days.source,
  days.day,
  days.jobs,
  days.dr / days.jobs AS value_of_day,
  CAST(SUM(days.jobs) OVER days_so_far AS INT64) AS cumulative_jobs,
  SUM(days.dr) OVER days_so_far / SUM(days.jobs) OVER days_so_far AS cumulative_value,
  series.bound * LEAST(1, GREATEST(0, MAX(best.least_gain) OVER days_so_far)) AS eb_low,
  series.bound * (1 - LEAST(1, GREATEST(0, MAX(best.least_loss) OVER days_so_far))) AS eb_high
FROM days
LEFT JOIN series
  ON series.target = days.target AND series.reward_name = days.reward_name AND series.source = days.source
LEFT JOIN best ON best.series = series.series AND best.day = days.day
WINDOW days_so_far AS (
  PARTITION BY days.target, days.reward_name, days.source ORDER BY days.day
  ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
)
