"""A user's list of words: spelled out in a recipe, or one a line in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator


def read(given: Any) -> Any:
    """The words of a file (UTF-8, one a line, blank lines left out) where a path is given; else what is given.

    The words themselves become the setting, so that the same words are used wherever and whenever a run is repeated.

    Raises:
        ValueError: the file cannot be read.
    """
    if not isinstance(given, str):
        return given
    try:
        text = Path(given).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"cannot read the words of {given!r}: {error}; expected a file in UTF-8 with one word a line, or the words"
        ) from error
    return tuple(word for line in text.splitlines() if (word := line.strip()))


#: Words, given as such or as the path of a file.
WordList = Annotated[tuple[str, ...], BeforeValidator(read)]
