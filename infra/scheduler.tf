# Work by the clock. A run that fails is tried again; the next one makes up for it.

resource "google_cloud_scheduler_job" "tick" {
  for_each = local.schedules

  name             = "${var.name}-${each.key}"
  region           = var.region
  schedule         = each.value.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "1800s"

  http_target {
    http_method = "POST"
    uri         = "${local.urls[each.value.function]}${each.value.path}"
    oidc_token {
      service_account_email = google_service_account.caller["ticks"].email
      audience              = local.urls[each.value.function]
    }
  }

  retry_config {
    # What comes again within minutes is not tried again; the others wait for an hour or a day.
    retry_count          = startswith(each.value.schedule, "*") ? 0 : 3
    min_backoff_duration = "60s"
    max_backoff_duration = "600s"
  }

  depends_on = [google_cloudfunctions2_function.function]
}
