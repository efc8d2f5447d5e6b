-- Has a project gone silent? By its own rhythm: silent for longer than it ever was in the last four weeks, and much.
-- Of projects that had some jobs in that time; the time of played jobs need not be real: synthetic events do not count.
WITH limits AS (
  SELECT
    -- 28 days. So long a project is remembered; one that stopped for good is asked about no longer.
    2419200000 AS remembered_ms,
    -- The longest of fewer pauses says little of the next.
    20 AS fewest_jobs,
    -- Of pauses without a pattern, one twice as long as the longest of 20 comes once in 210.
    2 AS most_times_longest,
    -- A day: a night and a morning off are nothing to report.
    86400000 AS least_ms
),

ends AS (
  SELECT DISTINCT instance, project_id, job_id, UNIX_MILLIS(occurred_at) AS at_ms
  FROM ci_metrics.job_events
  CROSS JOIN limits
  WHERE
    kind = 'job.finished'
    AND NOT conflicting
    AND source <> 'synthetic'
    AND UNIX_MILLIS(occurred_at) > UNIX_MILLIS(CAST(@now AS TIMESTAMP)) - limits.remembered_ms
    AND UNIX_MILLIS(occurred_at) <= UNIX_MILLIS(CAST(@now AS TIMESTAMP))
),

pauses AS (
  SELECT
    instance,
    project_id,
    at_ms,
    at_ms - LAG(at_ms) OVER (PARTITION BY instance, project_id ORDER BY at_ms) AS pause_ms
  FROM ends
),

projects AS (
  SELECT
    pauses.instance,
    pauses.project_id,
    MAX(pauses.pause_ms) AS longest_ms,
    UNIX_MILLIS(CAST(@now AS TIMESTAMP)) - MAX(pauses.at_ms) AS silent_ms
  FROM pauses
  GROUP BY pauses.instance, pauses.project_id
  HAVING COUNT(*) >= (SELECT fewest_jobs FROM limits)
),

judged AS (
  SELECT
    CONCAT(projects.instance, '/', CAST(projects.project_id AS STRING)) AS project,
    projects.silent_ms > limits.least_ms
    AND projects.silent_ms > limits.most_times_longest * projects.longest_ms AS is_silent
  FROM projects
  CROSS JOIN limits
)

SELECT COUNT(*) AS checked, COUNTIF(is_silent) AS failed, MIN(IF(is_silent, project, NULL)) AS example
FROM judged
