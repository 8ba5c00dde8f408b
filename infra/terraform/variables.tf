variable "alert_emails" {
  description = "Addresses that alerts and budget messages go to."
  type        = set(string)
  default     = []
}

variable "archives" {
  description = "Folder with a packaged archive per function, as `make package` writes it; relative to this one."
  type        = string
  default     = "../../build/functions"
}

variable "billing_account" {
  description = "Billing account that the budget is kept in, e.g. 012345-6789AB-CDEF01; without one there is no budget."
  type        = string
  default     = null

  validation {
    condition     = var.billing_account == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account must look like 012345-6789AB-CDEF01."
  }
}

variable "budget" {
  description = "What a month may cost before it is reported, in whole units of the currency."
  type        = object({ currency = optional(string, "USD"), units = number })
  default     = { units = 500 }

  validation {
    condition     = var.budget.units > 0 && floor(var.budget.units) == var.budget.units
    error_message = "budget.units must be a whole number above 0."
  }
}

variable "client_ranges" {
  description = "Address ranges (CIDR) from which the platform may be used. Behind them each request needs an API key as well. The engine's webhook checks signatures and is reached from anywhere."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for it in var.client_ranges : can(cidrhost(it, 0))])
    error_message = "client_ranges must be ranges like 203.0.113.0/24."
  }

  validation {
    condition     = alltrue([for it in var.client_ranges : !endswith(it, "/0")])
    error_message = "client_ranges must not be the whole internet: a key that leaks is worth nothing outside them."
  }
}

variable "cors_origins" {
  description = "Web origins besides the platform's own from which a browser may use signed URLs."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for it in var.cors_origins : can(regex("^https://[^/*]+$", it))])
    error_message = "cors_origins must be origins like https://example.org, without a path or a star."
  }
}

variable "database" {
  description = "Firestore database; a name of its own for each environment that shares a project."
  type        = string
  default     = "(default)"

  validation {
    condition     = can(regex("^(\\(default\\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$", var.database))
    error_message = "database must be (default) or 4 to 63 lower-case letters, digits and hyphens."
  }
}

variable "domain" {
  description = "Host name of the platform, whose A record points to the address in the outputs."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain must be a host name like omtx.example.org."
  }
}

variable "engine" {
  description = "Where models run: modal, with its token as ID:SECRET in the secret modal-token; or pool, the process pool of the embedded runner, which does not exist in the cloud: a deployment accepts screens and computes none of them."
  type        = string
  default     = "pool"

  validation {
    condition     = contains(["modal", "pool"], var.engine)
    error_message = "engine must be one that shared/settings knows: modal or pool."
  }
}

variable "keep_versions_days" {
  description = "How long replaced and deleted objects can be brought back."
  type        = number
  default     = 30

  validation {
    condition     = var.keep_versions_days >= 1 && var.keep_versions_days <= 365
    error_message = "keep_versions_days must be from 1 to 365."
  }
}

variable "limits" {
  description = "Where alerts begin and requests end: age of the oldest waiting message, share of failed requests, billed seconds of all instances per second, requests per minute and address from clients and to the webhook."
  type = object({
    oldest_message_seconds = optional(number, 900)
    error_share            = optional(number, 0.05)
    busy_instances         = optional(number, 20)
    client_requests        = optional(number, 3000)
    webhook_requests       = optional(number, 6000)
  })
  default = {}

  validation {
    condition     = var.limits.error_share > 0 && var.limits.error_share < 1
    error_message = "limits.error_share must be between 0 and 1."
  }
}

variable "prefix" {
  description = "Beginning of every name, so that environments can share a project."
  type        = string
  default     = "omtx"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,13}[a-z0-9]$", var.prefix))
    error_message = "prefix must be 2 to 15 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "project" {
  description = "Id of the project, which exists and has billing."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project id, not its name or number."
  }
}

variable "protect" {
  description = "Whether what holds data refuses to be destroyed."
  type        = bool
  default     = true
}

variable "redis" {
  description = "Counts requests and keeps answers for all instances together: node type and replicas of an instance of Memorystore for Valkey, and a private /24 for it and the way to it. Paid for by the hour; null for none. SHARED_CORE_NANO has no service level, and nothing is lost with it but exactness."
  type = object({
    node_type = optional(string, "SHARED_CORE_NANO")
    replicas  = optional(number, 0)
    range     = optional(string, "10.87.0.0/24")
  })
  default = null

  validation {
    condition = var.redis == null || contains(
      ["SHARED_CORE_NANO", "STANDARD_SMALL", "HIGHMEM_MEDIUM", "HIGHMEM_XLARGE"], try(var.redis.node_type, "")
    )
    error_message = "redis.node_type must be SHARED_CORE_NANO, STANDARD_SMALL, HIGHMEM_MEDIUM or HIGHMEM_XLARGE."
  }

  validation {
    condition     = var.redis == null || contains([0, 1, 2], try(var.redis.replicas, 0))
    error_message = "redis.replicas must be 0, 1 or 2."
  }

  validation {
    condition = var.redis == null || (
      can(cidrhost(var.redis.range, 0)) &&
      can(regex("^(10\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.).*/24$", try(var.redis.range, "")))
    )
    error_message = "redis.range must be a private /24, as 10.87.0.0/24: only private ranges are led into the network."
  }
}

variable "region" {
  description = "Region of every regional resource, e.g. europe-west4."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must look like europe-west4."
  }
}

variable "runbook_url" {
  description = "Where people read docs/operations.md; each alert links to its section."
  type        = string

  validation {
    condition     = can(regex("^https://[^#]+$", var.runbook_url))
    error_message = "runbook_url must be an https address without an anchor."
  }
}

variable "settings" {
  description = "More of shared/settings, by the name of the field, e.g. { poll_seconds = 60 }."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name, _ in var.settings : can(regex("^[a-z_]+$", name)) && !startswith(name, "push_")])
    error_message = "settings must be fields of shared/settings, and none of push_*: those are set per function."
  }
}

variable "trace_orders" {
  description = "Whether every order is traced, and what it brings about with it; otherwise those that its caller, mostly Cloud Run, decides to trace."
  type        = bool
  default     = false
}

variable "traces_endpoint" {
  description = "Where spans are sent by OTLP over HTTP: Cloud Trace, or a collector; nowhere if empty."
  type        = string
  default     = "https://telemetry.googleapis.com"

  validation {
    condition     = var.traces_endpoint == "" || can(regex("^https://[^/]+", var.traces_endpoint))
    error_message = "traces_endpoint must be an https address, or empty."
  }
}

variable "warm_instances" {
  description = "Instances kept ready per function; what is not named starts when it is needed."
  type        = map(number)
  default     = {}
}
