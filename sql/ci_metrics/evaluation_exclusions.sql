-- How many jobs is the evaluation about, and why not about the others? Nothing is left out without being counted here.
-- Grain: one row per reason that occurs.
SELECT
  standing AS reason,
  COUNT(*) AS jobs,
  CASE standing
    WHEN 'evaluated' THEN 'Nothing: these are what the estimates are about.'
    WHEN 'running' THEN 'Wait for them to end; npx runner-bandit reconcile asks GitLab for ends that nobody told of.'
    WHEN 'no_arm' THEN 'Nothing: no runner had them, so nothing can be learned of any.'
    WHEN 'tags_unknown' THEN 'Let the tags of jobs be asked for (GITLAB_API_TOKEN), so that it is known which runners could have taken them.'
    WHEN 'no_choices' THEN 'Nothing: no feasible set was known, or what policies made of it was not yet recorded.'
    ELSE 'Bring fleet.yaml up to date (npx runner-bandit fleet sync): runners took jobs that the file says they may not.'
  END AS advice
FROM ci_metrics.evaluation_jobs
GROUP BY standing
