"""The tasks that users know, and how what they fill in becomes an order."""
