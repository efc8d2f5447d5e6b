-- Which arms had no room when a job began? GitLab does not say how many jobs a runner takes at a time: an arm is full with as
-- many as it ever ran at a time, of all jobs of the window. An end at the instant of the start made room for it; what began at that
-- instant is not yet there. One that never ran any is full with none: it takes no part in who is free.
-- The arm that took the job had room, and a job that was routed waits for its arm: for it every arm has room.
-- Full arms are added up as bits, 62 arms to a word, so that one pass in the order of time tells them for every job: an
-- instant in milliseconds times 3, plus 0 for ends, 1 for readings, 2 for starts.
-- Grain: one row per evaluated job and feasible arm without room.
WITH jobs AS (
  SELECT decision_id, signature, action, is_routed, 3 * UNIX_MILLIS(started_at) AS started
  FROM ci_metrics.evaluation_decisions
),

-- Also those that cannot be evaluated take room; one takes a millisecond at least.
runs AS (
  SELECT
    ran_on AS arm,
    3 * UNIX_MILLIS(COALESCE(started_at, decided_at)) AS started,
    3 * UNIX_MILLIS(finished_at) AS finished
  FROM ci_metrics.evaluation_jobs
  WHERE ran_on IS NOT NULL
),

changes AS (
  SELECT arm, started + 2 AS position, 1 AS change
  FROM runs
  UNION ALL
  SELECT arm, GREATEST(finished, started + 3) AS position, -1 AS change
  FROM runs
  WHERE finished IS NOT NULL
),

-- Changes at one position count together.
loads AS (
  SELECT DISTINCT arm, position, SUM(change) OVER (PARTITION BY arm ORDER BY position) AS running
  FROM changes
),

capacities AS (
  SELECT arm, MAX(running) AS running, ROW_NUMBER() OVER (ORDER BY arm) - 1 AS number
  FROM loads
  GROUP BY arm
),

-- 1 << n in both engines.
bits AS (
  SELECT arm, running, DIV(number, 62) AS word, CAST(POW(2, MOD(number, 62)) AS INT64) AS bit
  FROM capacities
),

fillings AS (
  SELECT
    bits.word,
    loads.position,
    bits.bit,
    IF(loads.running = bits.running, 1, 0) AS is_full,
    LAG(IF(loads.running = bits.running, 1, 0)) OVER (PARTITION BY loads.arm ORDER BY loads.position) AS was_full
  FROM loads
  INNER JOIN bits ON bits.arm = loads.arm
),

readings AS (
  SELECT word, position, bit * (is_full - COALESCE(was_full, 0)) AS change, CAST(NULL AS STRING) AS decision_id
  FROM fillings
  WHERE is_full <> COALESCE(was_full, 0)
  UNION ALL
  SELECT words.word, jobs.started + 1 AS position, 0 AS change, jobs.decision_id
  FROM jobs
  CROSS JOIN (SELECT DISTINCT word FROM bits) AS words
),

moments AS (
  SELECT word, decision_id, CAST(SUM(change) OVER (PARTITION BY word ORDER BY position) AS INT64) AS bits
  FROM readings
),

offers AS (
  SELECT feasible_sets.signature, feasible_sets.arm, COALESCE(bits.word, 0) AS word, bits.bit
  FROM ci_metrics.feasible_sets AS feasible_sets
  LEFT JOIN bits ON bits.arm = feasible_sets.arm
)

SELECT jobs.decision_id, offers.arm
FROM jobs
INNER JOIN offers ON offers.signature = jobs.signature
LEFT JOIN moments ON moments.decision_id = jobs.decision_id AND moments.word = offers.word
WHERE
  NOT jobs.is_routed
  AND offers.arm <> jobs.action
  AND COALESCE(MOD(DIV(moments.bits, offers.bit), 2) = 1, TRUE)
