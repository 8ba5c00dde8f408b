# One address for all public functions, with the routes of the topology.

resource "google_compute_global_address" "frontend" {
  project    = var.project
  name       = "${var.prefix}-frontend"
  depends_on = [google_project_service.apis]
}

resource "google_compute_managed_ssl_certificate" "frontend" {
  project    = var.project
  name       = "${var.prefix}-${replace(var.domain, ".", "-")}"
  depends_on = [google_project_service.apis]

  managed {
    domains = [var.domain]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_ssl_policy" "frontend" {
  project         = var.project
  name            = "${var.prefix}-frontend"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
  depends_on      = [google_project_service.apis]
}

resource "google_compute_region_network_endpoint_group" "functions" {
  for_each = local.public

  project               = var.project
  region                = var.region
  name                  = "${var.prefix}-${each.key}"
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = module.function[each.key].service
  }
}

resource "google_compute_backend_service" "functions" {
  for_each = local.public

  project               = var.project
  name                  = "${var.prefix}-${each.key}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.frontend.id

  backend {
    group = google_compute_region_network_endpoint_group.functions[each.key].id
  }

  log_config {
    enable      = true
    sample_rate = 1
  }
}

resource "google_compute_url_map" "frontend" {
  project         = var.project
  name            = "${var.prefix}-frontend"
  default_service = google_compute_backend_service.functions["api"].id

  host_rule {
    hosts        = [var.domain]
    path_matcher = "routes"
  }

  path_matcher {
    name            = "routes"
    default_service = google_compute_backend_service.functions["api"].id

    dynamic "route_rules" {
      for_each = local.routes

      content {
        priority = route_rules.key + 1
        service  = google_compute_backend_service.functions[route_rules.value.function].id

        # A function owns its path and what lies below, as it does in the embedded router.
        dynamic "match_rules" {
          for_each = [{ full = route_rules.value.path }, { below = "${trimsuffix(route_rules.value.path, "/")}/" }]

          content {
            full_path_match = try(match_rules.value.full, null)
            prefix_match    = try(match_rules.value.below, null)

            dynamic "header_matches" {
              for_each = route_rules.value.method == "*" ? [] : [route_rules.value.method]

              content {
                header_name = ":method"
                exact_match = header_matches.value
              }
            }
          }
        }
      }
    }
  }
}

resource "google_compute_target_https_proxy" "frontend" {
  project          = var.project
  name             = "${var.prefix}-frontend"
  url_map          = google_compute_url_map.frontend.id
  ssl_certificates = [google_compute_managed_ssl_certificate.frontend.id]
  ssl_policy       = google_compute_ssl_policy.frontend.id
}

resource "google_compute_global_forwarding_rule" "https" {
  project               = var.project
  name                  = "${var.prefix}-https"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.frontend.id
  port_range            = "443"
  target                = google_compute_target_https_proxy.frontend.id
}

resource "google_compute_url_map" "redirect" {
  project    = var.project
  name       = "${var.prefix}-redirect"
  depends_on = [google_project_service.apis]

  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "PERMANENT_REDIRECT" # which keeps the method
    strip_query            = false
  }
}

resource "google_compute_target_http_proxy" "redirect" {
  project = var.project
  name    = "${var.prefix}-redirect"
  url_map = google_compute_url_map.redirect.id
}

resource "google_compute_global_forwarding_rule" "http" {
  project               = var.project
  name                  = "${var.prefix}-http"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.frontend.id
  port_range            = "80"
  target                = google_compute_target_http_proxy.redirect.id
}
