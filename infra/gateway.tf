# One base URL for every path, when `domain` is set: a load balancer that knows which function a path belongs to.
# Why, and what it costs: docs/adr/0016-cloud-entry-and-log.md.

locals {
  entrances = var.domain == "" ? toset([]) : toset(values(local.paths))
}

resource "google_compute_region_network_endpoint_group" "service" {
  for_each = local.entrances

  name                  = "${var.name}-${each.key}"
  region                = var.region
  network_endpoint_type = "SERVERLESS"
  cloud_run {
    service = google_cloudfunctions2_function.function[each.key].name
  }
}

resource "google_compute_backend_service" "service" {
  for_each = local.entrances

  name                  = "${var.name}-${each.key}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  backend {
    group = google_compute_region_network_endpoint_group.service[each.key].id
  }
}

resource "google_compute_url_map" "entry" {
  count = var.domain == "" ? 0 : 1

  name            = var.name
  default_service = google_compute_backend_service.service["recommend"].id # answers unknown paths with 404

  host_rule {
    hosts        = [var.domain]
    path_matcher = "routes"
  }
  path_matcher {
    name            = "routes"
    default_service = google_compute_backend_service.service["recommend"].id

    dynamic "path_rule" {
      for_each = local.paths
      content {
        paths   = [path_rule.key]
        service = google_compute_backend_service.service[path_rule.value].id
      }
    }
  }
}

resource "google_compute_managed_ssl_certificate" "entry" {
  count = var.domain == "" ? 0 : 1

  name = var.name
  managed {
    domains = [var.domain]
  }
}

resource "google_compute_target_https_proxy" "entry" {
  count = var.domain == "" ? 0 : 1

  name             = var.name
  url_map          = google_compute_url_map.entry[0].id
  ssl_certificates = [google_compute_managed_ssl_certificate.entry[0].id]
}

resource "google_compute_global_address" "entry" {
  count = var.domain == "" ? 0 : 1

  name       = var.name
  depends_on = [google_project_service.api]
}

# There is no port 80: a token that was sent to it would already have been read.
resource "google_compute_global_forwarding_rule" "entry" {
  count = var.domain == "" ? 0 : 1

  name                  = var.name
  target                = google_compute_target_https_proxy.entry[0].id
  ip_address            = google_compute_global_address.entry[0].id
  port_range            = "443"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}
