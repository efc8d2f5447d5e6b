-- Of how many of all jobs did each arm run the job key, so that its adjusted mean is seen there?
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
WITH jobs AS (
  SELECT job_key, action
  FROM ci_metrics.evaluation_decisions
  WHERE reward_spec IS NOT NULL
),

job_keys AS (
  SELECT job_key, COUNT(*) AS jobs, COUNT(DISTINCT action) AS arms
  FROM jobs
  GROUP BY job_key
),

cells AS (
  SELECT DISTINCT job_key, action
  FROM jobs
),

whole AS (
  SELECT COUNT(*) AS jobs
  FROM jobs
)

SELECT
  cells.action AS arm,
  COUNTIF(job_keys.arms > 1) AS shared_job_keys,
  SUM(IF(job_keys.arms > 1, job_keys.jobs, 0)) / MAX(whole.jobs) AS covered_share
FROM cells
INNER JOIN job_keys ON job_keys.job_key = cells.job_key
CROSS JOIN whole
GROUP BY cells.action
