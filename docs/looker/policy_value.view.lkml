# Made from sql/ci_metrics/policy_value.yaml by "npm run docs". What a job would have got, had the target policy chosen its arm, by eight estimators; of a policy's past picks, not of what it would have learned had it been in charge, and of re-routing a few jobs, not all: see support_check and propensity_check before believing any. naive_match is biased; it is here to be seen beside the others.
# Grain: one row per target, reward, source, period and estimator.
view: policy_value {
  sql_table_name: ci_metrics.policy_value ;;

  dimension: target {
    type: string
    description: "Policy whose value is asked for: <policy> over the feasible set, <policy>/known over all known arms, <rule>/rescored, or logged."
    sql: ${TABLE}.target ;;
  }

  dimension: decided {
    type: string
    description: "How the target chose: shadow (frozen before the outcome, from the state of that time), rescored (now, from one fixed state per fold that never saw the job) or logged (what was done)."
    sql: ${TABLE}.decided ;;
  }

  dimension: reward_name {
    type: string
    description: "What counts: spec, speed and success (higher is better), time_to_result in minutes and cost in EUR (lower is better)."
    sql: ${TABLE}.reward_name ;;
  }

  dimension: source {
    type: string
    description: "Where the propensity comes from: recorded (drawn by us), estimated (from the log, where not recorded) or uniform (1/feasible_count is assumed, where not recorded)."
    sql: ${TABLE}.source ;;
  }

  dimension: period {
    type: string
    description: "all, or the month (UTC, YYYY-MM) in which the pipeline's first job was decided."
    sql: ${TABLE}.period ;;
  }

  dimension: estimator {
    type: string
    description: "ips, clipped_ips, snips (times the feasible share), dm, dr, sndr or switch_dr; or naive_match, the mean reward of the jobs whose arm the target might have picked: biased, since it weighs jobs by how likely that is."
    sql: ${TABLE}.estimator ;;
  }

  dimension: jobs {
    type: number
    description: "Jobs that the estimate is about, > 0."
    sql: ${TABLE}.jobs ;;
  }

  dimension: clusters {
    type: number
    description: "Pipelines that they belong to, > 0."
    sql: ${TABLE}.clusters ;;
  }

  dimension: value {
    type: number
    description: "The estimate, in the unit of the reward: [0, 10], minutes, EUR; NULL where no job's arm might have been picked."
    sql: ${TABLE}.value ;;
  }

  dimension: standard_error {
    type: number
    description: "Of the value, cluster-robust (CR1), in the unit of the reward: [0, 10], minutes, EUR; NULL with fewer than two pipelines."
    sql: ${TABLE}.standard_error ;;
  }

  dimension: low {
    type: number
    description: "Lower end of the 95 percent t interval, in the unit of the reward: [0, 10], minutes, EUR: right for one look."
    sql: ${TABLE}.low ;;
  }

  dimension: high {
    type: number
    description: "Its upper end, in the unit of the reward: [0, 10], minutes, EUR."
    sql: ${TABLE}.high ;;
  }

  dimension: sequence_low {
    type: number
    description: "Lower end of the asymptotic confidence sequence, in the unit of the reward: [0, 10], minutes, EUR: right however often one looks; NULL of naive_match."
    sql: ${TABLE}.sequence_low ;;
  }

  dimension: sequence_high {
    type: number
    description: "Its upper end, in the unit of the reward: [0, 10], minutes, EUR; NULL of naive_match."
    sql: ${TABLE}.sequence_high ;;
  }

  dimension: mean_weight {
    type: number
    description: "Mean weight, >= 0: near feasible_share if the propensities are right."
    sql: ${TABLE}.mean_weight ;;
  }

  dimension: max_weight {
    type: number
    description: "Largest weight, >= 0."
    sql: ${TABLE}.max_weight ;;
  }

  dimension: effective_sample_size {
    type: number
    description: "How many equally weighted jobs tell as much, >= 1; NULL where all weights are 0."
    sql: ${TABLE}.effective_sample_size ;;
  }

  dimension: feasible_share {
    type: number
    description: "Mean probability of the target on feasible arms, in [0, 1]."
    sql: ${TABLE}.feasible_share ;;
  }

  measure: rows {
    type: count
    description: "Number of rows: one row per target, reward, source, period and estimator."
  }

  measure: total_jobs {
    type: sum
    description: "Sum over the rows of: Jobs that the estimate is about, > 0."
    sql: ${TABLE}.jobs ;;
  }

  measure: mean_clusters {
    type: average
    description: "Mean over the rows of: Pipelines that they belong to, > 0."
    sql: ${TABLE}.clusters ;;
  }

  measure: mean_value {
    type: average
    description: "Mean over the rows of: The estimate, in the unit of the reward: [0, 10], minutes, EUR; NULL where no job's arm might have been picked."
    sql: ${TABLE}.value ;;
  }

  measure: mean_standard_error {
    type: average
    description: "Mean over the rows of: Of the value, cluster-robust (CR1), in the unit of the reward: [0, 10], minutes, EUR; NULL with fewer than two pipelines."
    sql: ${TABLE}.standard_error ;;
  }

  measure: mean_low {
    type: average
    description: "Mean over the rows of: Lower end of the 95 percent t interval, in the unit of the reward: [0, 10], minutes, EUR: right for one look."
    sql: ${TABLE}.low ;;
  }

  measure: mean_high {
    type: average
    description: "Mean over the rows of: Its upper end, in the unit of the reward: [0, 10], minutes, EUR."
    sql: ${TABLE}.high ;;
  }

  measure: mean_sequence_low {
    type: average
    description: "Mean over the rows of: Lower end of the asymptotic confidence sequence, in the unit of the reward: [0, 10], minutes, EUR: right however often one looks; NULL of naive_match."
    sql: ${TABLE}.sequence_low ;;
  }

  measure: mean_sequence_high {
    type: average
    description: "Mean over the rows of: Its upper end, in the unit of the reward: [0, 10], minutes, EUR; NULL of naive_match."
    sql: ${TABLE}.sequence_high ;;
  }

  measure: mean_mean_weight {
    type: average
    description: "Mean over the rows of: Mean weight, >= 0: near feasible_share if the propensities are right."
    sql: ${TABLE}.mean_weight ;;
  }

  measure: mean_max_weight {
    type: average
    description: "Mean over the rows of: Largest weight, >= 0."
    sql: ${TABLE}.max_weight ;;
  }

  measure: mean_effective_sample_size {
    type: average
    description: "Mean over the rows of: How many equally weighted jobs tell as much, >= 1; NULL where all weights are 0."
    sql: ${TABLE}.effective_sample_size ;;
  }

  measure: mean_feasible_share {
    type: average
    description: "Mean over the rows of: Mean probability of the target on feasible arms, in [0, 1]."
    sql: ${TABLE}.feasible_share ;;
  }
}
