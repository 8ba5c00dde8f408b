resource "google_cloud_scheduler_job" "scheduled" {
  for_each = local.scheduled

  project          = var.project
  region           = var.region
  name             = "${var.prefix}-${each.key}"
  description      = "Calls ${each.key}"
  schedule         = each.value
  time_zone        = "Etc/UTC"
  attempt_deadline = "${local.functions[each.key].timeout_seconds}s"

  # The next call is never far.
  retry_config {
    retry_count = 0
  }

  http_target {
    http_method = local.functions[each.key].routes[0].method
    uri         = "${module.function[each.key].url}${local.functions[each.key].routes[0].path}"

    oidc_token {
      service_account_email = google_service_account.schedule.email
      audience              = module.function[each.key].url
    }
  }
}
