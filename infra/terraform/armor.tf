# Who reaches the load balancer, how often, and with what. The first rule that matches decides.

locals {
  webhook = [
    for it in local.routes : "${it.path}" if it.function == "webhook"
  ]

  # A molecule is full of brackets, quotes and signs that look like an attack on a database or a shell, so
  # what carries molecules in its body or its query is left to the functions, which read it as nothing but molecules.
  attacks = toset(["sqli-v33-stable", "xss-v33-stable", "lfi-v33-stable", "rce-v33-stable", "scannerdetection-v33-stable"])
  unlike_molecules = join(" && ", concat(
    ["request.method != 'POST'", "request.method != 'PUT'"],
    [for path in ["/api/v3/depict.svg"] : "request.path != '${path}'"],
  ))

  refused = [
    for number, name in sort(tolist(local.attacks)) : {
      priority    = 100 + number
      description = "Refuse ${name}"
      expression  = "${local.unlike_molecules} && evaluatePreconfiguredWaf('${name}', {'sensitivity': 1})"
    }
  ]

  # One rule takes ten ranges.
  clients = [
    for number, ranges in chunklist(sort(tolist(var.client_ranges)), 10) : {
      priority    = 2000 + number
      description = "Clients, at a bounded rate"
      ranges      = ranges
    }
  ]
}

resource "google_compute_security_policy" "frontend" {
  project     = var.project
  name        = "${var.prefix}-frontend"
  description = "Lets in the clients' addresses, and anyone to the signed webhook"
  type        = "CLOUD_ARMOR"
  depends_on  = [google_project_service.apis]

  dynamic "rule" {
    for_each = local.refused

    content {
      action      = "deny(403)"
      description = rule.value.description
      priority    = rule.value.priority

      match {
        expr {
          expression = rule.value.expression
        }
      }
    }
  }

  # The engine calls from addresses that nobody knows; each call carries a signature.
  rule {
    action      = "throttle"
    description = "The engine's webhook, at a bounded rate"
    priority    = 1000

    match {
      expr {
        expression = join(" || ", [for path in local.webhook : "request.path == '${path}'"])
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"

      rate_limit_threshold {
        count        = var.limits.webhook_requests
        interval_sec = 60
      }
    }
  }

  dynamic "rule" {
    for_each = local.clients

    content {
      action      = "throttle"
      description = rule.value.description
      priority    = rule.value.priority

      match {
        versioned_expr = "SRC_IPS_V1"

        config {
          src_ip_ranges = rule.value.ranges
        }
      }

      rate_limit_options {
        conform_action = "allow"
        exceed_action  = "deny(429)"
        enforce_on_key = "IP"

        rate_limit_threshold {
          count        = var.limits.client_requests
          interval_sec = 60
        }
      }
    }
  }

  rule {
    action      = "deny(403)"
    description = "Nobody else"
    priority    = 2147483647

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}
