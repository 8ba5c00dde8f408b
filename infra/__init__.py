"""What runs the platform in the cloud: packaged functions, and the infrastructure they need."""
