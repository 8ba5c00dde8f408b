"""Adapters: the ports on one machine (``local``), on Google Cloud, on Modal."""
