"""Receives what a model run says of itself, checks who says so, and passes it on."""
