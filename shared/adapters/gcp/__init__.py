"""The ports on Google Cloud: Firestore, Cloud Storage, Pub/Sub, Secret Manager."""
