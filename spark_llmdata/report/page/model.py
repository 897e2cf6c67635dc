"""What a report tells: facts and short texts only, so that the page never asks the store again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

#: What became of a piece of text: as it is, what counted against the document, taken out, put in, hidden personal data.
PieceKind = Literal["plain", "condemned", "removed", "added", "private", "cut"]


@dataclass(frozen=True)
class Piece:
    """A stretch of a document's text; of kind `cut`, `text` says what was left out ("1,204 characters")."""

    kind: PieceKind
    text: str


@dataclass(frozen=True)
class Example:
    """A document that stands for others: what is known of it and an excerpt, never all of a long text."""

    doc_id: str | None
    name: str  # its URL, id or place
    source: str
    lang: str | None
    words: int | None
    score: float | None
    threshold: float | None
    evidence: str | None  # readable, JSON taken apart
    pieces: tuple[Piece, ...]
    command: str  # `llmdata show ... --store ...`, to see all of it


@dataclass(frozen=True)
class FunnelStep:
    """A stage of the funnel, counted in documents; bytes are of text in UTF-8, words runs of non-white-space.

    Words and bytes are None where not known.
    """

    stage: str
    shown: int
    removed: int
    rejected: int
    kept: int
    removed_words: int | None
    removed_bytes: int | None
    kept_words: int | None
    kept_bytes: int | None


@dataclass(frozen=True)
class ReasonGroup:
    """Documents that one reason took out (outcome removed) or that could not be read or judged (rejected).

    Of outcome `aside` are records that are no documents, such as requests in an archive.
    """

    stage: str
    reason: str  # noun.defect
    meaning: str | None  # as the stage describes it
    outcome: Literal["removed", "rejected", "aside"]
    documents: int
    words: int | None
    bytes: int | None
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Bin:
    """A bar of a histogram: scores in [begin, end), how many of these documents pass this rule (`kept`) or fail it."""

    begin: float
    end: float
    kept: int
    removed: int


@dataclass(frozen=True)
class Retention:
    """How many of the documents that have this score would pass another threshold."""

    threshold: float
    documents: int
    words: int


@dataclass(frozen=True)
class ThresholdView:
    """A rule with a threshold, the scores around it, and documents next to it on both sides."""

    stage: str
    reason: str
    setting: str | None  # `filter.gopher_quality.min_words`
    score: str  # the name of what is measured
    removes: Literal["below", "above"]
    threshold: float
    documents: int  # that have this score
    exact: bool  # False: documents that an earlier rule removed have no score here
    note: str | None
    bins: tuple[Bin, ...]
    retention: tuple[Retention, ...]
    kept_examples: tuple[Example, ...]  # nearest to the threshold first
    removed_examples: tuple[Example, ...]
    scale: Literal["linear", "log"] = "linear"  # log: inner bins grow by a factor
    languages: str | None = None  # of the documents that are held against this threshold; None: all


@dataclass(frozen=True)
class Member:
    """A document that went for another: how alike they are, and what differs, word by word (an excerpt)."""

    example: Example
    reason: str
    similarity: float | None
    difference: tuple[Piece, ...]


@dataclass(frozen=True)
class Cluster:
    """Documents that one survivor stands for; the largest clusters and some of the least alike are told."""

    stage: str
    size: int  # members and the survivor
    survivor: Example
    members: tuple[Member, ...]


@dataclass(frozen=True)
class EditGroup:
    """What a stage changed in documents: how many, how often by kind, and excerpts with both sides marked."""

    stage: str
    documents: int
    changes: int
    kinds: Mapping[str, int]
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Share:
    """A line of a breakdown."""

    label: str
    read: int
    kept: int
    kept_words: int
    kept_bytes: int
    tokens: int | None = None


@dataclass(frozen=True)
class Breakdown:
    """All documents by language, host, source, license or length; `rest` sums up what is not listed."""

    by: Literal["language", "host", "source", "license", "length"]
    shares: tuple[Share, ...]
    rest: Share | None


@dataclass(frozen=True)
class Cost:
    """A pass of the run: what was predicted, what was measured; None where it is not known."""

    step: str
    stages: tuple[str, ...]
    rows: int | None
    bytes: int | None
    seconds: float | None
    memory_bytes: int | None
    reused: bool
    predicted_rows: int | None
    predicted_bytes: int | None
    predicted_seconds: float | None
    predicted_memory_bytes: int | None


@dataclass(frozen=True)
class Report:
    """All of a report, in the order of the page.

    Records are all that was found in the inputs, `documents` those that were looked at: what holds no document, or is
    in no sample, is set aside. Kept, removed and rejected add up to the documents, and every share is of them.
    """

    run: str
    recipe: str
    started: datetime
    seconds: float
    store: str
    table: str  # of the store: the corpus, or that of tries
    corpus_version: int
    content_hash: str
    reproducible: bool
    caveats: tuple[str, ...]  # gates overridden, a limit or a sample, scores that are not complete
    records: int
    documents: int
    kept: int
    removed: int
    rejected: int
    kept_words: int
    kept_bytes: int
    funnel: tuple[FunnelStep, ...]
    reasons: tuple[ReasonGroup, ...]
    thresholds: tuple[ThresholdView, ...]
    clusters: tuple[Cluster, ...]
    cluster_sizes: Mapping[int, int]  # size: how many
    edits: tuple[EditGroup, ...]
    breakdowns: tuple[Breakdown, ...]
    tokenizer: str | None
    costs: tuple[Cost, ...]
    manifest: Mapping[str, Any]
