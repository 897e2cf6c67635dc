"""resiliparse: main text by rules on a Lexbor DOM (Bevendorff et al., SIGIR 2018 and later; the call DCLM used)."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from pydantic import Field

from spark_llmdata import extras
from spark_llmdata.extraction.engine import Engine, Extract


class Resiliparse(Engine):
    """Main content with its paragraphs; the fastest of the engines that leave out what surrounds the text."""

    libraries: ClassVar[tuple[str, ...]] = ("resiliparse",)

    main_content: bool = Field(default=True, description="leave out navigation, footers and the like")
    preserve_formatting: bool = Field(default=True, description="keep paragraphs, list items and preformatted text")
    list_bullets: bool = Field(default=True, description="begin list items with a bullet or number")
    alt_texts: bool = Field(default=False, description="take the texts of images")
    links: bool = Field(default=False, description="take the targets of links")
    form_fields: bool = Field(default=False, description="take the contents of form fields")
    noscript: bool = Field(default=False, description="take what is for browsers without scripts")

    def load(self, needed_by: str) -> Extract:
        """Bind the settings to `extract_plain_text`."""
        html2text = extras.require("resiliparse.extract.html2text", extra="html", needed_by=needed_by)
        return partial(html2text.extract_plain_text, **self.model_dump())
