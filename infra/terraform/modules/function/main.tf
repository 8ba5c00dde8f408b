locals {
  full_name = "${var.prefix}-${var.name}"
  archive   = "${path.root}/${var.archives}/${coalesce(var.spec.archive, var.name)}.zip"

  # Cloud Run's address that is known before the service exists, so that a function can be told its own:
  # tokens that it gets must be made out to it.
  url = "https://${local.full_name}-${var.project_number}.${var.region}.run.app"
}

resource "google_service_account" "this" {
  project      = var.project
  account_id   = local.full_name
  display_name = "Function ${var.name}"
}

# Named by its content: a function whose source did not change is not deployed again.
resource "google_storage_bucket_object" "archive" {
  bucket = var.source_bucket
  name   = "${var.name}/${filesha256(local.archive)}.zip"
  source = local.archive
}

resource "google_cloudfunctions2_function" "this" {
  project     = var.project
  location    = var.region
  name        = local.full_name
  description = "Function ${var.name} of services/topology.json"

  build_config {
    runtime           = "python311"
    entry_point       = var.spec.entry_point
    docker_repository = var.docker_repository
    service_account   = var.build_service_account

    source {
      storage_source {
        bucket = var.source_bucket
        object = google_storage_bucket_object.archive.name
      }
    }
  }

  service_config {
    all_traffic_on_latest_revision   = true
    available_cpu                    = "1"
    available_memory                 = "${var.spec.memory_mb}Mi"
    ingress_settings                 = var.ingress
    max_instance_count               = var.spec.max_instances
    max_instance_request_concurrency = var.spec.concurrency
    min_instance_count               = var.warm_instances
    service_account_email            = google_service_account.this.email
    timeout_seconds                  = var.spec.timeout_seconds
    vpc_connector                    = var.vpc_connector
    vpc_connector_egress_settings    = var.vpc_connector == null ? null : "PRIVATE_RANGES_ONLY"

    environment_variables = merge(var.environment, {
      LOG_EXECUTION_ID   = "false" # it would wrap our own JSON lines once more
      OMTX_PUSH_AUDIENCE = local.url
      THREADS            = tostring(var.spec.concurrency)

      # Cloud Run checks the token of a call to a private service, and takes its signature away.
      OMTX_PUSH_CHECKED_BY_PLATFORM = tostring(!var.public)
    })
  }
}

resource "google_pubsub_subscription" "push" {
  count = var.spec.subscription == null ? 0 : 1

  project                    = var.project
  name                       = "${var.prefix}-${var.spec.subscription.name}"
  topic                      = var.topic
  ack_deadline_seconds       = coalesce(var.spec.subscription.ack_deadline_seconds, var.subscription_defaults.ack_deadline_seconds)
  message_retention_duration = "604800s"

  expiration_policy {
    ttl = "" # never, however quiet it is
  }

  retry_policy {
    minimum_backoff = "${var.subscription_defaults.min_backoff_seconds}s"
    maximum_backoff = "${var.subscription_defaults.max_backoff_seconds}s"
  }

  dead_letter_policy {
    dead_letter_topic     = var.dead_letter_topic
    max_delivery_attempts = var.subscription_defaults.max_delivery_attempts
  }

  push_config {
    # The framework reads the topic off the path.
    push_endpoint = "${local.url}/${var.topic}"

    oidc_token {
      service_account_email = var.push_service_account
      audience              = local.url
    }
  }

  # A message must not come before there is somebody to take it.
  depends_on = [google_cloudfunctions2_function.this]
}
