resource "google_storage_bucket" "objects" {
  project                     = var.project
  name                        = "${var.project}-${var.prefix}-objects"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.protect
  depends_on                  = [google_project_service.apis]

  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = 604800
  }

  cors {
    origin          = sort(concat(["https://${var.domain}"], tolist(var.cors_origins)))
    method          = ["GET", "HEAD", "PUT"]
    response_header = ["Content-Disposition", "Content-Length", "Content-Type", "ETag"]
    max_age_seconds = 3600
  }

  # Uploaded libraries are copied into the screens that use them.
  lifecycle_rule {
    condition {
      age            = 7
      matches_prefix = ["uploads/"]
      with_state     = "LIVE"
    }

    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = var.keep_versions_days
      with_state                 = "ARCHIVED"
    }

    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      age = 7
    }

    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }
}

# Archives of the functions, each named by its content. Old ones stay for a rollback.
resource "google_storage_bucket" "source" {
  project                     = var.project
  name                        = "${var.project}-${var.prefix}-source"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true # it can be built again from the repository
  depends_on                  = [google_project_service.apis]

  versioning {
    enabled = true
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
      with_state                 = "ARCHIVED"
    }

    action {
      type = "Delete"
    }
  }
}
