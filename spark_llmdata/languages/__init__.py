"""Languages: what labels mean, what is known of each, and stages that judge a document by its own."""
