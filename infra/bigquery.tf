# The dataset and its tables. Tables are made here, since a BigQuery subscription needs its table from the start.

resource "google_bigquery_dataset" "metrics" {
  dataset_id  = "ci_metrics"
  location    = var.region
  description = "Runner Bandit: events, decisions and outcomes of CI jobs."
  depends_on  = [google_project_service.api]
}

resource "google_bigquery_table" "table" {
  for_each = local.tables

  dataset_id          = google_bigquery_dataset.metrics.dataset_id
  table_id            = each.key
  description         = "${trimspace(each.value.description)} Grain: ${each.value.grain}."
  schema              = jsonencode(local.schemas[each.key])
  clustering          = try(each.value.cluster_by, null)
  deletion_protection = true

  dynamic "time_partitioning" {
    for_each = try([each.value.partition_by], [])
    content {
      type  = "DAY"
      field = time_partitioning.value
    }
  }
}
