# Cloud Run writes a line of 1 kB for each request: without this the log would cost as much as the requests do. Lines
# of requests that failed stay, and so does all that the functions say themselves; counts are in Cloud Monitoring.

resource "google_logging_project_exclusion" "requests" {
  name        = "${var.name}-requests"
  description = "Requests to Runner Bandit's functions that were answered below 400."
  filter = join(" AND ", [
    "log_id(\"run.googleapis.com/requests\")",
    "resource.labels.service_name:\"${var.name}-\"",
    "httpRequest.status<400",
  ])
}
