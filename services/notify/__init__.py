"""Brings news to the endpoints of users."""
