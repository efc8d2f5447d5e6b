# The project itself: the APIs that are switched on, and the addresses that follow from its number.

data "google_project" "this" {
  project_id = var.project
}

locals {
  project_number = data.google_project.this.number
  pubsub_agent   = "serviceAccount:service-${local.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"

  # Known before the function exists, so a function can be told its own address: it is the audience of the tokens it
  # accepts. Cloud Run's IAM takes tokens whose audience is the service's run.app address.
  urls = {
    for name in keys(local.functions) :
    name => "https://${var.name}-${name}-${local.project_number}.${var.region}.run.app"
  }
}

resource "google_project_service" "api" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "bigquery.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "compute.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ])
  service = each.key
  # Others in the project may use them.
  disable_on_destroy = false
}
