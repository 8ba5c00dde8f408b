# What the functions say in their logs, counted. Fields are those of shared/logs.py.

locals {
  own_logs = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=~\"^${var.prefix}-\"",
  ])

  log_metrics = {
    findings = {
      description = "What reconcile found stuck and helped"
      filter      = "jsonPayload.function=\"reconcile\" AND jsonPayload.did:*"
      labels      = { did = "EXTRACT(jsonPayload.did)" }
    }
    parked = {
      description = "Messages that no retry can help"
      filter      = "jsonPayload.outcome=\"parked\""
      labels      = { function = "EXTRACT(jsonPayload.function)" }
    }
    failures = {
      description = "Steps that ended with an unexpected error"
      filter      = "jsonPayload.outcome=\"failed\""
      labels      = { function = "EXTRACT(jsonPayload.function)" }
    }
    jobs = {
      description = "Jobs that have their outcome, by what it is and by model"
      filter      = "jsonPayload.settled:*"
      labels = {
        kind  = "EXTRACT(jsonPayload.settled)"
        model = "EXTRACT(jsonPayload.model)"
      }
    }
    retries = {
      description = "Failed attempts after which another was ordered, by the class of the failure"
      filter      = "jsonPayload.retried:*"
      labels      = { failure = "EXTRACT(jsonPayload.retried)" }
    }
    redis = {
      description = "Times that an instance gave Redis up for a while"
      filter      = "jsonPayload.logger=\"omtx.redis\" AND jsonPayload.message:\"does not answer\""
      labels      = { function = "EXTRACT(jsonPayload.function)" }
    }
    batches = {
      description = "Batches whose artefacts were written, by how they ended"
      filter      = "jsonPayload.closed:*"
      labels      = { closed = "EXTRACT(jsonPayload.closed)" }
    }
  }
}

resource "google_logging_metric" "steps" {
  for_each = local.log_metrics

  project     = var.project
  name        = "${var.prefix}/${each.key}"
  description = each.value.description
  filter      = "${local.own_logs} AND ${each.value.filter}"
  depends_on  = [google_project_service.apis]

  label_extractors = each.value.labels

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"

    dynamic "labels" {
      for_each = each.value.labels

      content {
        key        = labels.key
        value_type = "STRING"
      }
    }
  }
}
