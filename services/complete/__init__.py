"""Decides what an answered attempt means, stores the outcome, and counts it."""
