# Each alert has a section of the same name in docs/operations.md.

locals {
  own_services      = "resource.type=\"cloud_run_revision\" AND resource.label.service_name=monitoring.regex.full_match(\"${var.prefix}-.*\")"
  own_subscriptions = "resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=monitoring.regex.full_match(\"${var.prefix}-.*\")"

  alerts = {
    dead-letters = {
      severity  = "ERROR"
      summary   = "A message was delivered as often as it may be, and was given up."
      filter    = "${local.own_subscriptions} AND metric.type=\"pubsub.googleapis.com/subscription/dead_letter_message_count\""
      align     = "ALIGN_DELTA"
      reduce    = "REDUCE_SUM"
      by        = ["resource.label.subscription_id"]
      above     = 0
      lasting   = "0s"
      of_filter = null
    }
    parked-messages = {
      severity  = "ERROR"
      summary   = "A function set a message aside that no retry can help."
      filter    = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.steps["parked"].name}\""
      align     = "ALIGN_DELTA"
      reduce    = "REDUCE_SUM"
      by        = ["metric.label.function"]
      above     = 0
      lasting   = "0s"
      of_filter = null
    }
    oldest-message = {
      severity  = "ERROR"
      summary   = "A message has been waiting for too long."
      filter    = "${local.own_subscriptions} AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      align     = "ALIGN_MAX"
      reduce    = "REDUCE_MAX"
      by        = ["resource.label.subscription_id"]
      above     = var.limits.oldest_message_seconds
      lasting   = "300s"
      of_filter = null
    }
    stuck-batches = {
      severity  = "WARNING"
      summary   = "For half an hour, reconcile has found something stuck again and again."
      filter    = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.steps["findings"].name}\""
      align     = "ALIGN_DELTA"
      reduce    = "REDUCE_SUM"
      by        = []
      above     = 0
      lasting   = "1800s"
      of_filter = null
    }
    error-rate = {
      severity  = "CRITICAL"
      summary   = "A function fails too many of its requests."
      filter    = "${local.own_services} AND metric.type=\"run.googleapis.com/request_count\" AND metric.label.response_code_class=\"5xx\""
      align     = "ALIGN_RATE"
      reduce    = "REDUCE_SUM"
      by        = ["resource.label.service_name"]
      above     = var.limits.error_share
      lasting   = "300s"
      of_filter = "${local.own_services} AND metric.type=\"run.googleapis.com/request_count\""
    }
    failures = {
      severity  = "ERROR"
      summary   = "A step ended with an error that nobody expected."
      filter    = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.steps["failures"].name}\""
      align     = "ALIGN_DELTA"
      reduce    = "REDUCE_SUM"
      by        = ["metric.label.function"]
      above     = 0
      lasting   = "0s"
      of_filter = null
    }
    redis-away = {
      severity  = "WARNING"
      summary   = "Redis does not answer. Each instance counts requests for itself meanwhile."
      filter    = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.steps["redis"].name}\""
      align     = "ALIGN_DELTA"
      reduce    = "REDUCE_SUM"
      by        = ["metric.label.function"]
      above     = 0
      lasting   = "0s"
      of_filter = null
    }
    spend = {
      severity  = "WARNING"
      summary   = "The functions are billed for more time than they should be; the bill itself comes a day later."
      filter    = "${local.own_services} AND metric.type=\"run.googleapis.com/container/billable_instance_time\""
      align     = "ALIGN_RATE"
      reduce    = "REDUCE_SUM"
      by        = []
      above     = var.limits.busy_instances
      lasting   = "1800s"
      of_filter = null
    }
  }

  silences = {
    reconcile-silent = {
      severity = "CRITICAL"
      summary  = "The scheduled pass over what is overdue has not succeeded for ten minutes. Nothing that is lost is found."
      filter   = "resource.type=\"cloud_run_revision\" AND resource.label.service_name=\"${var.prefix}-reconcile\" AND metric.type=\"run.googleapis.com/request_count\" AND metric.label.response_code_class=\"2xx\""
      lasting  = "600s"
    }
  }

  channels = [for it in google_monitoring_notification_channel.emails : it.id]
}

resource "google_monitoring_notification_channel" "emails" {
  for_each = var.alert_emails

  project      = var.project
  display_name = "${var.prefix} ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
  depends_on   = [google_project_service.apis]
}

resource "google_monitoring_alert_policy" "alerts" {
  for_each = local.alerts

  project               = var.project
  display_name          = "${var.prefix} ${each.key}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels

  conditions {
    display_name = each.value.summary

    condition_threshold {
      filter             = each.value.filter
      denominator_filter = each.value.of_filter
      comparison         = "COMPARISON_GT"
      threshold_value    = each.value.above
      duration           = each.value.lasting

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = each.value.align
        cross_series_reducer = each.value.reduce
        group_by_fields      = each.value.by
      }

      dynamic "denominator_aggregations" {
        for_each = each.value.of_filter == null ? [] : [each.value]

        content {
          alignment_period     = "300s"
          per_series_aligner   = denominator_aggregations.value.align
          cross_series_reducer = denominator_aggregations.value.reduce
          group_by_fields      = denominator_aggregations.value.by
        }
      }

      trigger {
        count = 1
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.summary} What to do: ${var.runbook_url}#${each.key}"

    links {
      display_name = "Runbook"
      url          = "${var.runbook_url}#${each.key}"
    }
  }
}

resource "google_monitoring_alert_policy" "silences" {
  for_each = local.silences

  project               = var.project
  display_name          = "${var.prefix} ${each.key}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels
  depends_on            = [google_project_service.apis]

  conditions {
    display_name = each.value.summary

    condition_absent {
      filter   = each.value.filter
      duration = each.value.lasting

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }

      trigger {
        count = 1
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.summary} What to do: ${var.runbook_url}#${each.key}"

    links {
      display_name = "Runbook"
      url          = "${var.runbook_url}#${each.key}"
    }
  }
}
