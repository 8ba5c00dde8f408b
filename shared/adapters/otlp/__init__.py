"""Traces, sent as OpenTelemetry defines it."""
