"""Texts in one Unicode form, without characters that no reader sees, and with wrongly decoded ones mended."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator

from spark_llmdata import extras
from spark_llmdata.batch import Batch
from spark_llmdata.bounds import Ratio
from spark_llmdata.kernels import unicode
from spark_llmdata.kernels.changes import Change, chain, compare_words, replace_rows
from spark_llmdata.spans import Span, mark_pattern
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import Judgement, Rule

_CURLED = "[‘’‚‛“”„‟]"
#: What ftfy makes straight in a text: each is one character, and becomes one.
_STRAIGHTENED = re.compile("[\u02bc\u2018-\u201f]")


class CleanUnicode(RowStage):
    """Mend texts that were decoded wrongly, take out invisible characters, and bring the rest to one form.

    In this order: line by line, what UTF-8 became when it was read as something else (`Ã©`) becomes what it was, by the
    library ftfy; line ends become line feeds, control and other invisible characters go; the Unicode form.
    An edit is a line mended, a character removed, a line end replaced, a run of line feeds shortened, or the change of
    form. A text of which nothing is left stays, as an empty one.
    """

    kind = "clean.unicode"
    revision = 2
    kernels = (unicode,)
    edits = frozenset({"text"})
    reasons: ClassVar[Mapping[str, str]] = {
        "too_many_replacements": "more than `max_replacement_ratio` of the characters are U+FFFD, which stands for "
        "bytes that could not be decoded"
    }
    scores: ClassVar[Mapping[str, str]] = {
        "n_replacements": "characters U+FFFD in the result",
        "replacement_ratio": "share of them in all characters",
        "n_mended_lines": "lines that were decoded wrongly and are mended",
    }
    retunable = frozenset({"max_replacement_ratio"})
    changes: ClassVar[Mapping[str, str]] = {
        "mojibake": "what was decoded wrongly",
        "quote": "a curled quotation mark",
        "line_end": "a line end that is no line feed",
        "control": "a control character, a noncharacter, deprecated formatting, a mark of annotation",
        "zero_width": "a character without width",
        "bidi": "a mark of the writing direction",
        "private_use": "a character of a private use area",
        "newlines": "line feeds above `max_newlines`",
        "form": "characters that have another Unicode form",
    }

    form: Literal["nfc", "nfkc", "none"] = Field(
        default="nfc", description="Unicode form; nfkc also makes `ﬁ` to `fi` and `①` to `1`"
    )
    mojibake: bool = Field(default=True, description="mend wrongly decoded lines (extra `unicode`)")
    uncurl_quotes: bool = Field(default=False, description="make curled quotation marks straight (extra `unicode`)")
    line_ends: bool = Field(default=True, description="make CR LF, CR, VT, FF, NEL, LS and PS line feeds")
    keep_controls: str = Field(default="\t", description="control characters that stay beside the line feed")
    zero_width: bool = Field(
        default=True, description="remove soft hyphens, zero-width spaces and word joiners; ZWJ and ZWNJ stay"
    )
    bidi: bool = Field(default=True, description="remove marks and overrides of the writing direction")
    private_use: bool = Field(default=True, description="remove characters that mean something in one font only")
    max_newlines: int | None = Field(default=None, ge=1, description="line feeds in a row; null: any number")
    max_replacement_ratio: Ratio | None = Field(default=None, description="share of U+FFFD; null: any")

    @field_validator("keep_controls")
    @classmethod
    def _check_controls(cls, value: str) -> str:
        wrong = [c for c in value if not (ord(c) < 32 or 127 <= ord(c) < 160)]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no control character; expected some of C0, DEL and C1, such as '\\t\\f'")
        return value

    def fingerprint(self) -> dict[str, Any]:
        facts = super().fingerprint()
        if self.mojibake or self.uncurl_quotes:
            facts["libraries"] = {"ftfy": extras.version("ftfy", needed_by=f"{self.name} (mojibake, uncurl_quotes)")}
        return facts

    def judge(self, docs: Batch) -> Judgement:
        """Let ftfy see the texts that could need it, and the kernel all."""
        text = docs.text
        mended = np.zeros(len(docs), dtype=np.int64)
        places: dict[int, list[Change]] = {}
        if self.mojibake:
            text, mended = self._mend(text, places)
        if self.uncurl_quotes:
            text = self._uncurl(text, places)
        options = ("form", "keep_controls", "line_ends", "zero_width", "bidi", "private_use", "max_newlines")
        found = unicode.clean(text, **{name: getattr(self, name) for name in options})
        cleaned = pc.coalesce(found.column("text"), text)
        changed = pc.fill_null(pc.not_equal(cleaned, docs.text), False)
        edits = np.asarray(pc.fill_null(found.column("n_edits"), 0)) + mended
        # Curled quotes alone were made straight.
        edits = np.where(np.asarray(changed), np.maximum(edits, 1), 0)
        replacements = found.column("n_replacement")
        chars = pc.max_element_wise(found.column("n_chars"), 1)
        ratio = pc.divide(replacements.cast(pa.float64()), chars.cast(pa.float64()))
        lines = pc.if_else(docs.text.is_valid(), pa.array(mended), None)
        measured = {"n_replacements": replacements, "replacement_ratio": ratio, "n_mended_lines": lines}
        judgement = self.decide_on(docs, measured)
        judgement.text = pc.if_else(changed, cleaned, None)
        judgement.edits = edits
        judgement.changes = self._list_changes(found.column("changes"), places)
        return judgement

    def list_rules(self, docs: Batch) -> dict[str, Rule]:
        bound = math.inf if self.max_replacement_ratio is None else self.max_replacement_ratio
        return {"too_many_replacements": (self.own_scores(docs)["replacement_ratio"], ">", bound)}

    def find_spans(self, docs: Batch, reason: str) -> list[Span]:
        """The replacement characters, in the text as it came."""
        return mark_pattern(docs.text[0].as_py(), "replacement", "\ufffd+")

    def _mend(
        self, text: pa.Array, places: dict[int, list[Change]]
    ) -> tuple[pa.Array, np.ndarray[Any, np.dtype[np.int64]]]:
        """The texts with wrongly decoded lines mended, and how many lines each has of them."""
        ftfy = extras.require("ftfy", extra="unicode", needed_by=f"{self.name} (mojibake)")
        counts = np.zeros(len(text), dtype=np.int64)
        suspects = unicode.suspect_mojibake(text)
        mended = []
        for i, given in zip(np.flatnonzero(np.asarray(suspects)), text.filter(suspects).to_pylist(), strict=True):
            lines = _lines(given)
            better = [_better(line, ftfy.fix_encoding) for line in lines]
            mended.append("".join(better))
            begin = 0
            for line, other in zip(lines, better, strict=True):
                if line != other:
                    counts[i] += 1
                    places.setdefault(int(i), []).extend(compare_words(line, other, "mojibake", begin))
                begin += len(line.encode())
        return pc.replace_with_mask(text, suspects, pa.array(mended, text.type)), counts

    def _uncurl(self, text: pa.Array, places: dict[int, list[Change]]) -> pa.Array:
        """The texts with straight quotation marks."""
        fixes = extras.require("ftfy.fixes", extra="unicode", needed_by=f"{self.name} (uncurl_quotes)")
        curled = pc.fill_null(pc.match_substring_regex(text, pattern=_CURLED), False)
        straight = []
        for i, given in zip(np.flatnonzero(np.asarray(curled)), text.filter(curled).to_pylist(), strict=True):
            straight.append(fixes.uncurl_quotes(given))
            places[int(i)] = chain(places.get(int(i), []), _find_quotes(given))
        return pc.replace_with_mask(text, curled, pa.array(straight, text.type))

    @staticmethod
    def _list_changes(cleaned: pa.Array, places: Mapping[int, list[Change]]) -> pa.Array:
        """The kernel's changes, behind those that ftfy made in some rows."""
        rows = sorted(places)
        given = cleaned.take(pa.array(rows, pa.int64())).to_pylist()
        later = [[Change(**change) for change in row or ()] for row in given]
        both = [chain(places[row], more) for row, more in zip(rows, later, strict=True)]
        return replace_rows(cleaned, rows, both)


def _find_quotes(text: str) -> list[Change]:
    """Where curled quotation marks become straight."""
    found, at, begin = [], 0, 0
    for match in _STRAIGHTENED.finditer(text):
        begin += len(text[at : match.start()].encode())
        at = match.start()
        found.append(Change("quote", begin, begin + len(match[0].encode()), 1))
    return found


def _better(line: str, mend: Callable[[str], str]) -> str:
    """The line mended; NEL by itself is the end of a line, and no ellipsis of Windows."""
    if line.isascii():
        return line
    mended = mend(line)
    return line if mended == line.replace("\x85", "…") else mended


def _lines(text: str) -> list[str]:
    """The lines with their line feeds, which alone end a line: ftfy looks at what follows a character."""
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + parts[-1:]
