locals {
  charts = [
    {
      title = "Requests per second, by function"
      by    = ["resource.label.service_name"]
      align = "ALIGN_RATE"
      sum   = "REDUCE_SUM"
      of    = "${local.own_services} AND metric.type=\"run.googleapis.com/request_count\""
    },
    {
      title = "Failed requests per second, by function"
      by    = ["resource.label.service_name"]
      align = "ALIGN_RATE"
      sum   = "REDUCE_SUM"
      of    = "${local.own_services} AND metric.type=\"run.googleapis.com/request_count\" AND metric.label.response_code_class=\"5xx\""
    },
    {
      title = "Latency, 95th percentile in ms, by function"
      by    = ["resource.label.service_name"]
      align = "ALIGN_PERCENTILE_95"
      sum   = "REDUCE_MAX"
      of    = "${local.own_services} AND metric.type=\"run.googleapis.com/request_latencies\""
    },
    {
      title = "Instances, by function"
      by    = ["resource.label.service_name"]
      align = "ALIGN_MAX"
      sum   = "REDUCE_SUM"
      of    = "${local.own_services} AND metric.type=\"run.googleapis.com/container/instance_count\""
    },
    {
      title = "Messages waiting, by subscription"
      by    = ["resource.label.subscription_id"]
      align = "ALIGN_MAX"
      sum   = "REDUCE_SUM"
      of    = "${local.own_subscriptions} AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
    },
    {
      title = "Age of the oldest message in seconds, by subscription"
      by    = ["resource.label.subscription_id"]
      align = "ALIGN_MAX"
      sum   = "REDUCE_MAX"
      of    = "${local.own_subscriptions} AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
    },
    {
      title = "Given up and parked messages"
      by    = ["resource.label.subscription_id"]
      align = "ALIGN_DELTA"
      sum   = "REDUCE_SUM"
      of    = "${local.own_subscriptions} AND metric.type=\"pubsub.googleapis.com/subscription/dead_letter_message_count\""
    },
    {
      title = "What reconcile helped, by what it did"
      by    = ["metric.label.did"]
      align = "ALIGN_DELTA"
      sum   = "REDUCE_SUM"
      of    = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.steps["findings"].name}\""
    },
    {
      title = "Jobs settled per second, by outcome"
      by    = ["metric.label.kind"]
      align = "ALIGN_RATE"
      sum   = "REDUCE_SUM"
      of    = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.steps["jobs"].name}\""
    },
    {
      title = "Attempts that were ordered again, by the class of their failure"
      by    = ["metric.label.failure"]
      align = "ALIGN_DELTA"
      sum   = "REDUCE_SUM"
      of    = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.steps["retries"].name}\""
    },
  ]
}

resource "google_monitoring_dashboard" "overview" {
  project = var.project

  dashboard_json = jsonencode({
    displayName = "${var.prefix} overview"
    mosaicLayout = {
      columns = 48
      tiles = [
        for number, chart in local.charts : {
          width  = 24
          height = 16
          xPos   = 24 * (number % 2)
          yPos   = 16 * floor(number / 2)
          widget = {
            title = chart.title
            xyChart = {
              dataSets = [{
                plotType = "LINE"
                timeSeriesQuery = {
                  timeSeriesFilter = {
                    filter = chart.of
                    aggregation = {
                      alignmentPeriod    = "60s"
                      perSeriesAligner   = chart.align
                      crossSeriesReducer = chart.sum
                      groupByFields      = chart.by
                    }
                  }
                }
              }]
            }
          }
        }
      ]
    }
  })
}
