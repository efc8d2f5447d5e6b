# The bandit state, and the archives that functions are built from.

resource "google_storage_bucket" "state" {
  name                        = "${var.project}-${var.name}-state"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # The previous generation is what is read when the present one cannot be understood.
  versioning {
    enabled = true
  }

  # At a write a second a day leaves 86,400 old generations; the newest are the ones that help.
  lifecycle_rule {
    condition {
      with_state         = "ARCHIVED"
      num_newer_versions = 20
    }
    action {
      type = "Delete"
    }
  }
  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 1
      num_newer_versions         = 2
    }
    action {
      type = "Delete"
    }
  }

  # Deleted objects cost for as long as they are kept: versioning does here what soft delete would do again.
  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_storage_bucket" "source" {
  name                        = "${var.project}-${var.name}-source"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # Whoever rolls back needs the archive of before.
  lifecycle_rule {
    condition {
      age = 180
    }
    action {
      type = "Delete"
    }
  }
}
