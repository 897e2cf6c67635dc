"""Extraction: from markup to text."""
