# Made from sql/ci_metrics/reward_by_arm.yaml by "npm run docs". What the jobs of each arm earned, raw and compared with the other arms on the same job keys. Raw means compare different jobs: an arm that is given the long ones looks slow. Neither says what a policy would earn: that is policy_value.
# Grain: one row per arm and reward.
view: reward_by_arm {
  sql_table_name: ci_metrics.reward_by_arm ;;

  dimension: arm {
    type: string
    description: "The arm that the jobs were given to."
    sql: ${TABLE}.arm ;;
  }

  dimension: reward_name {
    type: string
    description: "spec, speed, success (higher is better), time_to_result, cost (lower is better); as in evaluation_decisions."
    sql: ${TABLE}.reward_name ;;
  }

  dimension: jobs {
    type: number
    description: "Jobs with that reward, > 0."
    sql: ${TABLE}.jobs ;;
  }

  dimension: raw_mean {
    type: number
    description: "Their mean, >= 0: of the jobs that the arm happened to be given."
    sql: ${TABLE}.raw_mean ;;
  }

  dimension: shared_jobs {
    type: number
    description: "Of these, those whose job key other arms ran, too, >= 0: what the adjusted figures rest on."
    sql: ${TABLE}.shared_jobs ;;
  }

  dimension: adjusted_difference {
    type: number
    description: "Mean difference to the other arms on the same job keys, in the reward's unit (minutes, EUR); above 0 is more. NULL when no job key is shared."
    sql: ${TABLE}.adjusted_difference ;;
  }

  dimension: adjusted_se {
    type: number
    description: "Standard error of it, cluster-robust over blocks of pipelines, >= 0; NULL when the jobs are too few to tell."
    sql: ${TABLE}.adjusted_se ;;
  }

  dimension: adjusted_mean {
    type: number
    description: "What the mean of all jobs would be if the arm had run them all, were its difference the same on each, in the reward's unit (minutes, EUR); NULL when no job key is shared."
    sql: ${TABLE}.adjusted_mean ;;
  }

  measure: rows {
    type: count
    description: "Number of rows: one row per arm and reward."
  }

  measure: total_jobs {
    type: sum
    description: "Sum over the rows of: Jobs with that reward, > 0."
    sql: ${TABLE}.jobs ;;
  }

  measure: mean_raw_mean {
    type: average
    description: "Mean over the rows of: Their mean, >= 0: of the jobs that the arm happened to be given."
    sql: ${TABLE}.raw_mean ;;
  }

  measure: total_shared_jobs {
    type: sum
    description: "Sum over the rows of: Of these, those whose job key other arms ran, too, >= 0: what the adjusted figures rest on."
    sql: ${TABLE}.shared_jobs ;;
  }

  measure: mean_adjusted_difference {
    type: average
    description: "Mean over the rows of: Mean difference to the other arms on the same job keys, in the reward's unit (minutes, EUR); above 0 is more. NULL when no job key is shared."
    sql: ${TABLE}.adjusted_difference ;;
  }

  measure: mean_adjusted_se {
    type: average
    description: "Mean over the rows of: Standard error of it, cluster-robust over blocks of pipelines, >= 0; NULL when the jobs are too few to tell."
    sql: ${TABLE}.adjusted_se ;;
  }

  measure: mean_adjusted_mean {
    type: average
    description: "Mean over the rows of: What the mean of all jobs would be if the arm had run them all, were its difference the same on each, in the reward's unit (minutes, EUR); NULL when no job key is shared."
    sql: ${TABLE}.adjusted_mean ;;
  }
}
