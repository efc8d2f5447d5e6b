# The accounts that build and deploy: what cloudbuild.yaml runs as, and what Cloud Run functions builds archives as.
# Neither is Owner or Editor. A person makes them with the first `terraform apply`.

resource "google_service_account" "build" {
  account_id   = "${var.name}-build"
  display_name = "Runner Bandit: builds the functions"
  depends_on   = [google_project_service.api]
}

resource "google_project_iam_member" "builds" {
  for_each = toset([
    "roles/artifactregistry.writer",
    "roles/logging.logWriter",
    "roles/storage.objectViewer",
  ])
  project = var.project
  role    = each.key
  member  = google_service_account.build.member
}

resource "google_service_account" "deployer" {
  account_id   = "${var.name}-deployer"
  display_name = "Runner Bandit: runs cloudbuild.yaml"
  depends_on   = [google_project_service.api]
}

resource "google_project_iam_member" "deploys" {
  for_each = toset([
    "roles/bigquery.admin",
    "roles/cloudfunctions.admin",
    "roles/cloudscheduler.admin",
    "roles/compute.loadBalancerAdmin",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountUser",
    "roles/logging.admin",
    "roles/monitoring.editor",
    "roles/pubsub.admin",
    "roles/run.admin",
    "roles/secretmanager.admin",
    "roles/serviceusage.serviceUsageAdmin",
    "roles/storage.admin",
  ])
  project = var.project
  role    = each.key
  member  = google_service_account.deployer.member
}

# It may hand out on the project what these files hand out to the functions, and nothing that would make it more.
resource "google_project_iam_member" "deployer_grants" {
  project = var.project
  role    = "roles/resourcemanager.projectIamAdmin"
  member  = google_service_account.deployer.member

  condition {
    title      = "only-what-functions-need"
    expression = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/bigquery.jobUser', 'roles/bigquery.dataViewer', 'roles/artifactregistry.writer', 'roles/logging.logWriter', 'roles/storage.objectViewer'])"
  }
}
