output "member" {
  description = "The function's identity, as grants name it."
  value       = "serviceAccount:${google_service_account.this.email}"
}

output "service" {
  description = "Name of the Cloud Run service behind the function."
  value       = google_cloudfunctions2_function.this.name
}

output "subscription" {
  description = "Name of the function's subscription; null if it has none."
  value       = one(google_pubsub_subscription.push[*].name)
}

output "url" {
  description = "Address of the function within the project."
  value       = local.url
}
