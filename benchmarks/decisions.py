"""The four filters of FineWeb's rules: our decisions and datatrove's, document by document, and what each costs."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.conditions import Conditions
from benchmarks.corpus import TextSet
from benchmarks.figures import Figure, not_run
from benchmarks.gopher_kernel import per_pass
from benchmarks.peers import PeerMissing, find_python, run_script
from spark_llmdata.batch import Batch
from spark_llmdata.stage import RowStage
from spark_llmdata.stages.filter.c4 import C4
from spark_llmdata.stages.filter.fineweb import FineWeb
from spark_llmdata.stages.filter.gopher_quality import GopherQuality
from spark_llmdata.stages.filter.gopher_repetition import GopherRepetition

NAME = "rules"
TARGET = 99.9
SPEED_TARGETS = {"datatrove": 50, "uax29": 100}
#: Differences shown of each filter.
SHOWN = 20

#: datatrove's reasons in our words, by filter.
REASONS: Mapping[str, Mapping[str, str]] = {
    "gopher_quality": {
        "gopher_short_doc": "too_few_words",
        "gopher_long_doc": "too_many_words",
        "gopher_below_avg_threshold": "words_too_short",
        "gopher_above_avg_threshold": "words_too_long",
        "gopher_too_many_hashes": "too_many_hashes",
        "gopher_too_many_ellipsis": "too_many_ellipses",
        "gopher_too_many_bullets": "too_many_bullets",
        "gopher_too_many_end_ellipsis": "too_many_ellipsis_lines",
        "gopher_below_alpha_threshold": "too_few_alpha_words",
        "gopher_enough_stop_words": "too_few_stop_words",
    },
    "gopher_repetition": {
        "empty": "empty",
        "dup_para_frac": "too_many_dup_paragraphs",
        "dup_para_char_frac": "too_many_dup_paragraph_chars",
        "dup_line_frac": "too_many_dup_lines",
        "dup_line_char_frac": "too_many_dup_line_chars",
        **{f"top_{n}_gram": f"top_{n}_gram" for n in (2, 3, 4)},
        **{f"duplicated_{n}_n_grams": f"dup_{n}_grams" for n in range(5, 11)},
    },
    "c4": {name: name for name in ("lorem_ipsum", "curly_bracket", "too_few_sentences")},
    "fineweb": {
        "empty": "empty",
        "line_punct_ratio": "too_few_punctuated_lines",
        "short_line_ratio": "too_many_short_lines",
        "char_dup_ratio": "too_many_dup_line_chars",
        "list_ratio": "too_many_newlines",
    },
}


def stages(words: str) -> dict[str, RowStage]:
    """The four stages in datatrove's reading, on words by that rule."""
    return {
        "gopher_quality": GopherQuality.model_validate({"preset": "datatrove", "words": words}),
        "gopher_repetition": GopherRepetition.model_validate({"preset": "datatrove", "words": words}),
        "c4": C4.model_validate({"preset": "fineweb", "sentences": words}),
        "fineweb": FineWeb.model_validate({"preset": "datatrove", "words": words}),
    }


def measure(conditions: Conditions) -> list[Figure]:
    """Decisions of both sides on s5k, and MB of text per CPU-second of all four filters together."""
    texts = conditions.corpus.sets["s5k"]
    figures = []
    try:
        theirs = ask_peer(conditions.build, texts)
    except PeerMissing as missing:
        return [not_run(NAME, "decisions as datatrove's", str(missing), f"≥ {TARGET} %")]
    column = pa.chunked_array([batch.column(0) for batch in texts.batches()]).combine_chunks()
    for name, stage in stages("datatrove").items():
        figures.append(compare(name, stage, column, theirs["answers"][name]))
    peer_rate = theirs["bytes"] / 1e6 / sum(theirs["cpu_s"].values())
    figures.append(Figure(NAME, "datatrove's four filters", f"{peer_rate:.2f} MB of text a CPU-second"))
    for words, target in SPEED_TARGETS.items():
        rate = texts.megabytes / per_pass(lambda words=words: judge_all(words, texts)).cpu_s  # type: ignore[misc]
        result = f"{rate:,.0f} MB of text a CPU-second; {rate / peer_rate:,.0f} times"
        figures.append(Figure(NAME, f"ours, words {words}", result, f"≥ {target} times", rate / peer_rate >= target))
    return figures


def ask_peer(build: Path, texts: TextSet) -> dict[str, Any]:
    """What datatrove says of every document.

    Raises:
        PeerMissing: it is not installed.
    """
    said, _ = run_script(find_python("datatrove", build), "datatrove_filters.py", *map(str, texts.parquet))
    answers: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    return answers


def compare(name: str, stage: RowStage, texts: pa.Array, answers: Sequence[object]) -> Figure:
    """One line on a filter: kept by both, equal decisions; prints where they differ."""
    judgement = stage.judge(Batch({"text": texts}))
    reasons = [None if keep else reason for keep, reason in zip(judgement.keep, judgement.reason, strict=True)]  # type: ignore[arg-type]
    ours: list[object] = list(reasons)
    if judgement.text is not None:
        edited = zip(texts.to_pylist(), judgement.text.to_pylist(), judgement.keep, strict=True)
        hashes = [hashlib.sha256((after or before).encode()).hexdigest() for before, after, _ in edited]
        ours = [reason or text for reason, text in zip(reasons, hashes, strict=True)]
    theirs = [_in_our_words(name, answer) for answer in answers]
    kept = [reason is None for reason in reasons]
    kept_there = [answer not in REASONS[name].values() for answer in theirs]
    same = sum(a == b for a, b in zip(kept, kept_there, strict=True))
    different = [i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b]
    print(f"    {name}: {len(different)} answers differ")
    known = set(REASONS[name].values()) | {None}
    pairs = Counter(tuple(a if a in known else "text" for a in (ours[i], theirs[i])) for i in different)
    for (mine, other), times in pairs.most_common():
        print(f"      {times} times {mine} / {other}")
    for i in different[:SHOWN]:
        print(f"      document {i}: {ours[i]} / {theirs[i]}")
    share = 100 * same / len(kept)
    alike = 100 - 100 * len(different) / len(kept)
    what = f"{name}: kept {sum(kept):,} / {sum(kept_there):,}"
    result = f"{share:.2f} % the same decision, {alike:.2f} % the same reason or text"
    return Figure(NAME, what, result, f"≥ {TARGET} %", share >= TARGET and alike >= TARGET)


def _in_our_words(name: str, answer: object) -> object:
    return None if answer is True else REASONS[name].get(str(answer), answer)


def judge_all(words: str, texts: TextSet) -> None:
    """All four filters over all documents, each on all of them; words are found once for a text."""
    four = stages(words).values()
    for batch in texts.batches():
        docs = Batch({"text": batch.column(0)})
        for stage in four:
            stage.judge(docs)
