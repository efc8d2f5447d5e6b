# Made by "npm run docs". Name your connection to the project that holds the dataset ci_metrics.
connection: "runner_bandit"
include: "*.view.lkml"

explore: decision_outcomes {
  description: "What each policy would have picked for a job, and what became of it where GitLab ran it. Agreement is not benefit: a match says nothing of what the other arm would have done."
}

explore: arm_performance {
  description: "How each arm has done so far, over the jobs that have ended."
}

explore: policy_agreement {
  description: "How often each policy's pick was the arm that the job ran on. Agreement is not benefit: it says nothing of what the other arm would have done. Routed jobs are left out: they carry the tag of one arm, which every policy would pick of that one. A feasible set of one always agrees, a pick that is not feasible never does, and arms that run most of the jobs are agreed with most. Read the rows of the policy uniform as agreement by chance."
}

explore: policy_value {
  description: "What a job would have got, had the target policy chosen its arm, by eight estimators; of a policy's past picks, not of what it would have learned had it been in charge, and of re-routing a few jobs, not all: see support_check and propensity_check before believing any. naive_match is biased; it is here to be seen beside the others."
}

explore: policy_comparison {
  description: "Whether one target policy is better than another, or than what was done, estimated on the same jobs. Pipelines of which both have not decided on the same number of jobs are left out."
}

explore: learning_curve {
  description: "What was known of a target policy at the end of each day. The bounds hold at all times together, whatever the distribution, if the propensities are exact and jobs independent, for a policy whose value does not change; of one that learns they bound a weighted mean of its values so far."
}

explore: propensity_check {
  description: "Whether a source of propensities may be believed. Estimates from one that did not pass are not to be shown."
}

explore: propensity_calibration {
  description: "Whether GitLab chose the share p of the arms that a source gives a probability of about p. Over jobs that were not routed; the estimated source is asked on the fold that it has not seen, and only of arms with room."
}

explore: support_check {
  description: "Whether the log can say anything about a target policy: only where its picks were made often enough, by GitLab or by us. Weights are those of the primary reward."
}

explore: reward_by_arm {
  description: "What the jobs of each arm earned, raw and compared with the other arms on the same job keys. Raw means compare different jobs: an arm that is given the long ones looks slow. Neither says what a policy would earn: that is policy_value."
}

explore: drift {
  description: "Whether an arm does in a week what it did before: how fast it runs jobs against what they usually take, and how often they succeed. Estimates take the arms for the same all the time: where one drifted, evaluate the time after by itself."
}

explore: policy_truth {
  description: "What each target would have brought in a world that was played, where it is known what each arm makes of each job (potential_outcomes). Empty for a log of reality."
}

explore: evaluation_exclusions {
  description: "How many jobs of the window are evaluated, and why the others are not. Some of them may be evaluated when the advice is followed."
}
