# Made from sql/ci_metrics/arm_performance.yaml by "npm run docs". How each arm has done so far, over the jobs that have ended.
# Grain: one row per arm that ran at least one job which has ended.
view: arm_performance {
  sql_table_name: ci_metrics.arm_performance ;;

  dimension: arm {
    type: string
    description: "The arm."
    sql: ${TABLE}.arm ;;
  }

  dimension: unmanaged {
    type: yesno
    description: "Whether a runner of it is not described in fleet.yaml."
    sql: ${TABLE}.unmanaged ;;
  }

  dimension: jobs {
    type: number
    description: "Jobs that ended on it, > 0."
    sql: ${TABLE}.jobs ;;
  }

  dimension: successes {
    type: number
    description: "Of these, those with success, >= 0."
    sql: ${TABLE}.successes ;;
  }

  dimension: failures {
    type: number
    description: "Of these, those that failed, >= 0."
    sql: ${TABLE}.failures ;;
  }

  dimension: runner_failures {
    type: number
    description: "Of the failures, those that are the runner's doing, >= 0."
    sql: ${TABLE}.runner_failures ;;
  }

  dimension: canceled {
    type: number
    description: "Of the jobs, those that were canceled, >= 0."
    sql: ${TABLE}.canceled ;;
  }

  dimension: success_rate {
    type: number
    description: "Successes among jobs that were not canceled, in [0, 1]; NULL when there are none."
    sql: ${TABLE}.success_rate ;;
  }

  dimension: duration_p50_seconds {
    type: number
    description: "Median of the seconds that successes ran (nearest rank), > 0; NULL when there are none."
    sql: ${TABLE}.duration_p50_seconds ;;
  }

  dimension: duration_p95_seconds {
    type: number
    description: "95th percentile of the seconds that successes ran (nearest rank), > 0; NULL when there are none."
    sql: ${TABLE}.duration_p95_seconds ;;
  }

  dimension: mean_reward {
    type: number
    description: "Mean reward of the jobs that have one, in [0, 10]; NULL when there are none."
    sql: ${TABLE}.mean_reward ;;
  }

  dimension: cost_eur {
    type: number
    description: "EUR for the time its jobs ran, >= 0; NULL when no duration is known."
    sql: ${TABLE}.cost_eur ;;
  }

  measure: rows {
    type: count
    description: "Number of rows: one row per arm that ran at least one job which has ended."
  }

  measure: total_jobs {
    type: sum
    description: "Sum over the rows of: Jobs that ended on it, > 0."
    sql: ${TABLE}.jobs ;;
  }

  measure: total_successes {
    type: sum
    description: "Sum over the rows of: Of these, those with success, >= 0."
    sql: ${TABLE}.successes ;;
  }

  measure: total_failures {
    type: sum
    description: "Sum over the rows of: Of these, those that failed, >= 0."
    sql: ${TABLE}.failures ;;
  }

  measure: total_runner_failures {
    type: sum
    description: "Sum over the rows of: Of the failures, those that are the runner's doing, >= 0."
    sql: ${TABLE}.runner_failures ;;
  }

  measure: total_canceled {
    type: sum
    description: "Sum over the rows of: Of the jobs, those that were canceled, >= 0."
    sql: ${TABLE}.canceled ;;
  }

  measure: mean_success_rate {
    type: average
    description: "Mean over the rows of: Successes among jobs that were not canceled, in [0, 1]; NULL when there are none."
    sql: ${TABLE}.success_rate ;;
  }

  measure: mean_duration_p50_seconds {
    type: average
    description: "Mean over the rows of: Median of the seconds that successes ran (nearest rank), > 0; NULL when there are none."
    sql: ${TABLE}.duration_p50_seconds ;;
  }

  measure: mean_duration_p95_seconds {
    type: average
    description: "Mean over the rows of: 95th percentile of the seconds that successes ran (nearest rank), > 0; NULL when there are none."
    sql: ${TABLE}.duration_p95_seconds ;;
  }

  measure: mean_mean_reward {
    type: average
    description: "Mean over the rows of: Mean reward of the jobs that have one, in [0, 10]; NULL when there are none."
    sql: ${TABLE}.mean_reward ;;
  }

  measure: total_cost_eur {
    type: sum
    description: "Sum over the rows of: EUR for the time its jobs ran, >= 0; NULL when no duration is known."
    sql: ${TABLE}.cost_eur ;;
  }
}
