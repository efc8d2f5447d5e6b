# Made from sql/ci_metrics/policy_comparison.yaml by "npm run docs". Whether one target policy is better than another, or than what was done, estimated on the same jobs. Pipelines of which both have not decided on the same number of jobs are left out.
# Grain: one row per pair of targets, reward, source, period and estimator.
view: policy_comparison {
  sql_table_name: ci_metrics.policy_comparison ;;

  dimension: target {
    type: string
    description: "Policy whose value is asked for: <policy> over the feasible set, <policy>/known over all known arms, <rule>/rescored, or logged."
    sql: ${TABLE}.target ;;
  }

  dimension: against {
    type: string
    description: "What it is compared with: logged, or a target that comes later in the order of names."
    sql: ${TABLE}.against ;;
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
    description: "dr or ips."
    sql: ${TABLE}.estimator ;;
  }

  dimension: jobs {
    type: number
    description: "Jobs of both, > 0."
    sql: ${TABLE}.jobs ;;
  }

  dimension: clusters {
    type: number
    description: "Pipelines that they belong to, > 0."
    sql: ${TABLE}.clusters ;;
  }

  dimension: difference {
    type: number
    description: "Value of the target less that of the other, in the unit of the reward: [0, 10], minutes, EUR."
    sql: ${TABLE}.difference ;;
  }

  dimension: standard_error {
    type: number
    description: "Of the difference, cluster-robust (CR1), in the unit of the reward: [0, 10], minutes, EUR; NULL with fewer than two pipelines."
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
    description: "Lower end of the asymptotic confidence sequence, in the unit of the reward: [0, 10], minutes, EUR: right however often one looks."
    sql: ${TABLE}.sequence_low ;;
  }

  dimension: sequence_high {
    type: number
    description: "Its upper end, in the unit of the reward: [0, 10], minutes, EUR."
    sql: ${TABLE}.sequence_high ;;
  }

  dimension: p_value {
    type: number
    description: "Two-sided, in [0, 1]; NULL where no pipeline differs from another."
    sql: ${TABLE}.p_value ;;
  }

  dimension: p_holm {
    type: number
    description: "The same, corrected for the number of pairs of this reward, source, period and estimator (Holm), in [0, 1]."
    sql: ${TABLE}.p_holm ;;
  }

  dimension: is_different {
    type: yesno
    description: "Whether p_holm is below alpha of evaluation_settings."
    sql: ${TABLE}.is_different ;;
  }

  measure: rows {
    type: count
    description: "Number of rows: one row per pair of targets, reward, source, period and estimator."
  }

  measure: total_jobs {
    type: sum
    description: "Sum over the rows of: Jobs of both, > 0."
    sql: ${TABLE}.jobs ;;
  }

  measure: mean_clusters {
    type: average
    description: "Mean over the rows of: Pipelines that they belong to, > 0."
    sql: ${TABLE}.clusters ;;
  }

  measure: mean_difference {
    type: average
    description: "Mean over the rows of: Value of the target less that of the other, in the unit of the reward: [0, 10], minutes, EUR."
    sql: ${TABLE}.difference ;;
  }

  measure: mean_standard_error {
    type: average
    description: "Mean over the rows of: Of the difference, cluster-robust (CR1), in the unit of the reward: [0, 10], minutes, EUR; NULL with fewer than two pipelines."
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
    description: "Mean over the rows of: Lower end of the asymptotic confidence sequence, in the unit of the reward: [0, 10], minutes, EUR: right however often one looks."
    sql: ${TABLE}.sequence_low ;;
  }

  measure: mean_sequence_high {
    type: average
    description: "Mean over the rows of: Its upper end, in the unit of the reward: [0, 10], minutes, EUR."
    sql: ${TABLE}.sequence_high ;;
  }

  measure: mean_p_value {
    type: average
    description: "Mean over the rows of: Two-sided, in [0, 1]; NULL where no pipeline differs from another."
    sql: ${TABLE}.p_value ;;
  }

  measure: mean_p_holm {
    type: average
    description: "Mean over the rows of: The same, corrected for the number of pairs of this reward, source, period and estimator (Holm), in [0, 1]."
    sql: ${TABLE}.p_holm ;;
  }
}
