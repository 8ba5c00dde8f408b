mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  domain        = "omtx.example.org"
  project       = "example-project"
  region        = "europe-west4"
  runbook_url   = "https://example.org/docs/operations.md"
  alert_emails  = ["someone@example.org"]
  client_ranges = ["203.0.113.0/24"]
}

run "everything" {
  command = apply
}
