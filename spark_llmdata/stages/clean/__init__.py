"""Stages that edit texts and keep documents."""
