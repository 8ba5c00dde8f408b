# The whole configuration, applied to mocks, with the variables of an environment:
#   terraform test -filter=tests/everything.tftest.hcl -var-file=environments/dev.tfvars

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
      managed_server_ca = [{ ca_certs = [{ certificates = ["PEM"] }] }]
    }
  }
}

variables {
  alert_emails    = ["someone@example.org", "someone.else@example.org"]
  billing_account = "012345-6789AB-CDEF01"
  client_ranges   = [for it in range(1, 13) : "203.0.${it}.0/24"]
}

run "everything" {
  command = apply

  assert {
    condition     = toset(keys(module.function)) == setunion(keys(jsondecode(file("../../services/topology.json")).functions), ["submit-inside"])
    error_message = "every function of the topology must be deployed, and submit once more for our own functions"
  }

  assert {
    condition = alltrue([
      for name, it in jsondecode(file("../../services/topology.json")).functions :
      (module.function[name].subscription != null) == (it.trigger == "event")
    ])
    error_message = "every event function must have a subscription, and no other"
  }

  assert {
    condition = alltrue([
      for it in [google_storage_bucket.objects, google_storage_bucket.source] :
      it.public_access_prevention == "enforced" && it.uniform_bucket_level_access && it.versioning[0].enabled
    ])
    error_message = "buckets must be private and keep versions"
  }

  assert {
    condition     = toset(keys(google_compute_backend_service.functions)) == toset(["api", "submit", "webhook"])
    error_message = "only what users and the engine call may stand behind the load balancer"
  }

  assert {
    condition     = reverse([for it in google_compute_url_map.frontend.path_matcher[0].route_rules : it.match_rules[0].full_path_match])[0] == "/"
    error_message = "the shortest route must be tried last"
  }

  assert {
    condition     = length([for it in google_compute_security_policy.frontend.rule : it if it.priority >= 2000 && it.priority < 2100]) == 2
    error_message = "twelve client ranges need two rules of ten at most"
  }

  assert {
    condition     = length(google_billing_budget.month) == 1
    error_message = "with a billing account there must be a budget"
  }
}
