# Made from sql/ci_metrics/drift.yaml by "npm run docs". Whether an arm does in a week what it did before: how fast it runs jobs against what they usually take, and how often they succeed. Estimates take the arms for the same all the time: where one drifted, evaluate the time after by itself.
# Grain: one row per arm and week in which it was given a job that is evaluated.
view: drift {
  sql_table_name: ci_metrics.drift ;;

  dimension: arm {
    type: string
    description: "The arm that the jobs were given to."
    sql: ${TABLE}.arm ;;
  }

  dimension: week {
    type: string
    description: "First day of the week in UTC, YYYY-MM-DD: a Thursday."
    sql: ${TABLE}.week ;;
  }

  dimension: jobs {
    type: number
    description: "Jobs that began in that week, > 0."
    sql: ${TABLE}.jobs ;;
  }

  dimension: successes {
    type: number
    description: "Of these, successes whose duration is known, >= 0."
    sql: ${TABLE}.successes ;;
  }

  dimension: log_speed {
    type: number
    description: "Mean of ln(usual duration / duration) over these: 0 is as usual, > 0 is faster, 0.69 twice as fast; a factor of more than 1000 counts as 1000. NULL when there are none."
    sql: ${TABLE}.log_speed ;;
  }

  dimension: log_speed_difference {
    type: number
    description: "That, less the mean of all weeks before; < 0 is slower than before. NULL in the arm's first week."
    sql: ${TABLE}.log_speed_difference ;;
  }

  dimension: log_speed_se {
    type: number
    description: "Standard error of the difference, by pipeline, >= 0; NULL with fewer than 2 pipelines on a side."
    sql: ${TABLE}.log_speed_se ;;
  }

  dimension: log_speed_z {
    type: number
    description: "Difference over its standard error; < -4 or > 4 is drift. NULL with fewer than 20 pipelines on a side."
    sql: ${TABLE}.log_speed_z ;;
  }

  dimension: success_rate {
    type: number
    description: "Share of successes among the jobs, canceled ones included, in [0, 1]."
    sql: ${TABLE}.success_rate ;;
  }

  dimension: success_rate_difference {
    type: number
    description: "That, less the share of all weeks before, in [-1, 1]; NULL in the arm's first week."
    sql: ${TABLE}.success_rate_difference ;;
  }

  dimension: success_rate_se {
    type: number
    description: "Standard error of the difference, by pipeline, >= 0; NULL with fewer than 2 pipelines on a side."
    sql: ${TABLE}.success_rate_se ;;
  }

  dimension: success_rate_z {
    type: number
    description: "Difference over its standard error; < -4 or > 4 is drift. NULL with fewer than 20 pipelines on a side."
    sql: ${TABLE}.success_rate_z ;;
  }

  dimension: is_drift {
    type: yesno
    description: "Whether either z says so; FALSE also where there is none."
    sql: ${TABLE}.is_drift ;;
  }

  measure: rows {
    type: count
    description: "Number of rows: one row per arm and week in which it was given a job that is evaluated."
  }

  measure: total_jobs {
    type: sum
    description: "Sum over the rows of: Jobs that began in that week, > 0."
    sql: ${TABLE}.jobs ;;
  }

  measure: total_successes {
    type: sum
    description: "Sum over the rows of: Of these, successes whose duration is known, >= 0."
    sql: ${TABLE}.successes ;;
  }

  measure: mean_log_speed {
    type: average
    description: "Mean over the rows of: Mean of ln(usual duration / duration) over these: 0 is as usual, > 0 is faster, 0.69 twice as fast; a factor of more than 1000 counts as 1000. NULL when there are none."
    sql: ${TABLE}.log_speed ;;
  }

  measure: mean_log_speed_difference {
    type: average
    description: "Mean over the rows of: That, less the mean of all weeks before; < 0 is slower than before. NULL in the arm's first week."
    sql: ${TABLE}.log_speed_difference ;;
  }

  measure: mean_log_speed_se {
    type: average
    description: "Mean over the rows of: Standard error of the difference, by pipeline, >= 0; NULL with fewer than 2 pipelines on a side."
    sql: ${TABLE}.log_speed_se ;;
  }

  measure: mean_log_speed_z {
    type: average
    description: "Mean over the rows of: Difference over its standard error; < -4 or > 4 is drift. NULL with fewer than 20 pipelines on a side."
    sql: ${TABLE}.log_speed_z ;;
  }

  measure: mean_success_rate {
    type: average
    description: "Mean over the rows of: Share of successes among the jobs, canceled ones included, in [0, 1]."
    sql: ${TABLE}.success_rate ;;
  }

  measure: mean_success_rate_difference {
    type: average
    description: "Mean over the rows of: That, less the share of all weeks before, in [-1, 1]; NULL in the arm's first week."
    sql: ${TABLE}.success_rate_difference ;;
  }

  measure: mean_success_rate_se {
    type: average
    description: "Mean over the rows of: Standard error of the difference, by pipeline, >= 0; NULL with fewer than 2 pipelines on a side."
    sql: ${TABLE}.success_rate_se ;;
  }

  measure: mean_success_rate_z {
    type: average
    description: "Mean over the rows of: Difference over its standard error; < -4 or > 4 is drift. NULL with fewer than 20 pipelines on a side."
    sql: ${TABLE}.success_rate_z ;;
  }
}
