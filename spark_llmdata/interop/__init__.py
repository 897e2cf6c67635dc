"""Bridges: stages in notebooks and other frameworks."""
