resource "google_pubsub_topic" "topics" {
  for_each = toset(local.topology.topics)

  project    = var.project
  name       = "${var.prefix}-${each.key}"
  depends_on = [google_project_service.apis]

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

resource "google_pubsub_topic" "dead_letters" {
  project    = var.project
  name       = "${var.prefix}-${local.topology.dead_letters.topic}"
  depends_on = [google_project_service.apis]

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

# What is read from here goes into the ledger, where people see it; a month is for when nothing reads.
resource "google_pubsub_subscription" "dead_letters" {
  project                    = var.project
  name                       = "${var.prefix}-${local.topology.dead_letters.subscription}"
  topic                      = google_pubsub_topic.dead_letters.id
  ack_deadline_seconds       = 60
  message_retention_duration = "2678400s"

  expiration_policy {
    ttl = ""
  }
}

# Dead letters are moved by Pub/Sub itself: it publishes them here and acknowledges them there.
resource "google_pubsub_topic_iam_member" "pubsub_publishes_dead_letters" {
  project    = var.project
  topic      = google_pubsub_topic.dead_letters.name
  role       = "roles/pubsub.publisher"
  member     = local.pubsub_agent
  depends_on = [google_pubsub_topic.topics]
}

resource "google_pubsub_subscription_iam_member" "pubsub_takes_dead_letters" {
  for_each = local.subscribers

  project      = var.project
  subscription = module.function[each.key].subscription
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}
