"""Write a small input of our own making: a crawl in WARC and notes in JSON lines, with known defects planted.

`python jobs/demo_input.py FOLDER` needs the standard library only and writes the same bytes every time.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import sys
import uuid
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

DATE = "2024-03-01T12:00:00Z"
HTTP_DATE = "Fri, 01 Mar 2024 12:00:00 GMT"

#: A topic: where it plays, who works there, what they work on, what they make of it.
TOPICS = {
    "harbor": ("the old harbor", "pilots", "wooden boats", "a safe passage"),
    "bakery": ("the corner bakery", "bakers", "rye dough", "an even crumb"),
    "library": ("the town library", "librarians", "worn bindings", "a complete shelf"),
    "orchard": ("the hillside orchard", "growers", "pear trees", "a generous harvest"),
    "observatory": ("the small observatory", "astronomers", "long exposures", "a faint spectrum"),
    "workshop": ("the bicycle workshop", "mechanics", "bent wheels", "a quiet ride"),
    "choir": ("the village choir", "singers", "difficult harmonies", "a clear chord"),
    "lighthouse": ("the northern lighthouse", "keepers", "heavy lenses", "a steady beam"),
    "market": ("the weekly market", "traders", "fresh vegetables", "a fair price"),
    "railway": ("the branch railway", "drivers", "narrow curves", "a punctual arrival"),
    "garden": ("the walled garden", "gardeners", "tender seedlings", "a long flowering"),
    "theater": ("the puppet theater", "carvers", "limewood faces", "a convincing gesture"),
}
PEOPLE = "Ada Berit Carlo Dimitra Edwin Farida Søren Hanneke Ismael Jolanta Kofi Ludmila Marek Renée Oswald".split()
SEASONS = ("early spring", "a dry summer", "late autumn", "the first frost", "a mild winter", "the rainy season")
QUALITIES = "patient careful stubborn cheerful thorough modest practical curious reliable attentive".split()
SPANS = ("three weeks", "almost a year", "two decades", "a single afternoon", "many evenings", "half a lifetime")

#: Each is used at most once in a text, so that no text repeats itself.
SENTENCES = """
Visitors who come to {place} in {season} are often surprised by how much of the work is done by hand.
The {people} begin before sunrise, because {things} have to be looked at while the light is still low.
{person} has been with them for {span} and still remembers the day on which everything went wrong.
What matters most, according to {person}, is to have a {quality} eye and to leave enough time for mistakes.
Nobody at {place} believes that {goal} can be had by hurrying.
A notebook with a green cover lies beside the door, and every change is written down in it with the date.
Older {people} teach the younger ones by letting them watch, then by letting them try, and only then by talking.
During {season} the number of helpers doubles, and the kitchen behind {place} is busy from morning to night.
It took {span} to find out that the trouble did not come from {things} at all but from the water.
The council offered money for a new roof, with the condition that {place} stays open to everyone.
Most of the tools were made by {person}, who could not find anything suitable in the shops of the capital.
There is a rule that {things} are never touched twice on the same day, and it has rarely been broken.
Some of the {people} have another job as well and arrive late in the evening, tired but {quality}.
When {person} speaks about {goal}, the others put down what they are holding and listen.
The first attempt failed, the second was hardly better, and the third is what people come to see today.
A {quality} neighbor keeps the accounts and sends a short report to all members at the end of {season}.
Records from earlier years show that the cost of {things} has risen faster than the income from tickets.
Because {place} stands close to the river, the cellar is flooded about once in every ten years.
{person} keeps a list of questions that nobody has been able to answer, and it grows longer with each visit.
Children are welcome on Saturdays, when the {people} show them how to begin and what to avoid.
The difference between a good result and {goal}, they say, is usually one more hour of {quality} work.
Last year a group from the coast came for {span} and went home with new ideas about {things}.
It would be easy to replace the old method by a machine, but the result would not be {goal}.
In the back room hangs a photograph of the founders, with {person} standing at the far left.
The weather decides more than anyone would like, and {season} is feared by even the most {quality} of them.
Two letters a week arrive with requests for advice, and each of them is answered by one of the {people}.
For {span} there was no heating, so that everybody worked in coats and drank tea without a pause.
A short course is planned for {season}, in which {person} will explain how {things} are chosen.
Not everything has to be perfect, and the {people} like to show the pieces that went wrong.
The oldest part of {place} was built from stones that had served as ballast in sailing ships.
Whoever stays until the end of the day may help to sweep the floor and to lock the heavy gate.
What began as a hobby of {person} has become the reason for which travelers leave the main road.
They have learned to wait, for {goal} depends on things that no plan can foresee.
An engineer measured the temperature in every corner and found that the {people} had been right all along.
The shelves are full of jars and boxes whose labels only {person} is able to read.
Whenever {things} are delivered, work stops and the whole crew forms a line across the yard.
It is a {quality} kind of pride that one meets here, and it is shared by the people of the whole district.
After {season} the accounts are settled, the windows are cleaned, and the next cycle is discussed at length.
A visitor once asked why nobody simply buys {things}, and the answer filled the rest of the afternoon.
The path from the station takes twenty minutes and is marked with small signs that {person} has painted.
If the plans are approved, {place} will have a second room with tall windows before the end of the year.
Experience shows that {span} of practice are needed before {goal} becomes more than luck.
""".strip().splitlines()

SHORT = "Nothing has been posted here yet. {person} will write about {place} when {season} is over."
ITEMS = "bring {things} before {season} and ask {person} for the {quality} way of doing it"
TAGS = "#{word} from {place} with #{person} and the #{people}, one #{quality} look at {things} and #{word} again"


def pick(options: Sequence[str], *key: object) -> str:
    """One of the options, always the same for the same key and with every version of Python."""
    return options[int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:8], "big") % len(options)]


def fill(template: str, topic: str, *key: object) -> str:
    """The template with words of the topic; the key decides about the rest."""
    place, people, things, goal = TOPICS[topic]
    free = {"person": PEOPLE, "season": SEASONS, "quality": QUALITIES, "span": SPANS}
    chosen = {name: pick(options, name, template, *key) for name, options in free.items()}
    text = template.format(place=place, people=people, things=things, goal=goal, word=topic, **chosen)
    return text[0].upper() + text[1:]


def write_prose(topic: str, number: int) -> list[str]:
    """Paragraphs of 120 to 400 words in all, each sentence used once."""
    order = sorted(SENTENCES, key=lambda s: hashlib.sha256(f"{topic} {number} {s}".encode()).digest())
    sentences = [fill(s, topic, number) for s in order[: 9 + (number * 7) % 11]]
    return [" ".join(sentences[i : i + 4]) for i in range(0, len(sentences), 4)]


@dataclass(frozen=True)
class Page:
    """A page of the made-up site: where it stands and what its article says."""

    url: str
    title: str
    paragraphs: list[str]
    charset: str = "utf-8"

    def render(self) -> bytes:
        """The page's HTML with the navigation, the sidebar and the footer that every page of its site has."""
        site = self.url.split("/")[2]
        links = "".join(f'<li><a href="https://{site}/{name}">{name.title()}</a></li>' for name in TOPICS)
        body = "\n".join(f"<p>{html.escape(p, quote=False)}</p>" for p in self.paragraphs).replace("\n•", "<br>\n•")
        return (
            f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="{self.charset}"><title>{self.title}</title>'
            f"<style>nav {{ float: left }}</style></head>\n<body>\n"
            f'<header class="site-header"><a href="/">{site}</a><form><input name="q"></form></header>\n'
            f'<nav class="menu"><ul>{links}</ul></nav>\n'
            f"<main><article>\n<h1>{self.title}</h1>\n{body}\n</article></main>\n"
            f'<aside class="sidebar"><h2>Most read</h2><ul>{links}</ul></aside>\n'
            f'<footer class="footer">© {site} <a href="/imprint">Imprint</a> <a href="/cookies">Cookies</a></footer>\n'
            f"<script>track('{site}')</script>\n</body>\n</html>\n"
        ).encode(self.charset)


def title_of(topic: str, number: int) -> str:
    """A heading for the article."""
    return f"{pick(QUALITIES, 'title', topic, number).title()} work at {TOPICS[topic][0]}, part {number}"


def make_pages() -> dict[str, list[Page]]:
    """All pages by what is wrong with them; every sixth good one is in Latin-1."""
    topics = list(TOPICS)
    site = "https://bulletin.example"

    def make(kind: str, count: int, write: Callable[[str, int], list[str]]) -> list[Page]:
        named = [(topics[n % len(topics)], n) for n in range(1, count + 1)]
        return [Page(f"{site}/{kind}/{n}", title_of(topic, n), write(topic, n)) for topic, n in named]

    good = make("article", 35, write_prose)
    good = [Page(p.url, p.title, p.paragraphs, "iso-8859-1" if i % 6 == 5 else "utf-8") for i, p in enumerate(good)]
    return {
        "good": good,
        "short": make("short", 8, lambda topic, n: [fill(SHORT, topic, n)]),
        "bullets": make("list", 5, lambda topic, n: ["\n".join(f"• {fill(ITEMS, topic, n, i)}" for i in range(30))]),
        "symbols": make("tags", 4, lambda topic, n: [fill(TAGS, topic, n, i) for i in range(10)]),
        "copies": [Page(p.url.replace("bulletin", "mirror"), p.title, p.paragraphs) for p in good[:30:5]],
    }


def digest(data: bytes) -> str:
    """A digest as WARC writes it."""
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def compress(data: bytes) -> bytes:
    """One gzip member, without a time or a name in its head."""
    packer = zlib.compressobj(level=9, wbits=31)
    return packer.compress(data) + packer.flush()


def make_record(kind: str, uri: str, content_type: str, block: bytes, **fields: str) -> bytes:
    """A WARC record as a gzip member of its own. Underscores in field names stand for hyphens."""
    name = f"{kind} {uri}"
    head = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}>",
        "WARC-Date": DATE,
        **({"WARC-Target-URI": uri} if kind != "warcinfo" else {}),
        **{field.replace("_", "-"): value for field, value in fields.items()},
        "WARC-Block-Digest": digest(block),
        "Content-Type": content_type,
        "Content-Length": str(len(block)),
    }
    lines = ["WARC/1.1", *(f"{field}: {value}" for field, value in head.items()), "", ""]
    return compress("\r\n".join(lines).encode() + block + b"\r\n\r\n")


def make_request(url: str) -> bytes:
    """What the crawler asked."""
    _, _, host, path = url.split("/", 3)
    block = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: demo\r\nAccept: */*\r\n\r\n".encode()
    return make_record("request", url, "application/http; msgtype=request", block)


def make_response(url: str, content_type: str, body: bytes, kind: str = "response", **fields: str) -> bytes:
    """What the server answered; a revisit is an answer without its body."""
    head = (
        f"HTTP/1.1 200 OK\r\nDate: {HTTP_DATE}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    block = head.encode() + (body if kind == "response" else b"")
    return make_record(
        kind, url, "application/http; msgtype=response", block, WARC_Payload_Digest=digest(body), **fields
    )


def make_crawl(pages: dict[str, list[Page]]) -> bytes:
    """The pages in an order that mixes good and bad, with the records that a crawl has besides."""
    mixed = sorted(
        (p for group in pages.values() for p in group), key=lambda p: hashlib.sha256(p.url.encode()).digest()
    )
    members = [make_record("warcinfo", "pages.warc.gz", "application/warc-fields", b"software: demo_input\r\n")]
    for page in mixed:
        members.append(make_request(page.url))
        members.append(make_response(page.url, f"text/html; charset={page.charset}", page.render()))
    first = pages["good"][0]
    picture = "https://bulletin.example/logo.png"
    members += [
        make_response(
            first.url,
            "text/html; charset=utf-8",
            first.render(),
            kind="revisit",
            WARC_Profile="http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
            WARC_Refers_To_Target_URI=first.url,
            WARC_Refers_To_Date=DATE,
        ),
        make_record("metadata", first.url, "application/warc-fields", b"fetchTimeMs: 42\r\n"),
        make_response(picture, "image/png", b"\x89PNG\r\n\x1a\n" + bytes(64)),
        make_response(first.url, f"text/html; charset={first.charset}", first.render()),
    ]
    return b"".join(members)


def make_notes() -> bytes:
    """Lines of JSON with a column `section` that no reader knows; two broken ones, and one text under two ids."""
    topics = list(TOPICS)
    lines = []
    for n in range(1, 32):
        topic = topics[n % len(topics)]
        text = "\n\n".join(write_prose(topic, 100 + n))
        note = {"id": f"note-{n}", "url": f"https://notes.example/{n}", "text": text, "lang": "en", "section": topic}
        lines.append(json.dumps(note, ensure_ascii=False))
    twin = json.loads(lines[-1]) | {"id": "note-31-again", "url": "https://notes.example/31/again"}
    lines.append(json.dumps(twin, ensure_ascii=False))
    lines.insert(10, '{"id": "note-broken-1", "text": "cut off in the mid')
    lines.insert(20, "this line is no JSON at all")
    return compress("".join(f"{line}\n" for line in lines).encode())


def write_input(folder: Path) -> list[tuple[str, str, int, str]]:
    """Write the three files; return what was planted: file, what, how many records, what becomes of them."""
    pages = make_pages()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pages.warc.gz").write_bytes(make_crawl(pages))
    (folder / "notes.jsonl.gz").write_bytes(make_notes())
    (folder / "README.txt").write_text("Made by jobs/demo_input.py. No reader knows this kind of file.\n")
    crawl, notes = "pages.warc.gz", "notes.jsonl.gz"
    count = {kind: len(group) for kind, group in pages.items()}
    return [
        (crawl, "good pages", count["good"], "kept"),
        (crawl, "pages of a few words", count["short"], "removed: too few words"),
        (crawl, "pages of bullets", count["bullets"], "removed: too many bullet lines"),
        (crawl, "pages of hash signs", count["symbols"], "removed: too many symbols"),
        (crawl, "copies under another url", count["copies"], "one of each text kept"),
        (crawl, "records that stand there twice", 1, "removed: duplicate record"),
        (crawl, "pictures", 1, "no document"),
        (crawl, "revisits", 1, "no document"),
        (crawl, "metadata", 1, "no document"),
        (crawl, "warcinfo", 1, "no document"),
        (crawl, "requests", sum(count.values()), "no document"),
        (notes, "good notes", 30, "kept"),
        (notes, "notes with one text, two ids", 2, "one of them kept"),
        (notes, "broken lines", 2, "rejected: no JSON"),
        ("README.txt", "a file of no known kind", 1, "skipped and listed"),
    ]


def main(arguments: Sequence[str]) -> int:
    """Write the input into the folder named and print what was planted."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("Usage: python jobs/demo_input.py FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    planted = write_input(folder)
    print(f"Planted in {folder}:")
    for file, what, number, fate in planted:
        print(f"  {file:<15} {what:<31} {number:>3}  {fate}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
