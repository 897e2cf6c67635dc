"""Reports: answers read from a store."""
