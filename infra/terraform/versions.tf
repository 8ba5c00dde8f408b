terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }

  # Where the state lies is told to `terraform init`, see docs/deploy.md.
  backend "gcs" {}
}

provider "google" {
  project = var.project
  region  = var.region

  # Budgets are kept by the billing account, and the quota of the call counts to this project.
  billing_project       = var.project
  user_project_override = true

  default_labels = { app = var.prefix }
}
