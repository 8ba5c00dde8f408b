# Redis is there only if it is asked for, and then for those alone who use it.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }

  mock_resource "google_memorystore_instance" {
    defaults = {
      endpoints = [{
        connections = [
          { psc_auto_connection = [{ connection_type = "CONNECTION_TYPE_READER", ip_address = "10.87.0.19", port = 6379 }] },
          { psc_auto_connection = [{ connection_type = "CONNECTION_TYPE_PRIMARY", ip_address = "10.87.0.18", port = 6379 }] },
        ]
      }]
      managed_server_ca = [{ ca_certs = [{ certificates = ["old"] }, { certificates = ["new", "above new"] }] }]
    }
  }
}

variables {
  client_ranges = ["203.0.113.0/24"]
  domain        = "omtx.example.org"
  project       = "example-project"
  region        = "europe-west4"
  runbook_url   = "https://example.org/operations.md"
}

run "nobody_asks_for_it" {
  command = apply

  assert {
    condition = (
      length(google_memorystore_instance.redis) + length(google_vpc_access_connector.functions)
      + length(google_compute_network.redis) + length(google_project_service.redis) == 0
    )
    error_message = "what is paid for by the hour must not be made unless it is asked for"
  }

  assert {
    condition     = length(local.redis_environment) == 0
    error_message = "without Redis nobody must be told of one"
  }
}

run "asked_for" {
  command = apply

  variables {
    redis = { replicas = 1 }
  }

  assert {
    condition = local.redis_users == toset([
      for name, it in local.functions : name if try(it.opens.redis, false)
    ])
    error_message = "who opens Redis, and nobody else, must be led there"
  }

  assert {
    condition     = local.redis_environment.OMTX_REDIS_URL == "rediss://10.87.0.18:6379/0"
    error_message = "the address must be that of the primary, which can be written to, with TLS"
  }

  assert {
    condition     = local.redis_environment.OMTX_REDIS_CA == "old\nnew\nabove new"
    error_message = "all authorities must be believed, or nobody gets in while they are replaced"
  }

  assert {
    condition     = google_compute_subnetwork.functions[0].ip_cidr_range == "10.87.0.0/28"
    error_message = "a connector must have a /28 of its own"
  }

  assert {
    condition     = google_compute_subnetwork.redis[0].ip_cidr_range == "10.87.0.16/29"
    error_message = "the instance's addresses must lie beside those of the connector"
  }
}
