# Topics, and a subscription for each route that a topic triggers.

resource "google_pubsub_topic" "topic" {
  for_each = toset(["job-events", "quarantine", "choice-sets", "journal", "dead-letters"])

  name       = each.key
  depends_on = [google_project_service.api]
}

resource "google_pubsub_subscription" "route" {
  for_each = local.subscriptions

  name   = each.key
  topic  = google_pubsub_topic.topic[each.value.topic].id
  filter = each.value.filter # cannot be changed later: a new one is a new subscription

  # What is pushed has a minute, then it counts as failed; who pulls renews the lease.
  ack_deadline_seconds       = 60
  message_retention_duration = "604800s"
  expiration_policy {
    ttl = "" # never, however long nothing comes
  }

  # Up to 100 attempts, at last ten minutes apart: an outage of 15 hours makes no dead letters.
  retry_policy {
    minimum_backoff = "1s"
    maximum_backoff = "600s"
  }
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.topic["dead-letters"].id
    max_delivery_attempts = 100
  }

  dynamic "push_config" {
    for_each = each.value.is_pushed ? [each.value.function] : []
    content {
      push_endpoint = "${local.urls[push_config.value]}/push/${each.value.route}"
      oidc_token {
        service_account_email = google_service_account.caller["pushes"].email
        audience              = local.urls[push_config.value]
      }
    }
  }

  # The message is the row. A field that the table does not have yet is dropped, not the message.
  dynamic "bigquery_config" {
    for_each = each.value.table == null ? [] : [each.value.table]
    content {
      table               = "${var.project}.${google_bigquery_dataset.metrics.dataset_id}.${google_bigquery_table.table[bigquery_config.value].table_id}"
      use_table_schema    = true
      drop_unknown_fields = true
    }
  }

  depends_on = [
    google_cloudfunctions2_function.function,
    google_bigquery_table_iam_member.pubsub_writes,
    google_service_account_iam_member.pubsub_signs,
  ]
}

# Kept for a month, until somebody has looked: `runner-bandit dead-letters`.
resource "google_pubsub_subscription" "dead_letters" {
  name                       = "dead-letters"
  topic                      = google_pubsub_topic.topic["dead-letters"].id
  ack_deadline_seconds       = 60
  message_retention_duration = "2678400s"
  expiration_policy {
    ttl = ""
  }
}
