"""Pages with a defect of their own: what should be removed for what it is, and what should be mended."""

from __future__ import annotations

from collections.abc import Iterator

from spark_llmdata.sample.pages import OTHERS, Page, Supply
from spark_llmdata.sample.sentences import pick
from spark_llmdata.sample.templates import COOKIES, FOOTER

#: Hosts that the recipe `demo` blocks, with all below them.
BLOCKED = ("lucky-spins.example", "cheap-pills.example", "click-farm.example")
#: Languages that the recipe `demo` does not keep.
UNWANTED = ("it", "nl", "pt")

NOTICE = "This site uses cookies to remember what you looked at and to show you more of the same."
_LOREM = (
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore "
    "magna aliqua."
)
_VERSES = """
The wind is up in the east.|A gate is left in the rain.|We walk on by the old mill.|Nobody has seen the key.
The dog is not ours to keep.|There is a light in the hall.|It is late and we are cold.|The road is wet and so are we.
A bell is heard from afar.|They have closed up the inn.|We had bread and a bit of tea.|The boat is tied to the pier.
I wrote it down in the book.|The ink is not dry as yet.|He said it will be all right.|She was the last one to go.
""".replace("\n", "|")
_CODE = """
function draw(list) { for (const item of list) { item.show(); } } The list has to be filled before it is drawn.|
if (this.ready) { this.draw(this.items); } else { this.wait(); } Whoever calls this twice has to wait for it.|
const state = { open: false, items: [] }; The state is kept by the page and not by the server that sent it.|
window.onload = () => { start(); }; It is called once by the browser when all of the page is there.|
export default { name: "list", data() { return { count: 0 }; } }; This is what the other files import from it.
"""
_PEOPLE = ("anna.berg", "j.okafor", "lucia_marin", "sven.halvorsen", "priya.n", "tomasz.zielony")
#: For networks without a name in the world (RFC 8375, ICANN 2024): nobody can be written to there.
_NETWORKS = ("mail.home.arpa", "desk.internal", "office.internal")
#: Public resolvers: addresses that are reachable, and nobody's private ones.
_PUBLIC = ("8.8.8.8", "1.1.1.1", "9.9.9.9", "208.67.222.222")
#: For documentation (RFC 5737): reachable from nowhere, and left in texts.
_DOCUMENTED = ("192.0.2.44", "198.51.100.7", "203.0.113.250")
#: Numbers that banks and card issuers give for tests.
_NUMBERS = ("card 4111 1111 1111 1111", "account GB82 WEST 1234 5698 7654 32", "card 5555 5555 5555 4444")


def block_hosts(supply: Supply, count: int) -> Iterator[Page]:
    """Good texts on blocked hosts."""
    for number in range(count):
        page = supply.take_web("en" if number % 2 else "de")
        host = f"{pick(('www', 'go', 'm'), page.url)}.{pick(BLOCKED, page.url)}"
        url = f"https://{host}/{page.url.split('/', 3)[3]}"
        yield page.but(url=url, defect="blocked host", outcome="removed", reasons=("url.excluded_domain",))


def write_unwanted(supply: Supply, count: int) -> Iterator[Page]:
    """Texts in languages that are not wanted."""
    for number in range(count):
        page = supply.mix(number, UNWANTED)
        yield page.but(defect="wrong language", outcome="removed", reasons=("language.wrong_language",))


def make_menus(supply: Supply, count: int) -> Iterator[Page]:
    """Pages that lead to others: half of them by links, half by the beginnings of sentences."""
    reasons = ("language.uncertain_language", "html.no_text", "gopher_*", "c4.too_few_sentences")
    for number in range(count):
        page = supply.take_web("en") if number % 2 else supply.take_web(OTHERS[0])
        sentences = page.text.replace("\n", " ").split(". ")
        teasers = tuple(" ".join(sentence.split()[:10]).rstrip(".!?:,") for sentence in sentences)
        url = f"https://portal.example/overview/{number}"
        page = page.but(url=url, lang="en", title="Overview", paragraphs=teasers if number % 2 else (), is_menu=True)
        yield page.but(defect="navigation only", outcome="removed", reasons=reasons)


def make_stubs(supply: Supply, count: int) -> Iterator[Page]:
    """Pages of one sentence or two."""
    for number in range(count):
        page = supply.mix(number)
        line = page.paragraphs[0].split(". ")[0].rstrip(".") + "."
        page = page.but(paragraphs=(" ".join(line.split()[:34]),))
        reasons = ("gopher_quality.too_few_words", "language.uncertain_language")  # some are too short to tell
        yield page.but(defect="a sentence or two", outcome="removed", reasons=reasons)


def add_lorem(supply: Supply, count: int) -> Iterator[Page]:
    """Texts with a placeholder that somebody forgot."""
    for _ in range(count):
        page = supply.take("en")
        page = page.but(paragraphs=(*page.paragraphs[:1], _LOREM, *page.paragraphs[1:]))
        yield page.but(defect="lorem ipsum", outcome="removed", reasons=("c4.lorem_ipsum",))


def repeat_sentences(supply: Supply, count: int) -> Iterator[Page]:
    """A paragraph over and over, or a sentence over and over in one."""
    for number in range(count):
        page = supply.mix(number)
        first = page.paragraphs[0]
        lines = (
            (first,) * 8 if number % 2 else (*page.paragraphs, " ".join([first.split(". ")[0].rstrip(".") + "."] * 12))
        )
        yield page.but(paragraphs=lines, defect="repetition", outcome="removed", reasons=("gopher_repetition.*",))


def add_hashtags(supply: Supply, count: int) -> Iterator[Page]:
    """Texts drowned in hashtags."""
    for _ in range(count):
        page = supply.take("en")
        lines = tuple(" ".join(f"#{w}" if i % 4 == 0 else w for i, w in enumerate(p.split())) for p in page.paragraphs)
        yield page.but(
            paragraphs=lines, defect="hashtags", outcome="removed", reasons=("gopher_quality.too_many_hashes",)
        )


def paste_code(supply: Supply, count: int) -> Iterator[Page]:
    """Texts with source code between the lines."""
    code = [" ".join(line.split()) for line in _CODE.split("|")]
    for number in range(count):
        page = supply.take("en")
        page = page.but(paragraphs=(*page.paragraphs, *code[number % 3 : number % 3 + 3]))
        yield page.but(defect="source code", outcome="removed", reasons=("c4.curly_bracket",))


def write_verses(supply: Supply, count: int) -> Iterator[Page]:
    """Lines too short for prose, though each is a sentence."""
    verses = [verse for verse in _VERSES.split("|") if verse]
    for number in range(count):
        page = supply.take_web("en")
        page = page.but(title=f"Verses, {number}", paragraphs=tuple(verses[number % 16 :] + verses[: number % 16]))
        lines = tuple(sorted(page.paragraphs, key=lambda verse: pick([str(n) for n in range(999)], number, verse)))
        page = page.but(paragraphs=lines)
        yield page.but(defect="short lines", outcome="removed", reasons=("fineweb.too_many_short_lines",))


def add_boilerplate(supply: Supply, count: int) -> Iterator[Page]:
    """Good texts in the middle of what every page of a site says, with a notice among the paragraphs."""
    for _ in range(count):
        page = supply.take_web("en")
        there = (page.paragraphs[0], page.paragraphs[-1])
        page = page.but(paragraphs=(*page.paragraphs[:1], NOTICE, *page.paragraphs[1:]), there=there)
        yield page.but(defect="boilerplate", outcome="edited", gone=(NOTICE, COOKIES["en"], FOOTER))


def add_private_data(supply: Supply, count: int) -> Iterator[Page]:
    """Good texts with made-up addresses and numbers; those reserved for documentation stay."""
    for number in range(count):
        page = supply.take("en")
        mail = f"{pick(_PEOPLE, page.url)}{number}@{pick(_NETWORKS, page.url, 'at')}"
        address, documented = pick(_PUBLIC, page.url), pick(_DOCUMENTED, page.url)
        kind, _, value = pick(_NUMBERS, page.url).partition(" ")
        line = (
            f"Questions go to {mail} or to the host {address}, never to {documented}, and the {kind} for donations is "
            f"{value} until the end of the year."
        )
        page = page.but(paragraphs=(*page.paragraphs, line), there=(documented, page.paragraphs[0]))
        yield page.but(defect="personal data", outcome="edited", gone=(mail, address, value))


def spoil_letters(supply: Supply, count: int) -> Iterator[Page]:
    """Texts whose UTF-8 somebody took for Windows-1252."""
    made = 0
    while made < count:
        page = supply.mix(made, OTHERS)
        try:
            lines = tuple(p.encode().decode("cp1252") for p in page.paragraphs)
        except UnicodeDecodeError:  # a byte that Windows-1252 has no character for
            continue
        spoiled = [(bad, good) for bad, good in zip(lines, page.paragraphs, strict=True) if bad != good]
        if spoiled:
            made += 1
            page = page.but(paragraphs=lines, gone=(spoiled[0][0],), there=(spoiled[0][1],))
            yield page.but(defect="mojibake", outcome="edited")
