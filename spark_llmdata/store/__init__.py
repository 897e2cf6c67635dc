"""The store: Delta tables under one folder, spoken to in SQL and DataFrames only."""

from spark_llmdata.store.delta import Store, Table

__all__ = ["Store", "Table"]
