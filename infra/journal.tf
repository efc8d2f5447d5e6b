# Recommendations: recommend writes each as a line of its log and answers; a sink brings the line to the topic journal,
# and `record` makes a row of it.

locals {
  journal_filter = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=\"${var.name}-recommend\"",
    "jsonPayload.message=\"row.journaled\"",
  ])
}

resource "google_logging_project_sink" "journal" {
  name                   = "${var.name}-journal"
  destination            = "pubsub.googleapis.com/${google_pubsub_topic.topic["journal"].id}"
  filter                 = local.journal_filter
  unique_writer_identity = true
}

resource "google_pubsub_topic_iam_member" "sink_publishes" {
  topic  = google_pubsub_topic.topic["journal"].name
  role   = "roles/pubsub.publisher"
  member = google_logging_project_sink.journal.writer_identity
}

# They are rows of a table; a second copy in the log would be paid for by the GiB. An exclusion is of the sink _Default.
resource "google_logging_project_exclusion" "journal" {
  name        = "${var.name}-journal"
  description = "Recommendations, which the sink ${var.name}-journal takes."
  filter      = local.journal_filter
}
