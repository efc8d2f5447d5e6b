# Tokens. Terraform makes the place; the owner puts the value in, so that no state file holds it (docs/deploy.md).

resource "google_secret_manager_secret" "setting" {
  for_each = var.secrets_in_use

  secret_id = "${var.name}-${lower(replace(each.key, "_", "-"))}"
  replication {
    auto {}
  }
  depends_on = [google_project_service.api]
}

# Each is read by the services that are given it, and by nobody else.
resource "google_secret_manager_secret_iam_member" "reads_setting" {
  for_each = merge([
    for service, names in local.secrets : { for name in names : "${service} ${name}" => { service = service, name = name } }
  ]...)

  secret_id = google_secret_manager_secret.setting[each.value.name].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.service[each.value.service].member
}
