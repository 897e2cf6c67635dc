"""Stages that clean text: what is not the page's own goes, the page stays."""
