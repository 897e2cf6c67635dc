"""Sinks: documents leave the store."""
