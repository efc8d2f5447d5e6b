# Made from sql/ci_metrics/learning_curve.yaml by "npm run docs". What was known of a target policy at the end of each day. The bounds hold at all times together, whatever the distribution, if the propensities are exact and jobs independent, for a policy whose value does not change; of one that learns they bound a weighted mean of its values so far.
# Grain: one row per target, reward, source (recorded, estimated) and day on which such jobs were decided.
view: learning_curve {
  sql_table_name: ci_metrics.learning_curve ;;

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

  dimension: day {
    type: string
    description: "Day of the decision in UTC, YYYY-MM-DD."
    sql: ${TABLE}.day ;;
  }

  dimension: jobs {
    type: number
    description: "Jobs decided on that day, > 0."
    sql: ${TABLE}.jobs ;;
  }

  dimension: value_of_day {
    type: number
    description: "Doubly robust estimate from these alone, in the unit of the reward: [0, 10], minutes, EUR."
    sql: ${TABLE}.value_of_day ;;
  }

  dimension: cumulative_jobs {
    type: number
    description: "Jobs decided until the end of that day, > 0."
    sql: ${TABLE}.cumulative_jobs ;;
  }

  dimension: cumulative_value {
    type: number
    description: "Doubly robust estimate from these, in the unit of the reward: [0, 10], minutes, EUR."
    sql: ${TABLE}.cumulative_value ;;
  }

  dimension: eb_low {
    type: number
    description: "Lower bound of the value, in [0, 10] (spec) or [0, 1] (speed, success); NULL of other rewards."
    sql: ${TABLE}.eb_low ;;
  }

  dimension: eb_high {
    type: number
    description: "Upper bound of the value, in [0, 10] (spec) or [0, 1] (speed, success); NULL of other rewards."
    sql: ${TABLE}.eb_high ;;
  }

  measure: rows {
    type: count
    description: "Number of rows: one row per target, reward, source (recorded, estimated) and day on which such jobs were decided."
  }

  measure: total_jobs {
    type: sum
    description: "Sum over the rows of: Jobs decided on that day, > 0."
    sql: ${TABLE}.jobs ;;
  }

  measure: mean_value_of_day {
    type: average
    description: "Mean over the rows of: Doubly robust estimate from these alone, in the unit of the reward: [0, 10], minutes, EUR."
    sql: ${TABLE}.value_of_day ;;
  }

  measure: mean_cumulative_jobs {
    type: average
    description: "Mean over the rows of: Jobs decided until the end of that day, > 0."
    sql: ${TABLE}.cumulative_jobs ;;
  }

  measure: mean_cumulative_value {
    type: average
    description: "Mean over the rows of: Doubly robust estimate from these, in the unit of the reward: [0, 10], minutes, EUR."
    sql: ${TABLE}.cumulative_value ;;
  }

  measure: mean_eb_low {
    type: average
    description: "Mean over the rows of: Lower bound of the value, in [0, 10] (spec) or [0, 1] (speed, success); NULL of other rewards."
    sql: ${TABLE}.eb_low ;;
  }

  measure: mean_eb_high {
    type: average
    description: "Mean over the rows of: Upper bound of the value, in [0, 10] (spec) or [0, 1] (speed, success); NULL of other rewards."
    sql: ${TABLE}.eb_high ;;
  }
}
