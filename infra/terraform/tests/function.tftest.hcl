# The module of one function, by itself.

mock_provider "google" {}

variables {
  archives              = "../../../../build/functions" # of this module as the root
  build_service_account = "projects/example/serviceAccounts/build"
  dead_letter_topic     = "projects/example/topics/omtx-dead-letters"
  docker_repository     = "projects/example/locations/europe-west4/repositories/omtx-functions"
  environment           = { OMTX_BACKEND = "gcp" }
  ingress               = "ALLOW_INTERNAL_ONLY"
  name                  = "dispatch"
  prefix                = "omtx"
  project               = "example"
  project_number        = "123456789012"
  public                = false
  push_service_account  = "omtx-push@example.iam.gserviceaccount.com"
  region                = "europe-west4"
  source_bucket         = "example-omtx-source"
  topic                 = "projects/example/topics/omtx-job-queued"
  warm_instances        = 0

  spec = {
    concurrency     = 16
    entry_point     = "dispatch"
    max_instances   = 20
    memory_mb       = 512
    timeout_seconds = 60
    subscription    = { name = "dispatch-job-queued", topic = "job-queued" }
  }

  subscription_defaults = {
    ack_deadline_seconds  = 60
    max_backoff_seconds   = 120
    max_delivery_attempts = 40
    min_backoff_seconds   = 1
  }
}

run "an_event_function_is_pushed_to" {
  module {
    source = "./modules/function"
  }

  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
    error_message = "an event function must not be reached from outside"
  }

  assert {
    condition     = google_pubsub_subscription.push[0].push_config[0].push_endpoint == "https://omtx-dispatch-123456789012.europe-west4.run.app/projects/example/topics/omtx-job-queued"
    error_message = "messages must be pushed to the function, with the topic in the path"
  }

  assert {
    condition = (
      google_pubsub_subscription.push[0].push_config[0].oidc_token[0].audience
      == google_cloudfunctions2_function.this.service_config[0].environment_variables.OMTX_PUSH_AUDIENCE
    )
    error_message = "tokens must be made out to what the function expects"
  }

  assert {
    condition     = google_pubsub_subscription.push[0].dead_letter_policy[0].max_delivery_attempts == 40
    error_message = "a message must be tried as often as the table says"
  }

  assert {
    condition     = google_pubsub_subscription.push[0].ack_deadline_seconds == 60
    error_message = "what a row leaves out must come from the defaults"
  }
}

run "a_public_function_is_not_pushed_to" {
  module {
    source = "./modules/function"
  }

  variables {
    ingress = "ALLOW_INTERNAL_AND_GCLB"
    public  = true
    topic   = null

    spec = {
      concurrency     = 32
      entry_point     = "dispatch"
      max_instances   = 10
      memory_mb       = 512
      timeout_seconds = 60
    }
  }

  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].ingress_settings == "ALLOW_INTERNAL_AND_GCLB"
    error_message = "a public function must only be reached through the load balancer"
  }

  assert {
    condition     = length(google_pubsub_subscription.push) == 0 && output.subscription == null
    error_message = "a function without a subscription must have none"
  }

  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].environment_variables.OMTX_PUSH_CHECKED_BY_PLATFORM == "false"
    error_message = "nobody checks tokens in front of a public function"
  }
}
