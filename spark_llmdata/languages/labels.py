"""Labels of languages: `fr`, `fra`, `fra_Latn`, `fr-CA` and `FR` mean the same one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources

import yaml

from spark_llmdata.languages import files

#: Raised by whoever changes which language a label means, `names.yaml` included.
REVISION = 1

#: Labels that say no language: none was recognized.
UNKNOWN = frozenset({"", "und"})


def canonical(label: str) -> str:
    """The name under which settings of a language are kept: its ISO 639-1 code where it has one.

    The script is part of it (`sr-Latn`) where it is none that the language is known to be written in here; region and
    variants are not.
    """
    language, script = _parse(label)
    known = _table()[1].get(language)
    return language if script is None or (known and script in known) else f"{language}-{script}"


def is_unknown(label: str) -> bool:
    """Whether a label says that no language was recognized, in whatever script."""
    return _parse(label)[0] in UNKNOWN


def resolve(label: str, known: Iterable[str]) -> str | None:
    """Which of the `known` canonical names a label means; None if none.

    A name without a script stands for every script, unless it is known which ones the language is written in.
    """
    language, script = _parse(label)
    names = set(known)
    exact = canonical(label)
    if exact in names:
        return exact
    return language if language in names and not (script and _table()[1].get(language)) else None


def _parse(label: str) -> tuple[str, str | None]:
    """Language in lower case, by its shortest code, and script as in ISO 15924."""
    language, *rest = re.split(r"[-_]", label.strip().removeprefix("__label__"))  # as fastText's models write it
    script = next((part.title() for part in rest if len(part) == 4 and part.isalpha()), None)
    return _table()[0].get(language.lower(), language.lower()), script


@cache
def _table() -> tuple[dict[str, str], dict[str, frozenset[str]]]:
    """The shortest code by every code of a language, and by that one the scripts, where they are told."""
    shortest, scripts = {}, {}
    file = resources.files("spark_llmdata.languages") / "names.yaml"
    for code, facts in yaml.load(file.read_text("utf-8"), files.LOADER).items():
        shortest.update(dict.fromkeys([code, *facts["names"]], code))
        if "scripts" in facts:
            scripts[code] = frozenset(facts["scripts"])
    return shortest, scripts
