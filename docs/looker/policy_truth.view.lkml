# Made from sql/ci_metrics/policy_truth.yaml by "npm run docs". What each target would have brought in a world that was played, where it is known what each arm makes of each job (potential_outcomes). Empty for a log of reality.
# Grain: one row per target and reward.
view: policy_truth {
  sql_table_name: ci_metrics.policy_truth ;;

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
    description: "What counts: spec and success (higher is better), time_to_result in minutes and cost in EUR (lower is better)."
    sql: ${TABLE}.reward_name ;;
  }

  dimension: jobs {
    type: number
    description: "Evaluated jobs of which the outcome on every arm that the target may pick is known, > 0."
    sql: ${TABLE}.jobs ;;
  }

  dimension: true_value {
    type: number
    description: "Mean of what is expected of them under the target, 0 of infeasible arms, that of the action of arms without room: spec in [0, 10], success in [0, 1], minutes, EUR."
    sql: ${TABLE}.true_value ;;
  }

  dimension: true_difference {
    type: number
    description: "The same minus that of logged, over the jobs that both have, in the unit of the reward: [0, 10], minutes, EUR; NULL when there are none."
    sql: ${TABLE}.true_difference ;;
  }

  measure: rows {
    type: count
    description: "Number of rows: one row per target and reward."
  }

  measure: total_jobs {
    type: sum
    description: "Sum over the rows of: Evaluated jobs of which the outcome on every arm that the target may pick is known, > 0."
    sql: ${TABLE}.jobs ;;
  }

  measure: mean_true_value {
    type: average
    description: "Mean over the rows of: Mean of what is expected of them under the target, 0 of infeasible arms, that of the action of arms without room: spec in [0, 10], success in [0, 1], minutes, EUR."
    sql: ${TABLE}.true_value ;;
  }

  measure: mean_true_difference {
    type: average
    description: "Mean over the rows of: The same minus that of logged, over the jobs that both have, in the unit of the reward: [0, 10], minutes, EUR; NULL when there are none."
    sql: ${TABLE}.true_difference ;;
  }
}
