# Made from sql/ci_metrics/evaluation_exclusions.yaml by "npm run docs". How many jobs of the window are evaluated, and why the others are not. Some of them may be evaluated when the advice is followed.
# Grain: one row per reason that occurs.
view: evaluation_exclusions {
  sql_table_name: ci_metrics.evaluation_exclusions ;;

  dimension: reason {
    type: string
    description: "evaluated, or why not: running, no_arm, tags_unknown, no_choices or action_not_feasible."
    sql: ${TABLE}.reason ;;
  }

  dimension: jobs {
    type: number
    description: "Jobs of which that is the first reason that holds, > 0."
    sql: ${TABLE}.jobs ;;
  }

  dimension: advice {
    type: string
    description: "What would change it."
    sql: ${TABLE}.advice ;;
  }

  measure: rows {
    type: count
    description: "Number of rows: one row per reason that occurs."
  }

  measure: total_jobs {
    type: sum
    description: "Sum over the rows of: Jobs of which that is the first reason that holds, > 0."
    sql: ${TABLE}.jobs ;;
  }
}
