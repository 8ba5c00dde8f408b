"""The Terraform configuration, checked by Terraform itself, without the provider and without an account."""
