# Who may do what: an account for each service, and each grant on one thing, saying who holds it. A test holds these
# equal to what the handlers of a service are given (their `Pick<Deps, …>`).

resource "google_service_account" "service" {
  for_each = local.services

  account_id   = "${var.name}-${each.key}"
  display_name = "Runner Bandit: ${each.key}"
  depends_on   = [google_project_service.api]
}

# Topics

resource "google_pubsub_topic_iam_member" "publishes_events" {
  for_each = toset(["ingest", "ticks"])
  topic    = google_pubsub_topic.topic["job-events"].name
  role     = "roles/pubsub.publisher"
  member   = google_service_account.service[each.key].member
}

resource "google_pubsub_topic_iam_member" "publishes_quarantine" {
  for_each = toset(["ingest", "ticks"])
  topic    = google_pubsub_topic.topic["quarantine"].name
  role     = "roles/pubsub.publisher"
  member   = google_service_account.service[each.key].member
}

resource "google_pubsub_topic_iam_member" "publishes_choice_sets" {
  for_each = toset(["recommend"])
  topic    = google_pubsub_topic.topic["choice-sets"].name
  role     = "roles/pubsub.publisher"
  member   = google_service_account.service[each.key].member
}

# What a service is sent and can never handle goes there.
resource "google_pubsub_topic_iam_member" "buries" {
  for_each = toset(["learn", "shadow", "record"])
  topic    = google_pubsub_topic.topic["dead-letters"].name
  role     = "roles/pubsub.publisher"
  member   = google_service_account.service[each.key].member
}

resource "google_pubsub_subscription_iam_member" "pulls" {
  for_each     = toset(var.learn_driver == "pull" ? local.learners : [])
  subscription = google_pubsub_subscription.route[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = google_service_account.service["learn"].member
}

# The state

resource "google_storage_bucket_iam_member" "reads_state" {
  for_each = toset(["recommend", "shadow"])
  bucket   = google_storage_bucket.state.name
  role     = "roles/storage.objectViewer"
  member   = google_service_account.service[each.key].member
}

resource "google_storage_bucket_iam_member" "writes_state" {
  for_each = toset(["admin", "learn", "ticks"])
  bucket   = google_storage_bucket.state.name
  role     = "roles/storage.objectUser"
  member   = google_service_account.service[each.key].member
}

# The tables

resource "google_bigquery_dataset_iam_member" "reads_tables" {
  for_each   = toset(["ingest"])
  dataset_id = google_bigquery_dataset.metrics.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.service[each.key].member
}

resource "google_bigquery_dataset_iam_member" "writes_tables" {
  for_each   = toset(["admin", "ticks"])
  dataset_id = google_bigquery_dataset.metrics.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.service[each.key].member
}

# What /explain reads, with the tables under its view.
resource "google_bigquery_table_iam_member" "recommend_reads" {
  for_each   = toset(["recommendations", "choice_sets", "runner_decisions", "job_outcomes"])
  dataset_id = google_bigquery_dataset.metrics.dataset_id
  table_id   = google_bigquery_table.table[each.key].table_id
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.service["recommend"].member
}

# deploy-sql makes the views after this, and a grant on a table needs the table: so a condition, which names one view.
resource "google_project_iam_member" "recommend_reads_view" {
  for_each = toset(["decision_outcomes"])
  project  = var.project
  role     = "roles/bigquery.dataViewer"
  member   = google_service_account.service["recommend"].member

  condition {
    title      = "view_${each.key}"
    expression = "resource.type == 'bigquery.googleapis.com/Table' && resource.name == 'projects/${var.project}/datasets/${google_bigquery_dataset.metrics.dataset_id}/tables/${each.key}'"
  }
}

resource "google_bigquery_table_iam_member" "shadow_writes" {
  for_each   = toset(["runner_decisions", "job_outcomes"])
  dataset_id = google_bigquery_dataset.metrics.dataset_id
  table_id   = google_bigquery_table.table[each.key].table_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.service["shadow"].member
}

resource "google_bigquery_table_iam_member" "record_writes" {
  for_each   = toset(["quarantine", "recommendations", "choice_sets"])
  dataset_id = google_bigquery_dataset.metrics.dataset_id
  table_id   = google_bigquery_table.table[each.key].table_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.service["record"].member
}

# To ask anything of a table is a job of the project; record counts what quarantine holds.
resource "google_project_iam_member" "queries" {
  for_each = toset(["ingest", "recommend", "admin", "record", "ticks"])
  project  = var.project
  role     = "roles/bigquery.jobUser"
  member   = google_service_account.service[each.key].member
}

# Machines that are started when a tag is down and jobs wait for it (adr/0020): nothing but this, and only when it is
# asked for. Machines of another project need the same there.

resource "google_project_iam_custom_role" "starts_vms" {
  count       = var.start_vms ? 1 : 0
  role_id     = "${replace(var.name, "-", "_")}_starts_vms"
  title       = "Runner Bandit: starts and stops machines"
  permissions = ["compute.instances.get", "compute.instances.start", "compute.instances.stop"]
}

resource "google_project_iam_member" "starts_vms" {
  for_each = toset(var.start_vms ? ["ticks"] : [])
  project  = var.project
  role     = google_project_iam_custom_role.starts_vms[0].id
  member   = google_service_account.service[each.key].member
}
