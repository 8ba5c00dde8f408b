"""Searches the alignment of one sequence, checks it, and lets the batches go on that wait for it."""
