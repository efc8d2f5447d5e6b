-- Of the arms given a probability of about p, was the share p chosen?
-- As "runner-bandit evaluate" asks, here of policy ucb1, reward spec, source estimated. Made by "npm run docs".
SELECT source, bin, predicted, observed, candidates FROM ci_metrics.propensity_calibration
