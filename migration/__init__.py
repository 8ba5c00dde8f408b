"""Brings the batches of the older system into this home, and checks that they arrived."""
