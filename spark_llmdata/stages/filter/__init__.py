"""Filters: rules that judge a document by itself."""
