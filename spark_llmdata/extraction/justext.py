"""jusText: paragraphs judged by length, links and stop words (Pomikálek, thesis 2011)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, NonNegativeInt, model_validator

from spark_llmdata import extras
from spark_llmdata.extraction.engine import Engine, Extract
from spark_llmdata.extraction.strip import strip


class Justext(Engine):
    """Names and defaults are the library's own `justext`; the language is that of the stop words."""

    libraries: ClassVar[tuple[str, ...]] = ("justext", "lxml", "lxml_html_clean")
    #: Its time grows with the square of the paragraphs: 25 s for so many.
    max_tags: ClassVar[int] = 20_000

    language: str | None = Field(
        default="English", description="of the stop words, as the library names it; null goes without stop words"
    )
    length_low: NonNegativeInt = Field(default=70, description="characters; shorter paragraphs depend on neighbors")
    length_high: NonNegativeInt = Field(default=200, description="characters; longer ones with stop words are good")
    stopwords_low: float = Field(default=0.30, ge=0, le=1, description="share of stop words of a paragraph near good")
    stopwords_high: float = Field(default=0.32, ge=0, le=1, description="share of stop words of a good paragraph")
    max_link_density: float = Field(default=0.2, ge=0, le=1, description="share of characters in links")
    max_heading_distance: NonNegativeInt = Field(default=200, description="characters from a heading to good text")
    no_headings: bool = Field(default=False, description="judge headings like other paragraphs")

    @model_validator(mode="before")
    @classmethod
    def _without_stop_words(cls, given: object) -> object:
        """Without stop words a share of them says nothing: the library's way to be independent of the language."""
        if isinstance(given, dict) and given.get("language", "") is None:
            return {"stopwords_low": 0.0, "stopwords_high": 0.0, **given}
        return given

    def load(self, needed_by: str) -> Extract:
        """Take the list of stop words and bind the settings.

        Raises:
            ValueError: the library has no list for the language.
        """
        justext = extras.require("justext", extra="justext", needed_by=needed_by)
        options = self.model_dump(exclude={"language"})
        known = sorted(justext.get_stoplists())
        if self.language is not None and self.language not in known:
            raise ValueError(
                f"{needed_by}: jusText has no stop words for language {self.language!r}; expected one of "
                f"{', '.join(known)}, or null to go without"
            )
        words = frozenset() if self.language is None else justext.get_stoplist(self.language)

        def extract(page: str) -> str:
            if not strip(page):
                return ""  # the library raises on a page with nothing in it
            paragraphs = justext.justext(page.replace("\0", ""), words, **options)
            return "\n".join(p.text for p in paragraphs if not p.is_boilerplate)

        return extract
