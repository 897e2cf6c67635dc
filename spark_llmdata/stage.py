"""Stages: a frozen, typed setting plus one pure method that judges."""

from __future__ import annotations

import hashlib
import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from spark_llmdata import extras
from spark_llmdata.batch import Batch
from spark_llmdata.complaints import explain
from spark_llmdata.errors import RunFailed, SettingsError, UsageError
from spark_llmdata.spans import Span
from spark_llmdata.verdict import Judgement, Rule

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ID_PATTERN = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$"
#: How a stage may call what it settles; the names of folders in a store.
SETTLED_PATTERN = r"[a-z][a-z0-9_-]*"


class Stage(BaseModel, ABC):
    """What both kinds of stage have: a kind, settings, declared needs, gifts and reasons.

    Settings are the model's fields. Class variables declare the rest; `revision` is raised by whoever changes what the
    stage decides, so that stored results are not reused across the change (golden tests guard that).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str] = ""
    revision: ClassVar[int] = 1
    kernels: ClassVar[tuple[ModuleType, ...]] = ()  # their REVISION enters the fingerprint
    libraries: ClassVar[tuple[str, ...]] = ()  # distributions whose version enters the fingerprint
    requires: ClassVar[frozenset[str]] = frozenset({"text"})
    reads: ClassVar[frozenset[str]] = frozenset()  # columns it looks at beside those, if they are there
    provides: ClassVar[frozenset[str]] = frozenset()
    edits: ClassVar[frozenset[str]] = frozenset()  # columns it rewrites beside what it provides
    reasons: ClassVar[Mapping[str, str]] = {}
    scores: ClassVar[Mapping[str, str]] = {}
    changes: ClassVar[Mapping[str, str]] = {}  # kinds of changes of a text
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}  # by the value of `preset`, defaults of other settings

    id: str | None = Field(default=None, pattern=ID_PATTERN, description="names the stage where its kind occurs twice")

    def __init__(self, /, **settings: Any) -> None:
        """Check the settings.

        Raises:
            SettingsError: settings are unknown or do not fit; the message names all of them, with their values.
        """
        try:
            super().__init__(**settings)
        except ValidationError as errors:
            raise SettingsError(type(self).kind_name(), list(explain(errors, type(self)))) from None

    @model_validator(mode="before")
    @classmethod
    def _fill_in_preset(cls, given: Any) -> Any:
        """Spell a preset's settings out, so that a dump names all of them; what is given beside it wins."""
        if not cls.presets or not isinstance(given, Mapping):
            return given
        preset = given.get("preset", cls.model_fields["preset"].default)
        return {**cls.presets.get(str(preset), {}), **given}

    @property
    def name(self) -> str:
        """The stage's name in a recipe and in verdicts: its id, else its kind."""
        return self.id or type(self).kind_name()

    @property
    def noun(self) -> str:
        """The last part of the name: what reasons and score columns begin with."""
        return self.name.rsplit(".", 1)[-1]

    @classmethod
    def kind_name(cls) -> str:
        """`kind`, or for a stage without one its class name in the form a kind has."""
        return cls.kind or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def is_builtin(cls) -> bool:
        """Whether the stage comes with this package."""
        return cls.__module__.startswith("spark_llmdata.")

    @classmethod
    def changed_columns(cls) -> frozenset[str] | None:
        """The document columns its judgements may replace; null: a user's own class that does not say it.

        What a class inherits is no word about its own `judge`.
        """
        declared = cls.is_builtin() or "edits" in vars(cls)
        return cls.edits | cls.provides if declared else None

    def settings(self) -> dict[str, Any]:
        """The settings, without the id."""
        return self.model_dump(mode="json", exclude={"id"})

    def score_columns(self) -> tuple[str, ...]:
        """The names its score columns have in tables: the noun, an underscore, the declared name."""
        return tuple(f"{self.noun}_{name}" for name in self.scores)

    def needed_scores(self) -> frozenset[str]:
        """The score columns that these settings name; a plan refuses them where no earlier stage gives them."""
        return frozenset()

    def artifacts(self) -> tuple[tuple[str, str], ...]:
        """Files it decides by (models, lists), each as its place and the SHA-256 of its bytes."""
        return ()

    def fingerprint(self) -> dict[str, Any]:
        """What decides about the stage's result: name, settings, revisions; of a user's own stage the source too."""
        facts: dict[str, Any] = {
            "kind": self.kind_name(),
            "name": self.name,
            "settings": self.settings(),
            "revision": self.revision,
            "kernels": {k.__name__.rsplit(".", 1)[-1]: k.REVISION for k in self.kernels},
            "libraries": {name: extras.version(name, needed_by=self.name) for name in self.libraries},
        }
        if not self.is_builtin():
            facts["source"] = _source_hash(type(self))
        return facts


class RowStage(Stage):
    """Judges a document at a time; knows nothing of Spark. Neighbors are fused into one pass.

    A stage of thresholds measures in `judge`; its `list_rules` reads nothing but what is stored, so that stored scores
    can be decided upon again. `retunable` names the settings that only `list_rules` and `decide` read.
    """

    retunable: ClassVar[frozenset[str]] = frozenset()
    ends_segment: ClassVar[bool] = False  # costly stages end a segment, so that what follows can be re-run without them
    private: ClassVar[bool] = False  # what it takes out of a text is not to be shown again
    forkable: ClassVar[bool] = True  # False where a library's threads or its GPU do not live on in a forked child

    @abstractmethod
    def judge(self, docs: Batch) -> Judgement:
        """Judge the documents of a batch; arrays of the judgement are as long as the batch."""

    def list_rules(self, docs: Batch) -> dict[str, Rule]:
        """The comparisons that decide, in order, by reason; they may read `docs.score(...)` and `docs["lang"]` only."""
        raise NotImplementedError(f"{self.name} keeps no scores that decide; it has to judge the documents again")

    def decide(self, docs: Batch) -> Judgement:
        """Say of measured documents who stays: the same whether the scores were measured just now or are stored."""
        return Judgement.first_failing(**self.list_rules(docs))

    def decide_on(self, docs: Batch, measured: dict[str, pa.Array]) -> Judgement:
        """Decide by scores measured just now, named as in `scores`; they become the judgement's."""
        columns = {f"{self.noun}_{name}": values for name, values in measured.items()}
        judgement = self.decide(docs.measured(columns))
        judgement.scores = measured
        return judgement

    def own_scores(self, docs: Batch) -> dict[str, pa.Array]:
        """The stage's own score columns by the names in `scores`."""
        return {name: docs.score(column) for name, column in zip(self.scores, self.score_columns(), strict=True)}

    def find_spans(self, docs: Batch, reason: str) -> Sequence[Span]:
        """The places in the text of one document that count for a reason, to be shown; none where nothing does."""
        return ()

    def __call__(self, docs: Any) -> Any:
        """Judge an Arrow table or record batch, a pandas or a Spark DataFrame that has a `text` column.

        Returns the same kind of thing with the columns `kept`, `verdict`, `scores` (if any) added and `text` as edited.
        """
        from spark_llmdata.interop import frames

        return frames.judge(self, docs)


class CorpusStage(Stage):
    """Needs other documents: joins, shuffles, iterations. Says who goes, and who stays for it.

    `groups` says that it keeps one of each group of documents that are equal in something, the first in an order: then
    nothing changes for the others where one goes that nobody was removed for.
    """

    groups: ClassVar[bool] = False

    @abstractmethod
    def apply(self, docs: DataFrame, ctx: Context) -> DataFrame:
        """Return the removed documents as `schema.VERDICTS`, one row each.

        `docs` has the columns of a segment (doc_id is unique, all rows are alive). No action, no write, no cache here:
        what must be computed once goes through `ctx`.
        """

    def needed_columns(self) -> frozenset[str]:
        """The columns of a segment that `apply` reads with these settings, without the texts' hashes."""
        return self.requires

    def check(self, docs: DataFrame) -> str | None:
        """What does not fit the columns that it will see, as `setting: sentence`; asked before any work, of no rows."""
        return None

    def condition(self) -> str | None:
        """Of a stage that judges documents by themselves: when one stays, in SQL. It says the same as the verdicts."""
        return None

    def __call__(self, docs: Any) -> Any:
        """Apply the stage to a Spark DataFrame with `doc_id` and `text`; adds `kept` and `verdict`."""
        from spark_llmdata.interop import frames

        return frames.apply(self, docs)


@dataclass(frozen=True)
class Settled:
    """A table that was computed and written down: reading `rows` computes nothing again.

    `digest` is the XOR of the rows' 64-bit hashes as 16 hex digits, a dash and the count: equal for equal sets of
    rows, in whatever order. Rows that are there an even number of times do not show in the XOR.
    """

    rows: DataFrame
    count: int
    digest: str


@dataclass(frozen=True)
class Context:
    """What a corpus stage may use of the run.

    `keep` writes the rows of a name down and gives them back as they are there: in a run as a table of the store,
    where a run that is continued, or a second one, finds them. Without it they stay with the executors.
    """

    spark: SparkSession
    keep: Callable[[DataFrame, str], DataFrame] | None = field(default=None, repr=False)
    folder: str | None = None  # where the tables are that are kept
    told: list[str] = field(default_factory=list, init=False, compare=False)
    _names: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    def settle(self, df: DataFrame, name: str) -> Settled:
        """Compute a data frame now, write it down, and count and hash it; what is there under that name is reused.

        The columns can be of any type but maps. In a run a name stands for the same rows whenever the stage sees the
        same documents, so they must be decided by those and by the stage's settings.

        Raises:
            UsageError: the name is no folder's, or was used for another data frame of this stage.
            RunFailed: the store holds other columns under that name.
        """
        if not re.fullmatch(SETTLED_PATTERN, name):
            raise UsageError(f"cannot settle under the name {name!r}; expected one like edges or edges-2")
        if name in self._names:
            raise UsageError(f"{name!r} was settled before by the same stage; give each data frame a name of its own")
        self._names.add(name)
        # Not `persist`, which keeps the plan as well: it would double with every round of an iteration.
        rows = df.localCheckpoint() if self.keep is None else self.keep(df, name)
        _check_columns(df, rows, name)
        return self._measure(rows)

    @staticmethod
    def _measure(rows: DataFrame) -> Settled:
        """Count and hash rows in one pass."""
        from pyspark.sql import functions as F

        found = rows.agg(F.count(F.lit(1)), F.bit_xor(F.xxhash64(*rows.columns))).collect()[0]
        count, mixed = int(found[0]), (found[1] or 0) & 0xFFFFFFFFFFFFFFFF
        return Settled(rows, count, f"{mixed:016x}-{count}")

    def tell(self, rows: DataFrame, name: str, what: str) -> None:
        """Say how many rows there are, if any, and settle them under a name for whoever wants to look.

        `what` goes on from the number: "bands were ...". It is told with the verdicts whenever they are used.
        """
        count = rows.count()
        if count:
            where = f", listed in {self.folder}/{name}" if self.folder else ""
            self.settle(rows, name)
            self.told.append(f"{count:,} {what}{where}")


def _check_columns(df: DataFrame, rows: DataFrame, name: str) -> None:
    """Refuse what an older form of the stage wrote under the same name."""
    wanted, found = ({f.name: f.dataType.simpleString() for f in frame.schema.fields} for frame in (df, rows))
    if wanted != found:
        raise RunFailed(
            f"settled under the name {name!r} are the columns {found}, expected {wanted}: an older form of the stage "
            "wrote them; raise its `revision`, or remove the table and run the same command again"
        )


def _source_hash(cls: type) -> str:
    """Hash of the file that defines a user's stage; of the class's own text where there is no file (a notebook)."""
    module = inspect.getmodule(cls)
    path = getattr(module, "__file__", None)
    if path is not None and Path(path).is_file():
        source = Path(path).read_bytes()
    else:
        source = inspect.getsource(cls).encode()
    return hashlib.sha256(source).hexdigest()
