# Made from sql/ci_metrics/propensity_check.yaml by "npm run docs". Whether a source of propensities may be believed. Estimates from one that did not pass are not to be shown.
# Grain: one row per source.
view: propensity_check {
  sql_table_name: ci_metrics.propensity_check ;;

  dimension: source {
    type: string
    description: "Where the propensity comes from: recorded (drawn by us), estimated (from the log, where not recorded) or uniform (1/feasible_count is assumed, where not recorded)."
    sql: ${TABLE}.source ;;
  }

  dimension: jobs {
    type: number
    description: "Jobs that the source has a propensity of, > 0."
    sql: ${TABLE}.jobs ;;
  }

  dimension: recorded_jobs {
    type: number
    description: "Of these, those whose propensity was recorded, >= 0."
    sql: ${TABLE}.recorded_jobs ;;
  }

  dimension: chi_square {
    type: number
    description: "Sum of (observed - expected)² / expected over arms of feasible sets, of jobs that were not routed, >= 0; NULL where no feasible set has enough jobs, and of the recorded source."
    sql: ${TABLE}.chi_square ;;
  }

  dimension: degrees {
    type: number
    description: "Its degrees of freedom, > 0."
    sql: ${TABLE}.degrees ;;
  }

  dimension: p_value {
    type: number
    description: "Probability of at least this chi_square if the source were right and jobs were independent, in [0, 1]."
    sql: ${TABLE}.p_value ;;
  }

  dimension: mean_weight {
    type: number
    description: "Mean weight of the uniform policy over the feasible set, > 0: 1 if the propensities are right. Its picks without room are left to GitLab."
    sql: ${TABLE}.mean_weight ;;
  }

  dimension: mean_weight_se {
    type: number
    description: "Its standard error, cluster-robust (CR1), >= 0; NULL with fewer than two pipelines."
    sql: ${TABLE}.mean_weight_se ;;
  }

  dimension: worst_gap {
    type: number
    description: "Largest distance of observed from predicted among bins of at least 100 candidates, in [0, 1]; NULL where there is none."
    sql: ${TABLE}.worst_gap ;;
  }

  dimension: is_passed {
    type: yesno
    description: "Whether mean_weight is within 3 standard errors of 1, or within 0.02, and, of estimated, worst_gap is at most most_gap of evaluation_settings (not asked where below 5 percent of the jobs were not routed, or below half and fewer than 100 jobs); of uniform, p_value is at least 0.001."
    sql: ${TABLE}.is_passed ;;
  }

  measure: rows {
    type: count
    description: "Number of rows: one row per source."
  }

  measure: total_jobs {
    type: sum
    description: "Sum over the rows of: Jobs that the source has a propensity of, > 0."
    sql: ${TABLE}.jobs ;;
  }

  measure: total_recorded_jobs {
    type: sum
    description: "Sum over the rows of: Of these, those whose propensity was recorded, >= 0."
    sql: ${TABLE}.recorded_jobs ;;
  }

  measure: mean_chi_square {
    type: average
    description: "Mean over the rows of: Sum of (observed - expected)² / expected over arms of feasible sets, of jobs that were not routed, >= 0; NULL where no feasible set has enough jobs, and of the recorded source."
    sql: ${TABLE}.chi_square ;;
  }

  measure: mean_degrees {
    type: average
    description: "Mean over the rows of: Its degrees of freedom, > 0."
    sql: ${TABLE}.degrees ;;
  }

  measure: mean_p_value {
    type: average
    description: "Mean over the rows of: Probability of at least this chi_square if the source were right and jobs were independent, in [0, 1]."
    sql: ${TABLE}.p_value ;;
  }

  measure: mean_mean_weight {
    type: average
    description: "Mean over the rows of: Mean weight of the uniform policy over the feasible set, > 0: 1 if the propensities are right. Its picks without room are left to GitLab."
    sql: ${TABLE}.mean_weight ;;
  }

  measure: mean_mean_weight_se {
    type: average
    description: "Mean over the rows of: Its standard error, cluster-robust (CR1), >= 0; NULL with fewer than two pipelines."
    sql: ${TABLE}.mean_weight_se ;;
  }

  measure: mean_worst_gap {
    type: average
    description: "Mean over the rows of: Largest distance of observed from predicted among bins of at least 100 candidates, in [0, 1]; NULL where there is none."
    sql: ${TABLE}.worst_gap ;;
  }
}
