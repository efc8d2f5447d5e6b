# The tables as sql/ci_metrics/*.yaml describes them: the one place where a column is written down. A view has its
# .sql beside it; views are deployed by `runner-bandit deploy-sql`.

locals {
  descriptions = "${path.module}/../sql/ci_metrics"

  tables = {
    for file in fileset(local.descriptions, "*.yaml") : trimsuffix(file, ".yaml") => yamldecode(file("${local.descriptions}/${file}"))
    if !fileexists("${local.descriptions}/${trimsuffix(file, ".yaml")}.sql")
  }

  # BigQuery's API answers with these names whatever it was given.
  api_types = { STRING = "STRING", INT64 = "INTEGER", FLOAT64 = "FLOAT", BOOL = "BOOLEAN", TIMESTAMP = "TIMESTAMP" }

  schemas = {
    for name, table in local.tables : name => [
      for column in table.columns : {
        name        = column.name
        type        = local.api_types[column.type]
        mode        = column.mode
        description = column.description
      }
    ]
  }
}
