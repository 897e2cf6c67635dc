"""Stages that measure documents and leave the decision to others."""
