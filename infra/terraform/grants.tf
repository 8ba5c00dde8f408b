# What each function may open, read from its row in the topology. Each grant sits on the thing it opens.

resource "google_pubsub_topic_iam_member" "publishers" {
  for_each = local.publishes

  project = var.project
  topic   = google_pubsub_topic.topics[each.value.topic].name
  role    = "roles/pubsub.publisher"
  member  = module.function[each.value.function].member
}

resource "google_pubsub_subscription_iam_member" "dead_letter_readers" {
  for_each = local.dead_letter_readers

  project      = var.project
  subscription = google_pubsub_subscription.dead_letters.name
  role         = "roles/pubsub.subscriber"
  member       = module.function[each.key].member
}

resource "google_storage_bucket_iam_member" "objects" {
  for_each = local.objects_opened

  bucket = google_storage_bucket.objects.name
  role   = contains(each.value, "write") ? "roles/storage.objectUser" : "roles/storage.objectViewer"
  member = module.function[each.key].member
}

# A signed URL can do what its signer can. Functions sign with a key of this identity, which can do nothing else.
resource "google_storage_bucket_iam_member" "signer_uses_objects" {
  bucket = google_storage_bucket.objects.name
  role   = "roles/storage.objectUser"
  member = "serviceAccount:${google_service_account.signer.email}"
}

# Which versions of a secret are valid is found by listing them, which reading them does not include.
resource "google_secret_manager_secret_iam_member" "secrets" {
  for_each = {
    for it in setproduct(keys(local.secrets_opened), ["secretAccessor", "viewer"]) :
    join("/", it) => merge(local.secrets_opened[it[0]], { role = "roles/secretmanager.${it[1]}" })
  }

  project   = var.project
  secret_id = google_secret_manager_secret.secrets[each.value.purpose].secret_id
  role      = each.value.role
  member    = module.function[each.value.function].member
}

# Firestore has no grants of its own; the condition holds this one to the one database.
resource "google_project_iam_member" "ledger" {
  for_each = local.ledger_opened

  project = var.project
  role    = each.value == "write" ? "roles/datastore.user" : "roles/datastore.viewer"
  member  = module.function[each.key].member

  condition {
    title      = "${var.prefix} ledger"
    expression = "resource.name == \"projects/${var.project}/databases/${google_firestore_database.ledger.name}\""
  }
}

# Spans belong to the project; there is nothing smaller to grant writing on.
resource "google_project_iam_member" "traces" {
  for_each = local.functions

  project = var.project
  role    = "roles/telemetry.tracesWriter"
  member  = module.function[each.key].member
}
