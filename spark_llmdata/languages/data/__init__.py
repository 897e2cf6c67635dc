"""Settings by language as data, one file each: `importlib.resources.files("spark_llmdata.languages.data")`."""
