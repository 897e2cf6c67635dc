"""Cleaning: stages that edit the text and remove few documents or none."""
