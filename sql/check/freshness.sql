-- Does anything still come in? The time of played jobs need not be real: synthetic events do not count.
WITH limits AS (
  -- A weekend is 60 hours; three days without a single job of any project are none.
  SELECT 259200000 AS most_ms
),

newest AS (
  SELECT event_id, received_at
  FROM ci_metrics.job_events
  WHERE source <> 'synthetic'
  QUALIFY ROW_NUMBER() OVER (ORDER BY received_at DESC, event_id) = 1
),

judged AS (
  SELECT
    newest.event_id,
    UNIX_MILLIS(CAST(@now AS TIMESTAMP)) - UNIX_MILLIS(newest.received_at) > limits.most_ms AS is_old
  FROM newest
  CROSS JOIN limits
)

SELECT COUNT(*) AS checked, COUNTIF(is_old) AS failed, MIN(IF(is_old, event_id, NULL)) AS example
FROM judged
