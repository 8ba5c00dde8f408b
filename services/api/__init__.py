"""Reads, downloads and control of batches."""
