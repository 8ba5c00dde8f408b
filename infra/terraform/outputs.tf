output "address" {
  description = "Where the domain's A record must point."
  value       = google_compute_global_address.frontend.address
}

output "dashboard" {
  description = "The dashboard, in the console."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${basename(google_monitoring_dashboard.overview.id)}?project=${var.project}"
}

output "functions" {
  description = "Address of each function within the project."
  value       = { for name, it in module.function : name => it.url }
}

output "objects_bucket" {
  description = "Bucket of libraries, results and artefacts."
  value       = google_storage_bucket.objects.name
}

output "secrets" {
  description = "Secrets that need a version before anything works, by purpose."
  value       = { for purpose, it in google_secret_manager_secret.secrets : purpose => it.secret_id }
}

output "signer" {
  description = "Identity whose HMAC key the secret urls holds."
  value       = google_service_account.signer.email
}

output "url" {
  description = "Where the platform is reached once the certificate is ready."
  value       = "https://${var.domain}"
}
