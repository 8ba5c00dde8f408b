# Who calls, who signs and who builds. Each function's own identity is made by its module.

locals {
  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_service_account" "push" {
  project      = var.project
  account_id   = "${var.prefix}-push"
  display_name = "Delivers messages to the functions"
  depends_on   = [google_project_service.apis]
}

resource "google_service_account" "schedule" {
  project      = var.project
  account_id   = "${var.prefix}-schedule"
  display_name = "Calls scheduled functions"
  depends_on   = [google_project_service.apis]
}

resource "google_service_account" "build" {
  project      = var.project
  account_id   = "${var.prefix}-build"
  display_name = "Builds the functions"
  depends_on   = [google_project_service.apis]
}

resource "google_service_account" "signer" {
  project      = var.project
  account_id   = "${var.prefix}-signer"
  display_name = "Signs URLs of objects, with an HMAC key"
  depends_on   = [google_project_service.apis]
}

# Pub/Sub signs the tokens of its deliveries as the push identity.
resource "google_service_account_iam_member" "pubsub_signs_as_push" {
  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.pubsub_agent
  depends_on         = [google_pubsub_topic.topics]
}

resource "google_storage_bucket_iam_member" "build_reads_source" {
  bucket = google_storage_bucket.source.name
  role   = "roles/storage.objectViewer"
  member = "serviceAccount:${google_service_account.build.email}"
}

resource "google_artifact_registry_repository_iam_member" "build_pushes_images" {
  project    = var.project
  location   = google_artifact_registry_repository.functions.location
  repository = google_artifact_registry_repository.functions.name
  role       = "roles/artifactregistry.writer"
  member     = "serviceAccount:${google_service_account.build.email}"
}

# Logs belong to the project; there is nothing smaller to grant writing on.
resource "google_project_iam_member" "build_writes_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = "serviceAccount:${google_service_account.build.email}"
}
