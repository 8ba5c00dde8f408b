module "function" {
  source   = "./modules/function"
  for_each = local.functions

  name                  = each.key
  archives              = var.archives
  build_service_account = google_service_account.build.id
  dead_letter_topic     = google_pubsub_topic.dead_letters.id
  docker_repository     = google_artifact_registry_repository.functions.id
  prefix                = var.prefix
  project               = var.project
  project_number        = data.google_project.this.number
  public                = contains(keys(local.public), each.key)
  push_service_account  = google_service_account.push.email
  region                = var.region
  source_bucket         = google_storage_bucket.source.name
  spec                  = each.value
  subscription_defaults = local.topology.subscription_defaults
  topic                 = try(google_pubsub_topic.topics[each.value.subscription.topic].id, null)
  vpc_connector         = contains(local.redis_users, each.key) ? google_vpc_access_connector.functions[0].id : null
  warm_instances        = lookup(var.warm_instances, each.key, 0)

  ingress = (
    contains(keys(local.public), each.key) ? "ALLOW_INTERNAL_AND_GCLB" :
    contains(keys(local.twins), each.key) ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
  )

  environment = merge(
    contains(local.redis_users, each.key) ? local.redis_environment : {},
    contains(keys(local.callers), each.key) ? {
      OMTX_ORDERS_URL = "https://${var.prefix}-${local.callers[each.key]}-${data.google_project.this.number}.${var.region}.run.app"
    } : {},
    { for name, value in var.settings : "OMTX_${upper(name)}" => value },
    var.traces_endpoint == "" ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT = var.traces_endpoint },
    var.trace_orders && each.value.entry_point == "submit" ? { OTEL_TRACES_SAMPLER = "always_on" } : {},
    {
      OMTX_BACKEND    = "gcp"
      OMTX_BUCKET     = google_storage_bucket.objects.name
      OMTX_DATABASE   = google_firestore_database.ledger.name
      OMTX_ENGINE     = var.engine
      OMTX_PREFIX     = var.prefix
      OMTX_PROJECT    = var.project
      OMTX_PUBLIC_URL = "https://${var.domain}"

      # The load balancer appends two addresses to X-Forwarded-For: the client's, and its own.
      OMTX_LIMITS_PROXIES = contains(keys(local.twins), each.key) ? "1" : "2"

      # A call that the schedule makes is signed by the schedule's identity, all others by Pub/Sub's.
      OMTX_PUSH_SERVICE_ACCOUNT = (
        contains(keys(local.scheduled), each.key)
        ? google_service_account.schedule.email
        : google_service_account.push.email
      )
    },
  )

  # A build needs to read its source, to store its image and to write its log.
  depends_on = [
    google_project_service.apis,
    google_artifact_registry_repository_iam_member.build_pushes_images,
    google_project_iam_member.build_writes_logs,
    google_storage_bucket_iam_member.build_reads_source,
  ]
}

# The load balancer does not log in at a function, so a function behind it takes calls from anyone;
# its ingress setting sees to it that they can only come through the load balancer.
resource "google_cloud_run_v2_service_iam_member" "anyone_calls_public" {
  for_each = local.public

  project  = var.project
  location = var.region
  name     = module.function[each.key].service
  role     = "roles/run.invoker"
  member   = "allUsers"
}

# A twin is reached from anywhere, and lets in nobody but these.
resource "google_cloud_run_v2_service_iam_member" "functions_call_twins" {
  for_each = local.callers

  project  = var.project
  location = var.region
  name     = module.function[each.value].service
  role     = "roles/run.invoker"
  member   = module.function[each.key].member
}

resource "google_cloud_run_v2_service_iam_member" "push_calls_subscribers" {
  for_each = local.subscribers

  project  = var.project
  location = var.region
  name     = module.function[each.key].service
  role     = "roles/run.invoker"
  member   = "serviceAccount:${google_service_account.push.email}"
}

resource "google_cloud_run_v2_service_iam_member" "schedule_calls_scheduled" {
  for_each = local.scheduled

  project  = var.project
  location = var.region
  name     = module.function[each.key].service
  role     = "roles/run.invoker"
  member   = "serviceAccount:${google_service_account.schedule.email}"
}
