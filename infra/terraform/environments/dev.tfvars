# For trying things out: nothing is kept against its owner's will.
database           = "omtx-dev"
domain             = "omtx-dev.example.org"
keep_versions_days = 1
prefix             = "omtx-dev"
project            = "example-omtx-dev"
protect            = false
region             = "europe-west4"
runbook_url        = "https://example.org/omtx-hub/docs/operations.md"

budget = { units = 50 }
