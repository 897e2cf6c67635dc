"""English prose that every Python carries: docstrings of the standard library, pydoc's topics, the license."""

from __future__ import annotations

import ast
import hashlib
import re
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from spark_llmdata.errors import EnvironmentProblem

#: Packages whose docstrings are about tests and tools, or not there with every Python.
_LEFT_OUT = {"test", "tests", "site-packages", "dist-packages", "idlelib", "lib2to3", "turtledemo", "pydoc_data"}

#: What code, markup, addresses and private data look like; paragraphs with it are no prose.
_NO_PROSE = re.compile(
    r"[{}<>|\\@~^\[\]]|::|//|--|\.\.|\d+\.\d+\.\d+|lorem|javascript|cookie|[=`_*\"]{2}", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"[.!?](?= |$)")
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*[.,;:!?]?")

MIN_WORDS, MIN_SENTENCES = 75, 5
#: The share of a paragraph's 4-word phrases that its article may have said before.
MAX_REPEATED = 0.04


@dataclass(frozen=True)
class Article:
    """A title and paragraphs of prose, each one line that ends a sentence."""

    title: str
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        """The paragraphs, a line each."""
        return "\n".join(self.paragraphs)


def collect_articles() -> list[Article]:
    """All articles that this Python's documentation gives, in an order that mixes its modules; always the same.

    No paragraph occurs twice, so none resembles another.

    Raises:
        EnvironmentProblem: this Python carries neither sources nor topics of documentation.
    """
    seen: set[str] = set()
    articles: list[Article] = []
    for title, texts in _chapters():
        articles += _compose(title, (p for text in texts for p in _paragraphs(text) if _is_new(p, seen)))
    if len(articles) < 100:
        raise EnvironmentProblem(
            f"this Python's documentation gives {len(articles)} articles, and a sample needs 100 or more; take a "
            f"Python with the sources of its standard library (looked in {_library()})"
        )
    return sorted(articles, key=lambda a: hashlib.sha256(a.text.encode()).digest())


def _library() -> Path:
    return Path(sysconfig.get_paths()["stdlib"])


def _chapters() -> Iterator[tuple[str, Iterable[str]]]:
    """A title and the texts under it, topic by topic, then module by module."""
    for name, text in sorted(_topics().items()):
        yield f"Language reference: {name}", [text]
    library = _library()
    license_text = library / "LICENSE.txt"
    if license_text.is_file():
        yield "License", [license_text.read_text("utf-8", "replace")]
    for file in sorted(library.rglob("*.py"), key=lambda f: f.relative_to(library).as_posix()):
        parts = file.relative_to(library).with_suffix("").parts
        if not _LEFT_OUT.intersection(parts) and not parts[0].startswith("config-"):
            yield f"Module {'.'.join(p for p in parts if p != '__init__')}", _docstrings(file)


def _topics() -> Mapping[str, str]:
    try:
        from pydoc_data.topics import topics
    except ImportError:  # some systems ship it in a package of its own
        return {}
    return topics


def _docstrings(file: Path) -> list[str]:
    source = file.read_bytes()
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # a file that a module keeps for another version, say
        return []
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in _walk_statements(tree) if isinstance(node, documented)]
    return [text for node in nodes if (text := ast.get_docstring(node))]


def _walk_statements(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all statements below it, in the order of the source; expressions hold no definitions."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.stmt, ast.excepthandler, ast.match_case)):
            yield from _walk_statements(child)


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs of whole sentences, each on one line, without the marks of reStructuredText."""
    for block in re.split(r"\n[ \t]*\n", text):
        words = re.sub(r"[`*]+", "", block).split()
        line = " ".join(words)
        if 10 <= len(words) <= 150 and line[0].isupper() and line[-1] in ".!?" and not _NO_PROSE.search(line):
            plain = sum(_WORD.fullmatch(word) is not None for word in words)
            if plain >= 0.85 * len(words):
                yield line


def _is_new(paragraph: str, seen: set[str]) -> bool:
    key = paragraph.lower()
    if key in seen:
        return False
    seen.add(key)
    return True


def _compose(title: str, paragraphs: Iterable[str]) -> Iterator[Article]:
    """Articles of consecutive paragraphs; what is left at the end goes to the last, or is too little for one."""
    made: list[list[str]] = []
    waiting: list[str] = []
    for paragraph in paragraphs:
        if not _is_fresh(paragraph, waiting or (made[-1] if made else [])):
            continue
        waiting.append(paragraph)
        text = " ".join(waiting)
        if len(text.split()) >= MIN_WORDS and len(_SENTENCE_END.findall(text)) >= MIN_SENTENCES:
            made.append(waiting)
            waiting = []
    if made:
        made[-1] += waiting
    for number, lines in enumerate(made, 1):
        yield Article(title if len(made) == 1 else f"{title}, part {number}", tuple(lines))


def _is_fresh(paragraph: str, article: Iterable[str]) -> bool:
    """Whether it says little in the words of the article: docstrings of neighbors do, and that would be repetition."""
    said = {phrase for other in article for phrase in _phrases(other)}
    phrases = _phrases(paragraph)
    repeated = sum(phrase in said for phrase in phrases) + len(phrases) - len(set(phrases))
    return repeated <= MAX_REPEATED * len(phrases)


def _phrases(text: str) -> list[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return [tuple(words[i : i + 4]) for i in range(len(words) - 3)]
