domain      = "omtx.example.org"
project     = "example-omtx-prod"
region      = "europe-west4"
runbook_url = "https://example.org/omtx-hub/docs/operations.md"

budget         = { units = 500 }
warm_instances = { api = 1, webhook = 1 }
