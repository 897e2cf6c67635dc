"""A sample crawl of our own making, with planted and labeled defects: what a first run is tried on."""

from spark_llmdata.sample.comparison import Fate, Place, Row, compare
from spark_llmdata.sample.fates import collect_fates
from spark_llmdata.sample.labels import CLEAN, Label, read_labels
from spark_llmdata.sample.writing import PAGES, Written, write_sample

__all__ = [
    "CLEAN",
    "PAGES",
    "Fate",
    "Label",
    "Place",
    "Row",
    "Written",
    "collect_fates",
    "compare",
    "read_labels",
    "write_sample",
]
