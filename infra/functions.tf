# Cloud Run functions from one archive: the same code, a different entry point each.

resource "google_cloudfunctions2_function" "function" {
  for_each = local.functions

  name     = "${var.name}-${each.key}"
  location = var.region

  build_config {
    runtime         = "nodejs24"
    entry_point     = each.value.service
    service_account = google_service_account.build.id

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = var.source_object
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.service[each.value.service].email
    available_cpu                    = each.value.cpu
    available_memory                 = each.value.memory
    max_instance_request_concurrency = each.value.concurrency
    min_instance_count               = each.value.min_instances
    max_instance_count               = each.value.max_instances
    timeout_seconds                  = each.value.timeout_seconds

    # Pub/Sub and Cloud Scheduler of the project count as internal. Behind a load balancer the public ones are reached
    # through it alone.
    ingress_settings = (
      !each.value.is_public ? "ALLOW_INTERNAL_ONLY" : var.domain == "" ? "ALLOW_ALL" : "ALLOW_INTERNAL_AND_GCLB"
    )

    environment_variables = merge(
      var.settings,
      {
        GOOGLE_CLOUD_PROJECT = var.project
        BANDIT_GCS_BUCKET    = google_storage_bucket.state.name
        BANDIT_STATE_SHARDS  = tostring(var.state_shards)
        BIGQUERY_LOCATION    = google_bigquery_dataset.metrics.location
        BANDIT_ALGORITHM     = var.policy
        GITLAB_URL           = var.gitlab_url
        LOG_LEVEL            = var.log_level
      },
      each.value.is_public && var.id_token_audience != "" ? {
        RUNNER_BANDIT_ID_TOKEN_AUDIENCE = var.id_token_audience
        RUNNER_BANDIT_ID_TOKEN_PROJECTS = join(",", var.id_token_projects)
      } : {},
      # Cloud Run's IAM has let in nobody else; the function looks again.
      each.value.is_public ? {} : {
        RUNNER_BANDIT_PUSH_ACCOUNTS = join(",", sort([
          for caller, services in local.callers : google_service_account.caller[caller].email
          if contains(services, each.value.service)
        ]))
        RUNNER_BANDIT_PUSH_AUDIENCE = local.urls[each.key]
      },
    )

    dynamic "secret_environment_variables" {
      for_each = toset(local.secrets[each.value.service])
      content {
        key        = secret_environment_variables.value
        project_id = var.project
        secret     = google_secret_manager_secret.setting[secret_environment_variables.value].secret_id
        version    = "latest"
      }
    }
  }

  depends_on = [
    google_project_service.api,
    google_project_iam_member.builds,
    google_secret_manager_secret_iam_member.reads_setting,
  ]
}
