"""Benchmarks: each prints JSON. Figures are compared within one run, as machines are noisy."""
