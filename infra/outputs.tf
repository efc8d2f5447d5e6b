output "webhook_url" {
  description = "PUBLIC_URL of `runner-bandit hook install`: where GitLab sends its webhooks."
  value       = var.domain == "" ? local.urls["ingest"] : "https://${var.domain}"
}

output "recommend_url" {
  description = "Base URL that CI jobs ask."
  value       = var.domain == "" ? local.urls["recommend"] : "https://${var.domain}"
}

output "admin_url" {
  description = "Base URL of /reset."
  value       = var.domain == "" ? local.urls["admin"] : "https://${var.domain}"
}

output "address" {
  description = "What the domain's A record has to say; empty without a domain."
  value       = var.domain == "" ? "" : google_compute_global_address.entry[0].address
}

output "state_bucket" {
  description = "BANDIT_GCS_BUCKET of the command line."
  value       = google_storage_bucket.state.name
}

output "source_bucket" {
  description = "Where archives to deploy are put."
  value       = google_storage_bucket.source.name
}

output "source_object" {
  description = "The archive that is deployed: what a roll back goes back to."
  value       = var.source_object
}
