"""Sources: from files to records, each with its location and its raw hash."""
