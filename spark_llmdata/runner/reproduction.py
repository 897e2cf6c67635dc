"""Reproducing a run: build again from its manifest alone, beside the store's own tables, and compare."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from spark_llmdata.errors import MissingExtra, NotFound
from spark_llmdata.plan import make_plan
from spark_llmdata.portion import sampling_of
from spark_llmdata.recipe.loading import rebuild_recipe
from spark_llmdata.recipe.model import GATES
from spark_llmdata.runner.code import describe_code
from spark_llmdata.runner.intake import find_again
from spark_llmdata.runner.result import RunResult
from spark_llmdata.runner.runner import Runner
from spark_llmdata.sources import files
from spark_llmdata.sources.split import InputFile
from spark_llmdata.store import Store
from spark_llmdata.store.delta import REPRODUCTIONS
from spark_llmdata.store.ledger import Ledger, RunRecord

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Difference:
    """Something that is not as it was when the run was made."""

    what: str
    was: Any
    now: Any


@dataclass(frozen=True)
class Reproduction:
    """A run built again: whether the content is the same, and all that differs, whether it mattered or not."""

    run: str
    content_hash: str
    was: str
    circumstances: tuple[Difference, ...]  # code, native module, libraries, inputs
    outcomes: tuple[Difference, ...]  # counts by stage, rows by file
    store: str | None  # where the second build is, kept when it differs

    @property
    def same(self) -> bool:
        """Whether the corpus came out the same."""
        return self.content_hash == self.was

    def as_json(self) -> dict[str, Any]:
        """The object that `llmdata run --reproduce --json` prints."""
        facts = asdict(self)
        return {"run": self.run, "reproduced": self.same} | facts


def reproduce(store: Store, run: str, new: str, say: Callable[[str], None]) -> Reproduction:
    """Build a run's corpus again from its manifest, reading all inputs and reusing nothing, and compare the two.

    `new` names the second build. Corpus, fates and runs of the store stay as they are. Raises NotFound for a run that
    is not done, InputError where inputs are gone.
    """
    record = Ledger(store).find(run)
    if record.version is None:
        raise NotFound(
            f"run {record.run} is {record.state}; only a run that is done can be compared with a second build"
        )
    manifest = record.manifest
    recipe = rebuild_recipe(manifest["recipe"], manifest["recipe_folder"])
    inputs = find_again(store, manifest)
    portion = manifest.get("portion") or {}
    changed = [*_compare_code(manifest["code"], describe_code(recipe.stages))]
    changed += _compare_inputs(manifest["inputs"], inputs.files)
    for difference in changed:
        say(f"  not as it was: {difference.what}: {difference.was}, now {difference.now}")
    plan = make_plan(recipe, sampling_of(portion))
    scratch = Store(store.spark, f"{store.root}/{REPRODUCTIONS}/{new}")
    again = Runner(scratch, plan, inputs, new, say, overrides=GATES, limit=portion.get("limit")).run()
    outcomes = [*_compare_counts(manifest["by_stage"], [c.as_json() for c in again.by_stage])]
    same = again.content_hash == manifest["content_hash"]
    if not same:
        outcomes += _compare_rows(store, record, again)
    kept = scratch.root if not same or not _is_removed(scratch.root, f".removed-{new}", say) else None
    return Reproduction(record.run, again.content_hash, manifest["content_hash"], tuple(changed), tuple(outcomes), kept)


def _is_removed(root: str, hidden: str, say: Callable[[str], None]) -> bool:
    """Remove the second build; where that cannot be done from here the answer is still worth having."""
    try:
        files.remove_folder(root, hidden)
    except (OSError, MissingExtra) as problem:
        say(f"  the second build cannot be removed from here ({problem}); remove {root} yourself")
        return False
    return True


def _compare_code(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    """What of package, native module, libraries and stages has changed."""
    for key in sorted({*was, *now}):
        if was.get(key) != now.get(key):
            yield Difference(_CODE.get(key, key), was.get(key), now.get(key))


_CODE = {"package": "Python code of spark_llmdata", "native": "native module", "spark_llmdata": "version"}


def _compare_inputs(was: Sequence[Mapping[str, Any]], now: Sequence[InputFile]) -> Iterator[Difference]:
    """Input files whose size or time of change is another one."""
    found = {f.url: f for f in now}
    for facts in was:
        file = found[facts["url"]]
        if file.format == "table":  # its version says all but whether it is the same table
            if file.etag != facts.get("table_id"):
                yield Difference(f"table {file.url}", facts.get("table_id"), file.etag)
            continue
        if (file.size, file.modified_ns) != (facts["size"], facts["modified_ns"]):
            then = _stamp(facts["size"], facts["modified_ns"])
            yield Difference(f"input {file.url}", then, _stamp(file.size, file.modified_ns))


def _stamp(size: int, modified_ns: int) -> str:
    return f"{size:,} bytes of {datetime.fromtimestamp(modified_ns / 1e9, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"


def _compare_counts(was: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> Iterator[Difference]:
    """Stages that were shown, removed or rejected another number of documents."""
    for then, today in zip(was, now, strict=True):
        for key in ("in", "removed", "rejected"):
            if then[key] != today[key]:
                yield Difference(f"{then['stage']}: documents {key}", then[key], today[key])


def _compare_rows(store: Store, record: RunRecord, again: RunResult) -> Iterator[Difference]:
    """Files whose records do not give the same rows any more, where the rows of then are still there."""
    then = record.manifest["segments"][0]
    table = store.segment(then["table"].split("/", 1)[1], again.store.corpus.columns)
    if not table.exists():
        return
    now = Ledger(again.store).find(again.run).manifest["segments"][0]
    digests = [f["digest"] for f in record.manifest["inputs"]]
    before = _hashes(table.read(), then["parts"], digests)
    after = _hashes(again.store.segment(now["table"].split("/", 1)[1], table.columns).read(), now["parts"], None)
    for url in sorted(f["url"] for f in record.manifest["inputs"]):
        if before.get(url) != after.get(url):
            yield Difference(f"rows of {url}", before.get(url), after.get(url))


def _hashes(rows: DataFrame, parts: Sequence[str], digests: Sequence[str] | None) -> dict[str, str]:
    """Hash and count of the kept rows of each file, from the part with the smallest name that holds it, as in a run.

    With `digests` only parts count that hold a file as it was then: another may hold an older or newer one.
    """
    from pyspark.sql import functions as F

    ours = rows.where(F.col("part").isin(list(parts)))
    held = ours.where("split IS NOT NULL").select("part", "split.file", "split.digest").distinct().collect()
    wanted = {(row.file, row.part) for row in held if digests is None or row.digest in set(digests)}
    kept = ours.where("split IS NULL AND kept")
    found = kept.groupBy("file", "part").agg(F.bit_xor("row_hi"), F.bit_xor("row_lo"), F.count("*")).collect()
    mask = (1 << 64) - 1
    hashes: dict[str, str] = {}
    for row in sorted((r for r in found if (r.file, r.part) in wanted), key=lambda r: (r.file, r.part)):
        hashes.setdefault(row.file, f"{row[2] & mask:016x}{row[3] & mask:016x}-{row[4]}")
    return hashes
