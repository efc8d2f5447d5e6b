# Made from sql/ci_metrics/policy_agreement.yaml by "npm run docs". How often each policy's pick was the arm that the job ran on. Agreement is not benefit: it says nothing of what the other arm would have done. Routed jobs are left out: they carry the tag of one arm, which every policy would pick of that one. A feasible set of one always agrees, a pick that is not feasible never does, and arms that run most of the jobs are agreed with most. Read the rows of the policy uniform as agreement by chance.
# Grain: one row per policy, offered set and day.
view: policy_agreement {
  sql_table_name: ci_metrics.policy_agreement ;;

  dimension: policy {
    type: string
    description: "The policy, all its versions together."
    sql: ${TABLE}.policy ;;
  }

  dimension: offered_set {
    type: string
    description: "What it chose from: known (all known arms, constraints ignored) or feasible (the feasible set)."
    sql: ${TABLE}.offered_set ;;
  }

  dimension: day {
    type: string
    description: "Day of the decision in UTC, YYYY-MM-DD."
    sql: ${TABLE}.day ;;
  }

  dimension: jobs {
    type: number
    description: "Jobs that it was asked about and that were not routed, > 0."
    sql: ${TABLE}.jobs ;;
  }

  dimension: jobs_with_arm {
    type: number
    description: "Of these, those that an arm is known to have run, >= 0."
    sql: ${TABLE}.jobs_with_arm ;;
  }

  dimension: matches {
    type: number
    description: "Of these again, those where it picked that arm, >= 0."
    sql: ${TABLE}.matches ;;
  }

  dimension: match_rate {
    type: number
    description: "Matches among jobs_with_arm, in [0, 1]; NULL when there are none."
    sql: ${TABLE}.match_rate ;;
  }

  measure: rows {
    type: count
    description: "Number of rows: one row per policy, offered set and day."
  }

  measure: total_jobs {
    type: sum
    description: "Sum over the rows of: Jobs that it was asked about and that were not routed, > 0."
    sql: ${TABLE}.jobs ;;
  }

  measure: total_jobs_with_arm {
    type: sum
    description: "Sum over the rows of: Of these, those that an arm is known to have run, >= 0."
    sql: ${TABLE}.jobs_with_arm ;;
  }

  measure: total_matches {
    type: sum
    description: "Sum over the rows of: Of these again, those where it picked that arm, >= 0."
    sql: ${TABLE}.matches ;;
  }

  measure: mean_match_rate {
    type: average
    description: "Mean over the rows of: Matches among jobs_with_arm, in [0, 1]; NULL when there are none."
    sql: ${TABLE}.match_rate ;;
  }
}
