"""What several services do through the ports: read the manifest, settle, close."""
