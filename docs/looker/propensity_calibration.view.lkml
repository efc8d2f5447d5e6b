# Made from sql/ci_metrics/propensity_calibration.yaml by "npm run docs". Whether GitLab chose the share p of the arms that a source gives a probability of about p. Over jobs that were not routed; the estimated source is asked on the fold that it has not seen, and only of arms with room.
# Grain: one row per source (estimated, uniform) and tenth of probability into which candidates fall.
view: propensity_calibration {
  sql_table_name: ci_metrics.propensity_calibration ;;

  dimension: source {
    type: string
    description: "Where the propensity comes from: recorded (drawn by us), estimated (from the log, where not recorded) or uniform (1/feasible_count is assumed, where not recorded)."
    sql: ${TABLE}.source ;;
  }

  dimension: bin {
    type: number
    description: "Tenth of probability, in [0, 9]: 3 is from 0.3 to 0.4."
    sql: ${TABLE}.bin ;;
  }

  dimension: candidates {
    type: number
    description: "Pairs of a job and a feasible arm, > 0."
    sql: ${TABLE}.candidates ;;
  }

  dimension: predicted {
    type: number
    description: "Mean probability of these by the source, in [0, 1]."
    sql: ${TABLE}.predicted ;;
  }

  dimension: observed {
    type: number
    description: "Share of these where GitLab gave the job to the arm, in [0, 1]."
    sql: ${TABLE}.observed ;;
  }

  measure: rows {
    type: count
    description: "Number of rows: one row per source (estimated, uniform) and tenth of probability into which candidates fall."
  }

  measure: mean_bin {
    type: average
    description: "Mean over the rows of: Tenth of probability, in [0, 9]: 3 is from 0.3 to 0.4."
    sql: ${TABLE}.bin ;;
  }

  measure: total_candidates {
    type: sum
    description: "Sum over the rows of: Pairs of a job and a feasible arm, > 0."
    sql: ${TABLE}.candidates ;;
  }

  measure: mean_predicted {
    type: average
    description: "Mean over the rows of: Mean probability of these by the source, in [0, 1]."
    sql: ${TABLE}.predicted ;;
  }

  measure: mean_observed {
    type: average
    description: "Mean over the rows of: Share of these where GitLab gave the job to the arm, in [0, 1]."
    sql: ${TABLE}.observed ;;
  }
}
