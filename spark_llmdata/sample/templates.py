"""Site templates of our own: a handbook, a blog, a forum and a shop, each with what surrounds a text on real sites."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spark_llmdata.sample.sentences import pick

#: What stands around the text of every page, and in no corpus.
COOKIES = {
    "en": "We and our partners store information on your device to remember your visit and to measure our audience.",
    "de": "Wir und unsere Partner speichern Daten auf Ihrem Gerät, um Ihren Besuch wiederzuerkennen und zu messen.",
    "fr": "Nos partenaires et nous conservons des données sur votre appareil pour reconnaître et mesurer vos visites.",
    "es": "Nosotros y nuestros socios guardamos datos en su dispositivo para reconocer y medir sus visitas.",
}
FOOTER = "All prices, names and places on this site are invented; the texts come with every Python."

_MENU = ("Home", "Guides", "Reference", "Community", "Events", "Shop", "Contact", "Sign in")
_TOPICS = ("Getting started", "Installation", "Data types", "Files", "Networking", "Testing", "Tools", "History")
_PEOPLE = ("amara", "bruno", "chiyo", "dmitri", "elif", "fatou", "goran", "helena", "imre", "jana")
_MONTHS = ("January", "March", "May", "June", "August", "October", "November")


@dataclass(frozen=True)
class Frame:
    """What a template is given: address, language, title and paragraphs, all as plain text."""

    url: str
    lang: str
    title: str
    paragraphs: Sequence[str]

    @property
    def host(self) -> str:
        """The site's name."""
        return self.url.split("/")[2]

    def pick(self, options: Sequence[str], purpose: str) -> str:
        """One of the options, always the same for a page."""
        return pick(options, purpose, self.url)


def render(site: str, frame: Frame) -> str:
    """The page of a site (one of `SITES`) as HTML5."""
    return SITES[site](frame)


def _links(names: Sequence[str], kind: str) -> str:
    return "".join(f'<li><a href="/{kind}/{n.lower().replace(" ", "-")}">{n}</a></li>' for n in names)


def _lines(paragraphs: Sequence[str]) -> str:
    return "\n".join(f"<p>{html.escape(p, quote=False)}</p>" for p in paragraphs)


def _document(frame: Frame, style: str, body: str) -> str:
    """The document around a body: head, cookie banner, script."""
    title = html.escape(frame.title)
    notice = html.escape(COOKIES.get(frame.lang, COOKIES["en"]))
    return (
        f'<!DOCTYPE html>\n<html lang="{frame.lang}">\n<head>\n<meta charset="utf-8">\n<title>{title} | {frame.host}'
        f'</title>\n<link rel="canonical" href="{html.escape(frame.url)}">\n<style>{style}</style>\n</head>\n<body>\n'
        f'<div id="cookie-banner" class="cookie-consent" role="dialog"><p>{notice}</p><button>Accept all</button>'
        f"<button>Settings</button></div>\n{body}\n<script>count('{frame.host}');</script>\n</body>\n</html>\n"
    )


def _footer() -> str:
    return (
        '<footer class="site-footer"><ul><li><a href="/imprint">Imprint</a></li><li><a href="/privacy">Privacy</a></li>'
        f'<li><a href="/terms">Terms</a></li></ul><p class="small">{FOOTER}</p></footer>'
    )


def _handbook(frame: Frame) -> str:
    title, section = html.escape(frame.title), frame.pick(_TOPICS, "section")
    return _document(
        frame,
        ".sidebar{float:left;width:16em} main{margin-left:18em}",
        f'<header class="topbar"><a class="logo" href="/">{frame.host}</a><form role="search"><input name="q" '
        f'placeholder="Search"></form></header>\n<nav class="sidebar"><ul>{_links(_TOPICS, "topic")}</ul></nav>\n'
        f'<main>\n<nav class="breadcrumb" aria-label="Breadcrumb"><a href="/">Docs</a> &rsaquo; <a href="/{section}">'
        f"{section}</a> &rsaquo; {title}</nav>\n<article>\n<h1>{title}</h1>\n{_lines(frame.paragraphs)}\n</article>\n"
        f'<div class="pager"><a href="/prev">Previous</a> <a href="/next">Next</a></div>\n</main>\n{_footer()}',
    )


def _blog(frame: Frame) -> str:
    title, author = html.escape(frame.title), frame.pick(_PEOPLE, "author").title()
    return _document(
        frame,
        "article{max-width:40em;margin:auto} aside{float:right}",
        f'<header class="site-header"><h2><a href="/">{frame.host}</a></h2><nav><ul>{_links(_MENU, "menu")}</ul></nav>'
        f'</header>\n<main><article class="post">\n<h1>{title}</h1>\n<p class="byline">By <a rel="author" href="/by/'
        f'{author}">{author}</a>, {frame.pick(_MONTHS, "month")} 2023</p>\n<div class="entry-content">\n'
        f'{_lines(frame.paragraphs)}\n</div>\n<ul class="tags"><li>{frame.pick(_TOPICS, "tag")}</li></ul>\n</article>'
        f'</main>\n<aside class="sidebar"><h3>Related posts</h3><ul>{_links(_TOPICS, "post")}</ul>'
        f'<form class="newsletter"><label>Get the newsletter</label><input type="email"></form></aside>\n{_footer()}',
    )


def _forum(frame: Frame) -> str:
    """A thread: the first post asks or tells, the others go on."""
    title, posts = html.escape(frame.title), []
    for number, paragraph in enumerate(frame.paragraphs):
        name = pick(_PEOPLE, "poster", number, frame.url)
        posts.append(
            f'<div class="post" id="p{number}"><div class="author"><a href="/user/{name}">{name}</a></div>'
            f'<div class="content"><p>{html.escape(paragraph, quote=False)}</p></div>'
            f'<div class="actions"><a href="#">Reply</a> <a href="#">Quote</a> <a href="#">Report</a></div></div>'
        )
    return _document(
        frame,
        ".post{border:1px solid #ccc;margin:1em}",
        f'<header><a href="/">{frame.host}</a><nav class="menu"><ul>{_links(_MENU[:5], "board")}</ul></nav></header>\n'
        f'<div class="breadcrumbs"><a href="/">Boards</a> &gt; <a href="/b">{frame.pick(_TOPICS, "board")}</a></div>\n'
        f'<main class="thread">\n<h1>{title}</h1>\n' + "\n".join(posts) + f"\n</main>\n{_footer()}",
    )


def _shop(frame: Frame) -> str:
    title = html.escape(frame.title)
    price = f"{pick([str(n) for n in range(5, 90)], 'price', frame.url)}.90"
    others = "".join(f'<li><a href="/item/{n}">{t}</a> <b>{n}.50</b></li>' for n, t in enumerate(_TOPICS, 12))
    return _document(
        frame,
        ".product{max-width:40em} .related{float:right}",
        f'<header><a href="/">{frame.host}</a><nav class="menu"><ul>{_links(_MENU, "shop")}</ul></nav><a href="/cart">'
        f'Cart (0)</a></header>\n<ol class="breadcrumb"><li><a href="/">Shop</a></li><li><a href="/c">'
        f'{frame.pick(_TOPICS, "shelf")}</a></li></ol>\n<main class="product">\n<h1>{title}</h1>\n<div class="buy">'
        f'<span class="price">EUR {price}</span> <button>Add to cart</button></div>\n<div class="description">\n'
        f'{_lines(frame.paragraphs)}\n</div>\n</main>\n<aside class="related"><h2>Others bought</h2><ul>{others}</ul>'
        f"</aside>\n{_footer()}",
    )


SITES: dict[str, Callable[[Frame], str]] = {
    "handbook": _handbook,
    "blog": _blog,
    "forum": _forum,
    "shop": _shop,
}


def render_menu(frame: Frame) -> str:
    """A page that leads to others and says nothing itself: their beginnings, or a list of links."""
    if frame.paragraphs:
        items = "".join(
            f'<div class="teaser"><h2><a href="/{n}">{_entry(_TOPICS, n, frame)} {n}</a></h2>'
            f"<p>{html.escape(line, quote=False)}</p></div>\n"
            for n, line in enumerate(frame.paragraphs)
        )
    else:
        links = (
            f'<li><a href="/{n}">{_entry(_TOPICS, n, frame)}: {_entry(_MENU, n, frame)}</a></li>' for n in range(60)
        )
        items = f'<ul class="index">{"".join(links)}</ul>'
    body = (
        f'<header><a href="/">{frame.host}</a></header>\n<main><h1>{html.escape(frame.title)}</h1>\n'
        f"{items}</main>\n{_footer()}"
    )
    return _document(frame, "li{display:inline}", body)


def _entry(words: Sequence[str], number: int, frame: Frame) -> str:
    return pick(words, "entry", number, frame.url)
