"""readability-lxml: the part of the tree that scores best (after Arc90's Readability), its tags taken away."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, NonNegativeInt

from spark_llmdata import extras
from spark_llmdata.extraction.engine import Engine, Extract
from spark_llmdata.extraction.strip import strip


class Readability(Engine):
    """Names and defaults are the library's own `Document`."""

    libraries: ClassVar[tuple[str, ...]] = ("readability-lxml", "lxml", "lxml_html_clean")
    #: Its time grows with the square of the comments it takes out one beside the other: 12 s for so many.
    max_tags: ClassVar[int] = 100_000

    min_text_length: NonNegativeInt = Field(default=25, description="characters of a paragraph that counts")
    retry_length: NonNegativeInt = Field(default=250, description="characters below which it tries less strict rules")

    def load(self, needed_by: str) -> Extract:
        """Bind the settings to `Document`."""
        readability = extras.require("readability", extra="readability", needed_by=needed_by)
        options = self.model_dump()

        def extract(page: str) -> str:
            if not strip(page):
                return ""  # the library raises on a page with nothing in it
            return strip(readability.Document(page.replace("\0", ""), **options).summary(html_partial=True))

        return extract
