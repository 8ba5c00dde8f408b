# Counts and answers that all instances share: Memorystore for Valkey, which speaks Redis's language, in a network
# of its own. Only if it is asked for, since it is paid for by the hour; without it each instance counts for itself.

locals {
  redis_users = toset([for name, it in local.functions : name if try(it.opens.redis, false) && var.redis != null])

  # A replica answers reads at an address of its own; what counts has to write.
  redis_primary = one(flatten([
    for instance in google_memorystore_instance.redis : [
      for endpoint in instance.endpoints : [
        for connection in endpoint.connections : [
          for it in connection.psc_auto_connection : it if it.connection_type == "CONNECTION_TYPE_PRIMARY"
        ]
      ]
    ]
  ]))

  redis_environment = var.redis == null ? {} : {
    OMTX_REDIS_URL   = "rediss://${local.redis_primary.ip_address}:${local.redis_primary.port}/0"
    OMTX_REDIS_LOGIN = "google"
    OMTX_REDIS_CA = join("\n", flatten([
      for it in google_memorystore_instance.redis[0].managed_server_ca : [
        for chain in it.ca_certs : chain.certificates
      ]
    ]))
  }
}

resource "google_project_service" "redis" {
  for_each = var.redis == null ? toset([]) : toset([
    "memorystore.googleapis.com",
    "networkconnectivity.googleapis.com",
    "serviceconsumermanagement.googleapis.com",
    "vpcaccess.googleapis.com",
  ])

  project            = var.project
  service            = each.key
  disable_on_destroy = false
}

resource "google_compute_network" "redis" {
  count = var.redis == null ? 0 : 1

  project                 = var.project
  name                    = "${var.prefix}-redis"
  auto_create_subnetworks = false
  depends_on              = [google_project_service.apis]
}

# Where the instance gets its address.
resource "google_compute_subnetwork" "redis" {
  count = var.redis == null ? 0 : 1

  project       = var.project
  region        = var.region
  name          = "${var.prefix}-redis"
  network       = google_compute_network.redis[0].id
  ip_cidr_range = cidrsubnet(var.redis.range, 5, 2)
}

# Where functions come from: a connector wants a /28 for itself.
resource "google_compute_subnetwork" "functions" {
  count = var.redis == null ? 0 : 1

  project       = var.project
  region        = var.region
  name          = "${var.prefix}-functions"
  network       = google_compute_network.redis[0].id
  ip_cidr_range = cidrsubnet(var.redis.range, 4, 0)
}

resource "google_network_connectivity_service_connection_policy" "redis" {
  count = var.redis == null ? 0 : 1

  project       = var.project
  location      = var.region
  name          = "${var.prefix}-redis"
  description   = "Lets Memorystore put an instance's address into the network"
  service_class = "gcp-memorystore"
  network       = google_compute_network.redis[0].id
  depends_on    = [google_project_service.redis]

  psc_config {
    subnetworks = [google_compute_subnetwork.redis[0].id]
  }
}

resource "google_memorystore_instance" "redis" {
  count = var.redis == null ? 0 : 1

  project                     = var.project
  location                    = var.region
  instance_id                 = "${var.prefix}-redis"
  engine_version              = "VALKEY_8_0"
  mode                        = "CLUSTER_DISABLED"
  shard_count                 = 1
  replica_count               = var.redis.replicas
  node_type                   = var.redis.node_type
  authorization_mode          = "IAM_AUTH"
  transit_encryption_mode     = "SERVER_AUTHENTICATION"
  deletion_protection_enabled = false # all that it holds can be lost

  # Everything in it has an end.
  engine_configs = { "maxmemory-policy" = "volatile-lru" }

  desired_auto_created_endpoints {
    network    = google_compute_network.redis[0].id
    project_id = var.project
  }

  depends_on = [google_network_connectivity_service_connection_policy.redis]
}

resource "google_vpc_access_connector" "functions" {
  count = var.redis == null ? 0 : 1

  project       = var.project
  region        = var.region
  name          = "${var.prefix}-functions"
  machine_type  = "e2-micro"
  min_instances = 2
  max_instances = 3
  depends_on    = [google_project_service.redis]

  subnet {
    name = google_compute_subnetwork.functions[0].name
  }
}

# Who logs in shows a token of its own identity. The condition holds the grant to the one instance.
resource "google_project_iam_member" "redis" {
  for_each = local.redis_users

  project = var.project
  role    = "roles/memorystore.dbConnectionUser"
  member  = module.function[each.key].member

  condition {
    title      = "${var.prefix} redis"
    expression = "resource.name == \"projects/${var.project}/locations/${var.region}/instances/${google_memorystore_instance.redis[0].instance_id}\""
  }
}
