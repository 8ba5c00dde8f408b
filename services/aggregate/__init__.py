"""Writes the artefacts of a full batch, checks the accounting, and finishes the batch."""
