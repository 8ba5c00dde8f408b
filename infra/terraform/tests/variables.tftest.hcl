# A wrong variable is answered with a sentence, before anything is planned.

mock_provider "google" {}

run "what_is_not_of_its_form" {
  command = plan

  variables {
    billing_account = "mine"
    client_ranges   = ["office"]
    cors_origins    = ["https://*.example.org"]
    database        = "Ledger"
    domain          = "https://omtx.example.org"
    prefix          = "a-prefix-that-is-too-long"
    project         = "My Project"
    region          = "europe-west4-a"
    runbook_url     = "https://example.org/docs/operations.md#spend"
  }

  expect_failures = [
    var.billing_account,
    var.client_ranges,
    var.cors_origins,
    var.database,
    var.domain,
    var.prefix,
    var.project,
    var.region,
    var.runbook_url,
  ]
}

run "what_would_do_harm" {
  command = plan

  variables {
    budget             = { units = 0 }
    client_ranges      = ["0.0.0.0/0"] # the platform has no login
    domain             = "omtx.example.org"
    engine             = "slurm" # which is not built
    keep_versions_days = 0
    limits             = { error_share = 5 }
    project            = "example-project"
    redis              = { range = "8.8.8.0/24" } # not led into the network
    region             = "europe-west4"
    runbook_url        = "https://example.org/docs/operations.md"
    settings           = { push_unsigned = "true" }
  }

  expect_failures = [
    var.budget,
    var.client_ranges,
    var.engine,
    var.keep_versions_days,
    var.limits,
    var.redis,
    var.settings,
  ]
}
