"""Inference with supervised fastText models (Joulin et al. 2016, arXiv 1607.01759), such as those for languages."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import pyarrow as pa

from spark_llmdata._native import FastText
from spark_llmdata.errors import EnvironmentProblem, UsageError

__all__ = ["FastText", "load", "predict", "predict_lines", "sha256"]

#: Raised by whoever changes labels or probabilities of the same text.
REVISION = 1


def load(path: str | Path) -> FastText:
    """Open a model file, `.bin` or `.ftz`, once per process: who asks again for the same file gets the same model.

    `labels` are its labels in the order of the file, `dim` the length of its vectors. Floats stay in the file, which is
    mapped: the processes of a machine share them, and the file must not be written to meanwhile.

    Raises:
        EnvironmentProblem: there is no such file on this machine, or it cannot be read.
        UsageError: the file is no supervised fastText model, or is damaged.
    """
    try:
        file = Path(path).resolve(strict=True)
        facts = file.stat()
    except OSError as failure:
        raise EnvironmentProblem(
            f"the fastText model {path} cannot be read here ({failure.strerror}); it has to be at this path on every "
            "machine that judges"
        ) from failure
    return _open(str(file), facts.st_size, facts.st_mtime_ns)


@functools.lru_cache(maxsize=4)
def _open(path: str, size: int, modified_ns: int) -> FastText:
    try:
        data = pa.memory_map(path).read_buffer() if size else pa.py_buffer(b"")
    except OSError as failure:
        raise EnvironmentProblem(f"the fastText model {path} cannot be read: {failure}") from failure
    try:
        return FastText(pa.Array.from_buffers(pa.uint8(), data.size, [None, data]))
    except ValueError as failure:
        raise UsageError(f"{path}: {failure}") from failure


def sha256(path: str | Path) -> str:
    """The SHA-256 of a model file, as hex digits; computed once per process for the same file."""
    file = Path(path).resolve(strict=True)
    facts = file.stat()
    return _digest(file, facts.st_size, facts.st_mtime_ns)


@functools.lru_cache(maxsize=16)
def _digest(file: Path, size: int, modified_ns: int) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as handle:
        while piece := handle.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def predict(
    model: FastText, text: pa.Array, k: int = 1, *, max_chars: int | None = None, join_lines: bool = False
) -> pa.RecordBatch:
    """Find the `k` most probable labels of each text, taken as one line.

    One row per row of `text`: `label_1` (string, as the model has it), `probability_1` (double, at most 1 + 1e-5) and
    so on up to `k`, the best first; null where the text is null, or fewer labels have 1e-5. Only the first `max_chars`
    code points are read. Line feeds part words; with `join_lines` they are left out as if they were not there.

    Raises:
        ValueError: the text is no text, or the model gives no numbers.
    """
    return pa.record_batch(model.predict(text, k, max_chars, join_lines))


def predict_lines(model: FastText, text: pa.Array, *, max_chars: int | None = None) -> pa.RecordBatch:
    """Find the most probable label of each line, and say which has most of the text.

    A line that is not blank counts for its label with its code points, without white space around it. One row per row
    of `text`, null where it is null or no line has a label:

    * `label`: the one with the largest sum of code points times probability;
    * `probability`: that sum over all code points; `second_probability`: the same of the next label, 0 without one;
    * `share`: code points of lines with the label over all.

    Raises:
        ValueError: the text is no text, or the model gives no numbers.
    """
    return pa.record_batch(model.predict_lines(text, max_chars))
