# Made from sql/ci_metrics/decision_outcomes.yaml by "npm run docs". What each policy would have picked for a job, and what became of it where GitLab ran it. Agreement is not benefit: a match says nothing of what the other arm would have done.
# Grain: one row per job that was decided on, before a reset or after it.
view: decision_outcomes {
  sql_table_name: ci_metrics.decision_outcomes ;;

  dimension: decision_id {
    type: string
    description: "The id of the event that asked for it; the same decision written twice has the same id."
    sql: ${TABLE}.decision_id ;;
  }

  dimension: instance {
    type: string
    description: "Host (and path) of the GitLab instance."
    sql: ${TABLE}.instance ;;
  }

  dimension: project_id {
    type: number
    description: "GitLab's id of the project."
    sql: ${TABLE}.project_id ;;
  }

  dimension: project_path {
    type: string
    description: "Full path of the project."
    sql: ${TABLE}.project_path ;;
  }

  dimension: job_id {
    type: number
    description: "GitLab's id of the job."
    sql: ${TABLE}.job_id ;;
  }

  dimension: pipeline_id {
    type: number
    description: "GitLab's id of the pipeline."
    sql: ${TABLE}.pipeline_id ;;
  }

  dimension: job_key {
    type: string
    description: "What counts as the same job again."
    sql: ${TABLE}.job_key ;;
  }

  dimension: job_name {
    type: string
    description: "Name of the job."
    sql: ${TABLE}.job_name ;;
  }

  dimension: stage {
    type: string
    description: "Stage of the job."
    sql: ${TABLE}.stage ;;
  }

  dimension: source {
    type: string
    description: "Who witnessed the event: webhook, pipeline, update, reconcile (live), replay, backfill (bulk); synthetic: a played GitLab."
    sql: ${TABLE}.source ;;
  }

  dimension_group: decided {
    type: time
    timeframes: [raw, time, hour, date, week, month]
    description: "When the decision was made; for a replayed job the time it would have been made."
    sql: ${TABLE}.decided_at ;;
  }

  dimension: decided_late {
    type: yesno
    description: "Made at the finish, from the state minus this job's own contribution."
    sql: ${TABLE}.decided_late ;;
  }

  dimension: actual_runner {
    type: string
    description: "Arm that ran the job to its end, else the one that had it at its start; NULL when none had it."
    sql: ${TABLE}.actual_runner ;;
  }

  dimension: actual_unmanaged {
    type: yesno
    description: "Whether that arm is not described in fleet.yaml."
    sql: ${TABLE}.actual_unmanaged ;;
  }

  dimension: mab_runner {
    type: string
    description: "Arm that UCB1 picks among all known arms, constraints ignored."
    sql: ${TABLE}.mab_runner ;;
  }

  dimension: nsai_runner {
    type: string
    description: "Arm that UCB1 picks in the feasible set; NULL when the set is empty."
    sql: ${TABLE}.nsai_runner ;;
  }

  dimension: nsai_feasible_count {
    type: number
    description: "Size of the feasible set, >= 0."
    sql: ${TABLE}.nsai_feasible_count ;;
  }

  dimension: nsai_confidence {
    type: number
    description: "Probability that nsai_runner is the best feasible arm, in (0, 1]; NULL when there is none."
    sql: ${TABLE}.nsai_confidence ;;
  }

  dimension: mab_would_match {
    type: yesno
    description: "Whether mab_runner is the actual arm; NULL when there is none."
    sql: ${TABLE}.mab_would_match ;;
  }

  dimension: nsai_would_match {
    type: yesno
    description: "Whether nsai_runner is the actual arm; NULL when there is none."
    sql: ${TABLE}.nsai_would_match ;;
  }

  dimension: tags_source {
    type: string
    description: "Where the job's tags come from: jobs_api (GitLab's API), or unknown (a webhook does not carry them)."
    sql: ${TABLE}.tags_source ;;
  }

  dimension: known_count {
    type: number
    description: "Number of known arms, >= 0."
    sql: ${TABLE}.known_count ;;
  }

  dimension: feasible {
    type: string
    description: "JSON list of the feasible arms: {arm, observations, mean_reward, penalty}; penalty, what soft rules cost the arm, is left out where it is 0."
    sql: ${TABLE}.feasible ;;
  }

  dimension: refused {
    type: string
    description: "JSON object of the other arms: refusal code to arms."
    sql: ${TABLE}.refused ;;
  }

  dimension: choices {
    type: string
    description: "JSON list of what each policy made of the arms: {policy, version, parameters, set, arm, probability, rest, probabilities}; arm was drawn with that probability, probabilities lists {arm, probability} of the arms that have more than rest, and rest is that of every other arm of the set. Older rows have neither those nor parameters."
    sql: ${TABLE}.choices ;;
  }

  dimension: state_generation {
    type: string
    description: "Generation of the bandit state it was made from; of a job of a bulk source, 'replay'."
    sql: ${TABLE}.state_generation ;;
  }

  dimension_group: state_as_of {
    type: time
    timeframes: [raw, time, hour, date, week, month]
    description: "Newest finish in that state (of a late decision possibly the job's own); NULL when it was empty."
    sql: ${TABLE}.state_as_of_at ;;
  }

  dimension: state_lag_seconds {
    type: number
    description: "Seconds from state_as_of_at to decided_at; negative when the state knew later jobs."
    sql: ${TABLE}.state_lag_seconds ;;
  }

  dimension: state_observations {
    type: number
    description: "Rewards in that state, over all arms, >= 0."
    sql: ${TABLE}.state_observations ;;
  }

  dimension: job_status {
    type: string
    description: "success, failed or canceled; NULL while the job runs."
    sql: ${TABLE}.job_status ;;
  }

  dimension: job_duration {
    type: number
    description: "Seconds the job ran, > 0; NULL when not known."
    sql: ${TABLE}.job_duration ;;
  }

  dimension: queued_seconds {
    type: number
    description: "Seconds the job waited for a runner, >= 0; NULL while the job runs."
    sql: ${TABLE}.queued_seconds ;;
  }

  dimension: failure_reason {
    type: string
    description: "GitLab's failure reason; only of failed jobs; NULL while the job runs."
    sql: ${TABLE}.failure_reason ;;
  }

  dimension: runner_failure {
    type: yesno
    description: "Whether the failure is the runner's doing and not the script's; NULL while the job runs."
    sql: ${TABLE}.runner_failure ;;
  }

  dimension: reward {
    type: number
    description: "success / (minutes + cost penalty + 0.1), in [0, 10]; NULL for canceled jobs and unknown durations."
    sql: ${TABLE}.reward ;;
  }

  dimension: cost_eur {
    type: number
    description: "EUR for the time it ran, >= 0; NULL while the job runs."
    sql: ${TABLE}.cost_eur ;;
  }

  dimension_group: finished {
    type: time
    timeframes: [raw, time, hour, date, week, month]
    description: "When it ended, as far as known; NULL while the job runs."
    sql: ${TABLE}.finished_at ;;
  }

  dimension_group: outcome_received {
    type: time
    timeframes: [raw, time, hour, date, week, month]
    description: "When the finish was admitted; NULL while the job runs."
    sql: ${TABLE}.outcome_received_at ;;
  }

  dimension: outcome_late {
    type: yesno
    description: "Whether the finish came too late to be learned from; NULL while the job runs."
    sql: ${TABLE}.outcome_late ;;
  }

  dimension: parent_pipeline_id {
    type: number
    description: "Pipeline that started the job's own, of a child or downstream pipeline; NULL when not said."
    sql: ${TABLE}.parent_pipeline_id ;;
  }

  dimension: routed_decision_id {
    type: string
    description: "The recommendation whose tag the job was told to carry; NULL of a job that was not routed."
    sql: ${TABLE}.routed_decision_id ;;
  }

  dimension: routed_runner {
    type: string
    description: "Arm that it recommended."
    sql: ${TABLE}.routed_runner ;;
  }

  dimension: routed_propensity {
    type: number
    description: "Probability with which that arm was drawn, canary's control included, in (0, 1]."
    sql: ${TABLE}.routed_propensity ;;
  }

  dimension: routed_policy {
    type: string
    description: "Policy that was asked."
    sql: ${TABLE}.routed_policy ;;
  }

  dimension: routed_mode {
    type: string
    description: "canary or autonomous."
    sql: ${TABLE}.routed_mode ;;
  }

  dimension: routed_canary_group {
    type: string
    description: "In canary: policy, or uniform (the control)."
    sql: ${TABLE}.routed_canary_group ;;
  }

  dimension: landed_as_routed {
    type: yesno
    description: "Whether the actual runner is the routed one; NULL of a job that was not routed."
    sql: ${TABLE}.landed_as_routed ;;
  }

  dimension: attempt {
    type: number
    description: "Retries before it, >= 0: 0 on the first try; NULL when not said."
    sql: ${TABLE}.attempt ;;
  }

  dimension: seed {
    type: string
    description: "What the draws of the choices began from: of each policy <seed>/<policy>/<set>; NULL in older rows."
    sql: ${TABLE}.seed ;;
  }

  dimension_group: started {
    type: time
    timeframes: [raw, time, hour, date, week, month]
    description: "When the job began; NULL when not known."
    sql: ${TABLE}.started_at ;;
  }

  dimension: routed_choice_set_id {
    type: string
    description: "The choice set that the recommendation of a routed job was drawn from; NULL of a job that was not routed."
    sql: ${TABLE}.routed_choice_set_id ;;
  }

  measure: rows {
    type: count
    description: "Number of rows: one row per job that was decided on, before a reset or after it."
  }

  measure: mean_nsai_feasible_count {
    type: average
    description: "Mean over the rows of: Size of the feasible set, >= 0."
    sql: ${TABLE}.nsai_feasible_count ;;
  }

  measure: mean_nsai_confidence {
    type: average
    description: "Mean over the rows of: Probability that nsai_runner is the best feasible arm, in (0, 1]; NULL when there is none."
    sql: ${TABLE}.nsai_confidence ;;
  }

  measure: mean_known_count {
    type: average
    description: "Mean over the rows of: Number of known arms, >= 0."
    sql: ${TABLE}.known_count ;;
  }

  measure: mean_state_lag_seconds {
    type: average
    description: "Mean over the rows of: Seconds from state_as_of_at to decided_at; negative when the state knew later jobs."
    sql: ${TABLE}.state_lag_seconds ;;
  }

  measure: mean_state_observations {
    type: average
    description: "Mean over the rows of: Rewards in that state, over all arms, >= 0."
    sql: ${TABLE}.state_observations ;;
  }

  measure: mean_job_duration {
    type: average
    description: "Mean over the rows of: Seconds the job ran, > 0; NULL when not known."
    sql: ${TABLE}.job_duration ;;
  }

  measure: mean_queued_seconds {
    type: average
    description: "Mean over the rows of: Seconds the job waited for a runner, >= 0; NULL while the job runs."
    sql: ${TABLE}.queued_seconds ;;
  }

  measure: mean_reward {
    type: average
    description: "Mean over the rows of: success / (minutes + cost penalty + 0.1), in [0, 10]; NULL for canceled jobs and unknown durations."
    sql: ${TABLE}.reward ;;
  }

  measure: total_cost_eur {
    type: sum
    description: "Sum over the rows of: EUR for the time it ran, >= 0; NULL while the job runs."
    sql: ${TABLE}.cost_eur ;;
  }

  measure: mean_routed_propensity {
    type: average
    description: "Mean over the rows of: Probability with which that arm was drawn, canary's control included, in (0, 1]."
    sql: ${TABLE}.routed_propensity ;;
  }

  measure: mean_attempt {
    type: average
    description: "Mean over the rows of: Retries before it, >= 0: 0 on the first try; NULL when not said."
    sql: ${TABLE}.attempt ;;
  }
}
