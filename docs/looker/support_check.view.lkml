# Made from sql/ci_metrics/support_check.yaml by "npm run docs". Whether the log can say anything about a target policy: only where its picks were made often enough, by GitLab or by us. Weights are those of the primary reward.
# Grain: one row per target and source.
view: support_check {
  sql_table_name: ci_metrics.support_check ;;

  dimension: target {
    type: string
    description: "Policy whose value is asked for: <policy> over the feasible set, <policy>/known over all known arms, <rule>/rescored, or logged."
    sql: ${TABLE}.target ;;
  }

  dimension: source {
    type: string
    description: "Where the propensity comes from: recorded (drawn by us), estimated (from the log, where not recorded) or uniform (1/feasible_count is assumed, where not recorded)."
    sql: ${TABLE}.source ;;
  }

  dimension: jobs {
    type: number
    description: "Jobs with the primary reward, > 0."
    sql: ${TABLE}.jobs ;;
  }

  dimension: versions {
    type: number
    description: "Versions of the policy among its picks, >= 0: from two on the estimate is of a mixture."
    sql: ${TABLE}.versions ;;
  }

  dimension: infeasible_share {
    type: number
    description: "Mean probability of the target on arms that may not run the job, in [0, 1]: it earns nothing there."
    sql: ${TABLE}.infeasible_share ;;
  }

  dimension: off_support_share {
    type: number
    description: "Mean probability on feasible arms that no evaluated job of the same feasible set was ever given to, with or without room, in [0, 1]: the log knows nothing of it."
    sql: ${TABLE}.off_support_share ;;
  }

  dimension: left_share {
    type: number
    description: "Mean probability on feasible arms without room, in [0, 1]: those picks are left to GitLab."
    sql: ${TABLE}.left_share ;;
  }

  dimension: unmatched_share {
    type: number
    description: "Mean probability on feasible arms where the target would never have done what was done, in [0, 1]."
    sql: ${TABLE}.unmatched_share ;;
  }

  dimension: mean_weight {
    type: number
    description: "Mean weight, >= 0: near 1 - infeasible_share if the propensities are right."
    sql: ${TABLE}.mean_weight ;;
  }

  dimension: mean_weight_se {
    type: number
    description: "Its standard error, cluster-robust (CR1), >= 0; NULL with fewer than two pipelines."
    sql: ${TABLE}.mean_weight_se ;;
  }

  dimension: max_weight {
    type: number
    description: "Largest weight, >= 0."
    sql: ${TABLE}.max_weight ;;
  }

  dimension: min_propensity {
    type: number
    description: "Smallest propensity of the source, in (0, 1]."
    sql: ${TABLE}.min_propensity ;;
  }

  dimension: effective_sample_size {
    type: number
    description: "How many equally weighted jobs tell as much of the picks that are not left to GitLab, >= 1, from pi(action) / propensity; NULL where that is always 0."
    sql: ${TABLE}.effective_sample_size ;;
  }

  dimension: is_supported {
    type: yesno
    description: "Whether off_support_share, left_share and effective_sample_size keep the limits in evaluation_settings, and mean_weight is within 3 standard errors of 1 - infeasible_share, or within 0.05."
    sql: ${TABLE}.is_supported ;;
  }

  measure: rows {
    type: count
    description: "Number of rows: one row per target and source."
  }

  measure: total_jobs {
    type: sum
    description: "Sum over the rows of: Jobs with the primary reward, > 0."
    sql: ${TABLE}.jobs ;;
  }

  measure: mean_versions {
    type: average
    description: "Mean over the rows of: Versions of the policy among its picks, >= 0: from two on the estimate is of a mixture."
    sql: ${TABLE}.versions ;;
  }

  measure: mean_infeasible_share {
    type: average
    description: "Mean over the rows of: Mean probability of the target on arms that may not run the job, in [0, 1]: it earns nothing there."
    sql: ${TABLE}.infeasible_share ;;
  }

  measure: mean_off_support_share {
    type: average
    description: "Mean over the rows of: Mean probability on feasible arms that no evaluated job of the same feasible set was ever given to, with or without room, in [0, 1]: the log knows nothing of it."
    sql: ${TABLE}.off_support_share ;;
  }

  measure: mean_left_share {
    type: average
    description: "Mean over the rows of: Mean probability on feasible arms without room, in [0, 1]: those picks are left to GitLab."
    sql: ${TABLE}.left_share ;;
  }

  measure: mean_unmatched_share {
    type: average
    description: "Mean over the rows of: Mean probability on feasible arms where the target would never have done what was done, in [0, 1]."
    sql: ${TABLE}.unmatched_share ;;
  }

  measure: mean_mean_weight {
    type: average
    description: "Mean over the rows of: Mean weight, >= 0: near 1 - infeasible_share if the propensities are right."
    sql: ${TABLE}.mean_weight ;;
  }

  measure: mean_mean_weight_se {
    type: average
    description: "Mean over the rows of: Its standard error, cluster-robust (CR1), >= 0; NULL with fewer than two pipelines."
    sql: ${TABLE}.mean_weight_se ;;
  }

  measure: mean_max_weight {
    type: average
    description: "Mean over the rows of: Largest weight, >= 0."
    sql: ${TABLE}.max_weight ;;
  }

  measure: mean_min_propensity {
    type: average
    description: "Mean over the rows of: Smallest propensity of the source, in (0, 1]."
    sql: ${TABLE}.min_propensity ;;
  }

  measure: mean_effective_sample_size {
    type: average
    description: "Mean over the rows of: How many equally weighted jobs tell as much of the picks that are not left to GitLab, >= 1, from pi(action) / propensity; NULL where that is always 0."
    sql: ${TABLE}.effective_sample_size ;;
  }
}
