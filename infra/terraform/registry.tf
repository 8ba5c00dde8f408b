resource "google_artifact_registry_repository" "functions" {
  project       = var.project
  location      = var.region
  repository_id = "${var.prefix}-functions"
  description   = "Images that Cloud Build makes of the functions' archives"
  format        = "DOCKER"
  depends_on    = [google_project_service.apis]

  cleanup_policies {
    id     = "newest-of-each"
    action = "KEEP"

    most_recent_versions {
      keep_count = 5
    }
  }

  cleanup_policies {
    id     = "older-than-a-month"
    action = "DELETE"

    condition {
      older_than = "2592000s"
    }
  }
}
