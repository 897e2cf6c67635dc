"""Deduplication: stages that compare documents with each other."""
