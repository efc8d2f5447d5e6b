-- What could have run each job, and which of it had no room? GitLab does not say how many jobs a runner takes at a time: an
-- arm is full with as many as it ever ran at a time in the window. An end at the instant of the start made room for it; what
-- began at that instant is not yet there. One that never ran any is full with none: it takes no part in who is free.
-- A job that was routed waits for its arm: for it every arm has room.
-- Full arms are added up as bits, 62 arms to a word, so that one pass in the order of time tells them for every job: an
-- instant in milliseconds times 3, plus 0 for ends, 1 for readings, 2 for starts.
-- Grain: one row per evaluated job and feasible arm.
WITH jobs AS (
  SELECT
    decision_id, fold, job_key, signature, action, ran_on, is_routed,
    3 * UNIX_MILLIS(started_at) AS started, 3 * UNIX_MILLIS(finished_at) AS finished
  FROM ci_metrics.evaluation_decisions
),

changes AS (
  SELECT ran_on AS arm, started + 2 AS position, 1 AS change
  FROM jobs
  WHERE ran_on IS NOT NULL AND finished > started
  UNION ALL
  SELECT ran_on AS arm, finished AS position, -1 AS change
  FROM jobs
  WHERE ran_on IS NOT NULL AND finished > started
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

full_arms AS (
  SELECT word, decision_id, CAST(SUM(change) OVER (PARTITION BY word ORDER BY position) AS INT64) AS bits
  FROM readings
),

offers AS (
  SELECT feasible_sets.signature, feasible_sets.arm, COALESCE(bits.word, 0) AS word, bits.bit
  FROM ci_metrics.feasible_sets AS feasible_sets
  LEFT JOIN bits ON bits.arm = feasible_sets.arm
)

SELECT
  jobs.decision_id,
  offers.arm,
  jobs.fold,
  jobs.job_key,
  offers.arm = jobs.action AS is_action,
  COALESCE(MOD(DIV(full_arms.bits, offers.bit), 2) = 1, TRUE)
    AND offers.arm <> jobs.action
    AND NOT jobs.is_routed AS is_full
FROM jobs
INNER JOIN offers ON offers.signature = jobs.signature
LEFT JOIN full_arms ON full_arms.decision_id = jobs.decision_id AND full_arms.word = offers.word
