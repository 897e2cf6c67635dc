"""The recipes that come with the package, as data: `importlib.resources.files("spark_llmdata.recipes")`."""
