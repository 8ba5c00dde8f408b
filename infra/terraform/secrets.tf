# Places for secrets. What they hold is added by hand and never passes through Terraform, whose state would keep it.

resource "google_secret_manager_secret" "secrets" {
  for_each = local.secrets

  project             = var.project
  secret_id           = "${var.prefix}-${each.key}"
  deletion_protection = var.protect
  depends_on          = [google_project_service.apis]

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
}
