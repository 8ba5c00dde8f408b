locals {
  indexes = jsondecode(file("${path.module}/../firestore_indexes.json"))

  composites = {
    for it in local.indexes.composites :
    join(" ", concat([it.collection, it.scope], [for field in it.fields : "${field.path}:${field.order}"])) => it
  }

  # A field is described once: which indexes it has in place of the usual ones, and whether it expires.
  fields_indexed = merge(
    { for it in local.indexes.exemptions : "${it.collection}/${it.field}" => [] },
    { for it in local.indexes.overrides : "${it.collection}/${it.field}" => it.indexes },
  )
  fields_expiring = toset([for it in local.indexes.ttl : "${it.collection}/${it.field}"])
  fields          = setunion(keys(local.fields_indexed), local.fields_expiring)
}

resource "google_firestore_database" "ledger" {
  project                           = var.project
  name                              = var.database
  location_id                       = var.region
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "OPTIMISTIC"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = var.protect ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.protect ? "ABANDON" : "DELETE"
  depends_on                        = [google_project_service.apis]
}

resource "google_firestore_backup_schedule" "weekly" {
  project   = var.project
  database  = google_firestore_database.ledger.name
  retention = "8467200s" # 14 weeks, the longest; point-in-time recovery covers the last 7 days

  weekly_recurrence {
    day = "SUNDAY"
  }
}

resource "google_firestore_index" "composites" {
  for_each = local.composites

  project     = var.project
  database    = google_firestore_database.ledger.name
  collection  = each.value.collection
  query_scope = each.value.scope

  dynamic "fields" {
    for_each = each.value.fields

    content {
      field_path = fields.value.path
      order      = fields.value.order
    }
  }
}

resource "google_firestore_field" "fields" {
  for_each = local.fields

  project    = var.project
  database   = google_firestore_database.ledger.name
  collection = split("/", each.key)[0]
  field      = split("/", each.key)[1]

  # Without an index in it, this keeps the field out of all of them.
  dynamic "index_config" {
    for_each = contains(keys(local.fields_indexed), each.key) ? [local.fields_indexed[each.key]] : []

    content {
      dynamic "indexes" {
        for_each = index_config.value

        content {
          order       = indexes.value.order
          query_scope = indexes.value.scope
        }
      }
    }
  }

  dynamic "ttl_config" {
    for_each = contains(local.fields_expiring, each.key) ? [{}] : []
    content {}
  }
}
