"""Announces again whatever is overdue, and asks after silent runs. It has no other logic."""
