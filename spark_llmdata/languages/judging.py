"""Judging each document of a batch by the settings of its language."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from spark_llmdata.batch import Batch
from spark_llmdata.languages.stage import LanguageStage
from spark_llmdata.stage import RowStage
from spark_llmdata.verdict import Judgement, concat

How = Callable[[RowStage, Batch], Judgement]


def judge_by_language(stage: RowStage, docs: Batch, how: How) -> Judgement:
    """Judge a batch by `how`, which is given the stage with the settings of a language and the documents in it.

    Documents of a language of which the stage knows nothing are kept without scores. A stage without settings by
    language, and a batch all in one language, are judged as they are.
    """
    if not isinstance(stage, LanguageStage) or "lang" not in docs:
        return how(stage, docs)
    rows_of = rows_by_label(docs)
    groups: dict[int, tuple[LanguageStage | None, list[str | None]]] = {}
    for label in rows_of:
        variant = stage.variant(label)
        groups.setdefault(id(variant), (variant, []))[1].append(label)
    found = list(groups.values())
    if not found:
        return how(stage, docs)
    if len(found) == 1 and found[0][0] is not None:
        return how(found[0][0], docs)
    rest = Judgement.keep_all(len(docs))
    parts, where = [rest], np.arange(len(docs))  # which row of all parts, one behind the other, is a document's
    behind = len(docs)
    for variant, names in found:
        if variant is None:
            continue
        rows = np.sort(np.concatenate([rows_of[name] for name in names]))
        rows, part = docs.part(tuple(names), rows)
        parts.append(how(variant, part))
        where[rows] = behind + np.arange(len(rows))
        behind += len(rows)
    return concat(parts).take(where)


def rows_by_label(docs: Batch) -> dict[str | None, npt.NDArray[np.int64]]:
    """The rows alive, by what stands in `lang`, labels in alphabetical order and null last."""
    coded = docs.raw("lang").dictionary_encode()
    labels = [*coded.dictionary.to_pylist(), None]
    codes = np.asarray(coded.indices.fill_null(len(labels) - 1), dtype=np.int64)
    alive = np.flatnonzero(docs.alive)
    found = {labels[code]: alive[codes[alive] == code] for code in np.unique(codes[alive])}
    return dict(sorted(found.items(), key=lambda item: (item[0] is None, item[0] or "")))
