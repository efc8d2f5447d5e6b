# What somebody has to look at, by mail. Each says in its text what it means and what to do.

resource "google_monitoring_notification_channel" "mail" {
  for_each = toset(var.alert_emails)

  display_name = each.key
  type         = "email"
  labels = {
    email_address = each.key
  }
}

locals {
  channels = [for channel in google_monitoring_notification_channel.mail : channel.id]

  # Thresholds on a metric of Google's own: name → what is looked at and what to do.
  thresholds = {
    dead-letters = {
      text     = "A subscription gave up on a message. See what it was with `runner-bandit dead-letters`, mend the cause, then `runner-bandit dead-letters redrive`."
      filter   = "resource.type=\"pubsub_subscription\" resource.label.subscription_id=\"dead-letters\" metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      aligner  = "ALIGN_MAX"
      above    = 0
      period   = "60s"
      duration = "0s"
    }
    unacknowledged = {
      text     = "A message has waited for ten minutes: its function fails, or cannot keep up. Look at that function's log. Of `learn` it means that the state grows old; above some 600 finishes a second set state_shards or learn_driver."
      filter   = "resource.type=\"pubsub_subscription\" resource.label.subscription_id!=\"dead-letters\" metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      aligner  = "ALIGN_MAX"
      above    = 600
      period   = "60s"
      duration = "0s"
    }
    quarantine = {
      text     = "More than 100 bodies an hour are not understood: GitLab has changed, or somebody sends rubbish with a valid token. `runner-bandit quarantine` shows them and their reasons."
      filter   = "resource.type=\"pubsub_topic\" resource.label.topic_id=\"quarantine\" metric.type=\"pubsub.googleapis.com/topic/send_message_operation_count\""
      aligner  = "ALIGN_DELTA"
      above    = 100
      period   = "3600s"
      duration = "0s"
    }
    errors = {
      text     = "A function answers 5xx. Look at its log; GitLab disables a webhook after four failures in a row."
      filter   = "resource.type=\"cloud_run_revision\" resource.label.service_name=starts_with(\"${var.name}-\") metric.type=\"run.googleapis.com/request_count\" metric.label.response_code_class=\"5xx\""
      aligner  = "ALIGN_DELTA"
      above    = 2
      period   = "300s"
      duration = "300s"
    }
  }

  # Lines of a log that nobody should see.
  lines = {
    state-differs = {
      text   = "The daily check found that the state is not the fold of the log, and has made it anew. Once in a while two witnesses of a job disagree; every day is a fault: compare the lines of learn and record-events."
      filter = "resource.type=\"cloud_run_revision\" resource.labels.service_name=\"${var.name}-ticks\" jsonPayload.message=\"state.differed\""
    }
    events-unlearned = {
      text   = "The log holds finishes that are an hour old and not in the state: learn does not get them, or fails. Look at its log, and at the dead letters."
      filter = "resource.type=\"cloud_run_revision\" resource.labels.service_name=\"${var.name}-ticks\" jsonPayload.message=\"events.unlearned\""
    }
    ticks-fail = {
      text   = "Work by the clock failed; Cloud Scheduler may have tried it again since. The job's name says which; its function's log says why."
      filter = "resource.type=\"cloud_scheduler_job\" resource.labels.job_id:\"${var.name}-\" severity>=ERROR"
    }
  }
}

resource "google_monitoring_alert_policy" "threshold" {
  for_each = local.thresholds

  display_name          = "${var.name}: ${each.key}"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.key
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = each.value.duration
      aggregations {
        alignment_period   = each.value.period
        per_series_aligner = each.value.aligner
      }
    }
  }
  documentation {
    content   = each.value.text
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "line" {
  for_each = local.lines

  display_name          = "${var.name}: ${each.key}"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.key
    condition_matched_log {
      filter = each.value.filter
    }
  }
  alert_strategy {
    notification_rate_limit {
      period = "3600s"
    }
  }
  documentation {
    content   = each.value.text
    mime_type = "text/markdown"
  }
}

# The age of the state is no metric, since a quiet night makes an old state and no fault: what is wrong is a state that
# nobody writes while finishes arrive and are acknowledged.
resource "google_monitoring_alert_policy" "state_age" {
  display_name          = "${var.name}: state-age"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "events arrive, and the state is not written"
    condition_prometheus_query_language {
      query = join(" unless ", [
        "sum(increase(pubsub_googleapis_com:topic_send_message_operation_count{topic_id=\"job-events\"}[1h])) > 20",
        "sum(increase(storage_googleapis_com:api_request_count{bucket_name=\"${google_storage_bucket.state.name}\", method=\"WriteObject\"}[1h])) > 0",
      ])
      duration            = "600s"
      evaluation_interval = "300s"
    }
  }
  documentation {
    content   = "Events arrive and the bandit state has not been written for an hour: learn drops what it gets, a hold was not taken back, or its subscription is gone. Look at the log of ${var.name}-learn, then `runner-bandit doctor`."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "silence" {
  display_name          = "${var.name}: silence"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "no webhook"
    condition_absent {
      filter   = "resource.type=\"cloud_run_revision\" resource.label.service_name=\"${var.name}-ingest\" metric.type=\"run.googleapis.com/request_count\" metric.label.response_code_class=\"2xx\""
      duration = "${var.silence_hours * 3600}s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
  documentation {
    content   = "GitLab has sent nothing for ${var.silence_hours} hours. It disables a webhook that fails four times in a row: `runner-bandit doctor` asks it, `runner-bandit hook install` repairs it, and reconcile brings in what was missed."
    mime_type = "text/markdown"
  }
}
