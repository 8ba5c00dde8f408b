# Which engine there is decides who reads its token; so does where the login of the MSA server is kept.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  alert_emails    = ["someone@example.org"]
  billing_account = "012345-6789AB-CDEF01"
  client_ranges   = ["203.0.113.0/24"]
  domain          = "omtx.example.org"
  project         = "example-project"
  region          = "europe-west4"
  runbook_url     = "https://example.org/operations.md"
}

run "modal" {
  command = apply

  variables {
    engine = "modal"
  }

  assert {
    condition = toset([
      for name, it in google_secret_manager_secret_iam_member.secrets : it.member if strcontains(name, "modal-token")
      ]) == toset([
      for name, it in local.functions :
      module.function[name].member if try(it.opens.engine, false)
    ])
    error_message = "who opens the engine, and nobody else, must be able to read Modal's token"
  }
}

run "a_login_of_the_msa_server" {
  command = apply

  variables {
    settings = { msa_login_in = "secrets", msa_server = "https://msa.example.org" }
  }

  assert {
    condition = toset([
      for name, it in google_secret_manager_secret_iam_member.secrets : it.member if strcontains(name, "msa-login")
    ]) == toset([module.function["align"].member])
    error_message = "who asks the MSA server, and nobody else, must be able to read the login to it"
  }
}
