"""Measures the hub at its doors; `make bench` runs it."""
