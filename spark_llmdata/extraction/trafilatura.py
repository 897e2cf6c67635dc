"""trafilatura: main text by XPath rules with fallbacks (Barbaresi, ACL 2021 demonstrations; FineWeb, RefinedWeb)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from spark_llmdata import extras
from spark_llmdata.extraction.engine import Engine, Extract

#: More than any page that gets here: `max_html_bytes` of the stage decides, not the library.
_NO_LIMIT = str(1 << 40)


class Trafilatura(Engine):
    """Names and defaults are the library's own `extract`.

    Its `deduplicate` is off and no setting: it forgets segments that other pages of the same process held, so the text
    of a page would depend on the order of pages. Its time limit is for its command line only and not used.
    """

    libraries: ClassVar[tuple[str, ...]] = ("trafilatura", "lxml", "justext", "htmldate", "courlan")
    #: Its time grows with the square of the elements it takes out one beside the other, such as scripts between words.
    max_tags: ClassVar[int] = 200_000

    favor_precision: bool = Field(default=False, description="less text, but less that is not the page's own")
    favor_recall: bool = Field(default=False, description="more text, even where unsure")
    include_comments: bool = Field(default=True, description="take readers' comments")
    include_tables: bool = Field(default=True, description="take tables")
    include_formatting: bool = Field(default=False, description="mark bold text and headings")
    include_links: bool = Field(default=False, description="take the targets of links")
    include_images: bool = Field(default=False, description="take the addresses of images")
    fast: bool = Field(default=False, description="do without the fallbacks (readability, jusText)")

    def load(self, needed_by: str) -> Extract:
        """Bind the settings to `extract`."""
        trafilatura = extras.require("trafilatura", extra="trafilatura", needed_by=needed_by)
        config = extras.require("trafilatura.settings", extra="trafilatura", needed_by=needed_by).use_config()
        config.set("DEFAULT", "MAX_FILE_SIZE", _NO_LIMIT)
        options = self.model_dump() | {"deduplicate": False, "output_format": "txt", "config": config}

        def extract(page: str) -> str:
            return str(trafilatura.extract(page.replace("\0", ""), **options) or "")

        return extract
