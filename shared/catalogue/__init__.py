"""The models we offer: one YAML entry each, and the classes of their parameters."""
