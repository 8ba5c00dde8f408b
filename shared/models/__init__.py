"""Frozen records: what is stored, sent and answered."""
