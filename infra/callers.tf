# Who may call which function: anyone the public ones, Pub/Sub and Cloud Scheduler the others, each with an account of
# its own. And what Pub/Sub itself needs to deliver.

locals {
  callers = {
    pushes = distinct([for name, route in local.subscriptions : local.functions[route.function].service if route.is_pushed])
    ticks  = distinct([for name, tick in local.schedules : local.functions[tick.function].service])
  }

  # By function and caller; those of admin are the owner's.
  invocations = merge(
    {
      for name, function in local.functions : "${name} anyone" => { function = name, member = "allUsers" }
      if function.is_public && (function.service != "admin" || length(var.admin_members) == 0)
    },
    { for member in var.admin_members : "admin ${member}" => { function = "admin", member = member } },
    merge([
      for caller, services in local.callers : {
        for name, function in local.functions :
        "${name} ${caller}" => { function = name, member = google_service_account.caller[caller].member }
        if contains(services, function.service)
      }
    ]...),
  )
}

resource "google_service_account" "caller" {
  for_each = toset(["pushes", "ticks"])

  account_id   = "${var.name}-by-${each.key}"
  display_name = "Runner Bandit: who calls with ${each.key}"
  depends_on   = [google_project_service.api]
}

resource "google_cloud_run_v2_service_iam_member" "invokes" {
  for_each = local.invocations

  location = var.region
  name     = google_cloudfunctions2_function.function[each.value.function].name
  role     = "roles/run.invoker"
  member   = each.value.member
}

# Pub/Sub signs the tokens that it pushes with. Cloud Scheduler's agent may do so by the role it has from the start.
resource "google_service_account_iam_member" "pubsub_signs" {
  service_account_id = google_service_account.caller["pushes"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.pubsub_agent
}

# To give up on a message Pub/Sub publishes it there and takes it from here.
resource "google_pubsub_topic_iam_member" "pubsub_buries" {
  topic  = google_pubsub_topic.topic["dead-letters"].name
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "pubsub_gives_up" {
  for_each = local.subscriptions

  subscription = google_pubsub_subscription.route[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

resource "google_bigquery_table_iam_member" "pubsub_writes" {
  for_each = toset([for route in local.writes : route.table])

  dataset_id = google_bigquery_dataset.metrics.dataset_id
  table_id   = google_bigquery_table.table[each.key].table_id
  role       = "roles/bigquery.dataEditor"
  member     = local.pubsub_agent
}
