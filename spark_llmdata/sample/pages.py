"""A page of the sample before it is written, and the supply of articles that pages are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from spark_llmdata.sample import sentences, templates
from spark_llmdata.sample.labels import CLEAN, Outcome
from spark_llmdata.sample.material import Article
from spark_llmdata.sample.templates import Frame

#: Languages of the clean pages; most of what is not English is written in turn.
OTHERS = ("de", "fr", "es")
#: One page in so many stands in the file of JSON lines.
LINES = 6


@dataclass(frozen=True)
class Page:
    """An address, a text in its place on a site, and what the label will say; see `labels.Label`."""

    url: str
    lang: str
    title: str
    paragraphs: tuple[str, ...]
    site: str | None  # a template; None: a line of JSON
    defect: str = CLEAN
    outcome: Outcome = "kept"
    reasons: tuple[str, ...] = ()
    group: str | None = None
    similarity: float | None = None
    gone: tuple[str, ...] = ()
    there: tuple[str, ...] = ()
    is_menu: bool = False

    @property
    def text(self) -> str:
        """The paragraphs, a line each."""
        return "\n".join(self.paragraphs)

    def render(self) -> str:
        """The page as HTML."""
        frame = Frame(self.url, self.lang, self.title, self.paragraphs)
        return templates.render_menu(frame) if self.is_menu else templates.render(self.site or "handbook", frame)

    def but(self, **changes: Any) -> Page:
        """The same page with other facts."""
        return replace(self, **changes)


@dataclass
class Supply:
    """Gives each article once, as a page on one of the sites."""

    english: list[Article]  # taken from the end
    given: dict[str, int] = field(default_factory=dict)

    def take(self, lang: str) -> Page:
        """The next page in a language; in German where English has run out."""
        if lang == "en" and not self.english:
            lang = OTHERS[0]
        number = self.given[lang] = self.given.get(lang, 0) + 1
        article = self.english.pop() if lang == "en" else sentences.write_article(lang, number)
        in_lines = number % LINES == 0
        site = None if in_lines else sentences.pick(list(templates.SITES), "site", lang, number)
        host = f"{site or 'notes'}.example" if lang == "en" else f"{lang}.{site or 'notes'}.example"
        return Page(f"https://{host}/{_slug(article.title)}/{number}", lang, article.title, article.paragraphs, site)

    def take_web(self, lang: str) -> Page:
        """The next page in a language that is a web page."""
        page = self.take(lang)
        return page if page.site is not None else page.but(site="blog")

    def mix(self, number: int, langs: Sequence[str] = ("en", *OTHERS)) -> Page:
        """A page in one of the languages, in turn."""
        return self.take(langs[number % len(langs)])


def _slug(title: str) -> str:
    """The title as part of an address: letters a to z and digits."""
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in title.lower())
    return "-".join(part for part in kept.split("-") if part)[:60]
