"""The ports on Google Cloud. Each module loads only the client library that it needs."""
