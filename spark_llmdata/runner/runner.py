"""The runner: parts, verdicts, fates, gates, runs, corpus, in this order; counts add up or the run fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from spark_llmdata import schema
from spark_llmdata.artifact import ship_code
from spark_llmdata.errors import GateStopped, ProofFailed, RunFailed, StageFailed, StageStopped
from spark_llmdata.plan import CorpusNode, Plan, SegmentNode, digest, request_digest
from spark_llmdata.portion import describe_portion, is_cut
from spark_llmdata.runner.code import describe_code
from spark_llmdata.runner.comparing import compare, remove_identical_records
from spark_llmdata.runner.counting import StageCount, count_comparison, count_segment, kept_hash, tally
from spark_llmdata.runner.covering import cover_judging, cover_reading
from spark_llmdata.runner.display import following
from spark_llmdata.runner.funnel import Funnel, scores_map
from spark_llmdata.runner.gates import breaches
from spark_llmdata.runner.intake import describe_inputs, tell_empty, tell_inputs
from spark_llmdata.runner.metering import Meter
from spark_llmdata.runner.progress import Watch
from spark_llmdata.runner.result import RunResult
from spark_llmdata.sources.inputs import Inputs
from spark_llmdata.sources.tables import is_copy
from spark_llmdata.store import Store, Table, driver
from spark_llmdata.store.delta import CORPUS, TRIALS
from spark_llmdata.store.driver import describe_self
from spark_llmdata.store.ledger import MANIFEST_FORMAT, Ledger

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_TOLD = 3  # reasons in a sentence


class Runner:
    """One run of a plan over inputs into a store; `attempt` counts how often it was continued after an interruption."""

    def __init__(
        self,
        store: Store,
        plan: Plan,
        inputs: Inputs,
        run: str,
        say: Callable[[str], None],
        *,
        attempt: int = 0,
        overrides: Collection[str] = (),
        asked: Mapping[str, Any] | None = None,
        optimized: Mapping[str, Any] | None = None,
        predicted: Sequence[Mapping[str, Any]] | None = None,
        limit: int | None = None,
    ) -> None:
        self.store, self.plan, self.inputs, self.run_id, self.say = replace(store, run=run), plan, inputs, run, say
        self.attempt, self.overrides = attempt, frozenset(overrides)
        self.asked = asked  # the command, for whoever has to give it again
        self.optimized = optimized  # why the plan's stages stand in another order than the recipe that was given
        self.predicted = predicted  # what each pass will take, as `forecast.PassForecast.as_json` says it
        self.recipe = plan.recipe
        self.portion = describe_portion(plan.sampling, limit, inputs.cut)
        # How many must be left of everything says nothing of a part of it.
        self.gates = plan.recipe.gates.model_copy(update={"min_kept": 0} if self.portion else {})
        self.sources = sorted(self.recipe.gates.max_removed_by_source)
        self.ledger = Ledger(self.store)
        self.funnel = Funnel()
        self.watch = Watch()
        self.meter = Meter(sum(f.size for f in inputs.files))
        self.counts: list[StageCount] = []
        self.rows = ""  # names the pinned (part, file) pairs and what their rows are, once they are known
        self.began = time.monotonic()
        self.manifest: dict[str, Any] = self._begin_manifest()

    def run(self) -> RunResult:
        """Carry the run out; whatever fails is recorded in `runs`, and the corpus stays as it was."""
        try:
            with following(self.store.spark, self.watch, self.say):
                return self._run()
        finally:
            driver.end(self.manifest["driver"])

    def _run(self) -> RunResult:
        ship_code(self.recipe.stages)
        self._record("started")
        self.ledger.check_claim(self.run_id, self.attempt, self.manifest["driver"])
        self.meter.lap("start")
        try:
            for node in self.plan.nodes:
                if isinstance(node, SegmentNode):
                    self._judge(node)
                else:
                    self._compare(node)
            return self._build()
        except KeyboardInterrupt:
            self.manifest["error"] = "interrupted"
            # The connection that was interrupted may be broken, or Spark gone: then the run stays listed as started.
            with suppress(Exception):
                self.store.spark.interruptAll()
            with suppress(Exception):
                self._record("interrupted")
            raise
        except Exception as failure:
            self.manifest["error"] = f"{type(failure).__name__}: {failure}"[:16_000]
            try:
                if isinstance(failure, StageStopped):
                    self._write_fates("pending")
            finally:
                self._record("failed")
            if isinstance(failure, RunFailed):
                by_stage = [c.as_json() for c in self.counts]
                failure.facts = {"run": self.run_id, "recipe": self.recipe.name, "by_stage": by_stage}
            raise

    def _judge(self, node: SegmentNode) -> None:
        begin = time.monotonic()
        names = [s.name for s in node.segment.stages]
        folder = self.store.segment(node.table, node.segment.schema).path
        if node.segment.reads:
            size = sum(f.size for f in self.inputs.files)
            self.say(f"reading {tell_inputs(self.inputs)}, {size / 1e6:,.1f} MB{_then(names)}")
            self.watch.begin("reading", folder=folder, counts=True)
            files, read = self.inputs.files, self.recipe.read
            coverage = cover_reading(self.store, node, files, read, self.sources, each=self.watch.each)
            there = len(files) - coverage.files_read
            if there and coverage.files_read:
                self.say(f"  {there:,} of {len(files):,} files were read by earlier runs and are reused")
            self.rows = digest([coverage.pins, kept_hash(coverage.tallies)])
            self.funnel.add(node, coverage)
            copies_reused = remove_identical_records(self.store, self.funnel, self.rows)
            reused = not coverage.written and copies_reused
        else:
            self.say(f"judging: {', '.join(names)}")
            before = self.funnel.segments[-1][1]
            removals = [r.table for r in self.funnel.removals]
            self.watch.begin("judging", rows=self.counts[-1].kept, folder=folder, counts=True)
            rows, known = self.funnel.alive(), digest([self.rows, removals])
            coverage = cover_judging(self.store, node, before, rows, known, each=self.watch.each)
            self.funnel.add(node, coverage)
            reused = not coverage.written
        counted = self._count(node)
        for entry in counted:
            entry.seconds, entry.reused = round(time.monotonic() - begin, 3), reused
        self.meter.lap("read" if node.segment.reads else "judge", counted, reused)
        self._note(counted)

    def _count(self, node: SegmentNode) -> list[StageCount]:
        stages = [s.name for s in node.segment.stages]
        if node.segment.reads:
            copies = self.funnel.removals[0]
            of_sources = self.funnel.removed_of(copies, self.sources)
            _, counted = count_segment(
                self.funnel.segments[0][1].tallies, ["read", *stages], self.sources, copies.count, of_sources
            )
            for source, its in counted[0].sources.items():
                if not its.shown:
                    self.say(f"  gates.max_removed_by_source names {source!r}, but no document of this source was read")
            return counted
        shown = self.counts[-1].kept
        tallies = tally(self.funnel.shown(len(self.funnel.segments) - 1), self.sources)
        self.rows = digest([self.rows, kept_hash(tallies)])
        held, counted = count_segment(tallies, stages, self.sources, 0, {})
        if held != shown:
            table = self.funnel.segments[-1][1].table
            raise ProofFailed(
                f"{', '.join(stages)}: {shown} rows went in, {held} came out: {table.path} is not whole; move it away "
                "and run the same command again, which computes it anew"
            )
        return counted

    def _compare(self, node: CorpusNode) -> None:
        begin = time.monotonic()
        doing = "comparing" if node.stage.condition() is None else "judging"
        self.say(f"{doing}: {node.stage.name}")
        before = self.counts[-1]
        self.watch.begin(f"{doing} by {node.stage.name}", rows=before.kept)
        reused, told = compare(self.store, self.funnel, node.stage, self.rows)
        found = self.funnel.removals[-1]
        of_sources = self.funnel.removed_of(found, self.sources)
        entry = count_comparison(node.stage.name, before, found.count, found.duplicates, of_sources)
        entry.seconds, entry.reused, entry.told = round(time.monotonic() - begin, 3), reused, told
        self.meter.lap("compare", [entry], reused)
        self._note([entry])

    def _note(self, entries: list[StageCount]) -> None:
        """Take a node's counts in, all of them, before a gate can stop the run at one."""
        self.counts += entries
        for entry in entries:
            rejected = f", {entry.rejected:,} rejected" if entry.rejected else ""
            again = ", reused" if entry.reused else ""
            removed = f"{entry.removed - entry.not_sampled:,} removed{rejected}"
            unsampled = f"{entry.not_sampled:,} not in the sample, " if entry.not_sampled else ""
            self.say(f"  {entry.stage}: {entry.shown:,} in, {unsampled}{removed}, {entry.kept:,} kept{again}")
            for sentence in entry.told:
                self.say(f"    {sentence}")
        for entry in entries:
            if entry.failed and entry.failed == entry.judged:
                raise StageFailed(
                    f"{entry.stage} failed on every one of the {entry.judged:,} documents it saw, so the fault is not "
                    f"theirs; it says {self._example(entry.stage)}; {self._look(entry.stage)}"
                )
            for breach in breaches(entry, self.gates):
                if breach.gate not in self.overrides:
                    raise GateStopped(breach.sentence(self._look(entry.stage)))
                self.manifest["overridden"].append(asdict(breach))
                self.say(f"  gate {breach.gate} overridden: {breach.found}")

    def _example(self, stage: str) -> str:
        """What a failing stage said of one of the documents."""
        from pyspark.sql import functions as F

        rows = self.funnel.segments[-1][1].rows().where(F.col("verdict.stage") == stage)
        found = rows.agg(F.min("verdict.evidence")).collect()[0][0]
        return str(found)

    def _look(self, stage: str) -> str:
        """Why a stage took documents out, and how to look at one of them."""
        if not self.counts[0].shown:
            return tell_empty(self.inputs)
        lost = self.funnel.lost_at(stage)
        why = f"llmdata why {lost[0].example if lost else 'DOC_ID'} --run {self.run_id} --store {self.store.root}"
        told = ", ".join(f"{entry.reason} ({entry.documents:,})" for entry in lost[:_TOLD])
        more = f" and {len(lost) - _TOLD} more" if len(lost) > _TOLD else ""
        return f"its reasons: {told}{more}; `{why}` tells of one" if lost else f"`{why}` tells of a document"

    def _build(self) -> RunResult:
        """Write fates, announce the commit, write the corpus, check all three against the counts."""
        counts = self._totals()
        self.say("writing fates and corpus")
        self.watch.begin("writing fates", rows=counts["read"], folder=self.store.fates.path)
        self._write_fates("kept")
        content = self._content_hash()
        if content[1] != counts["kept"]:
            raise ProofFailed(f"{counts['kept']} documents should be kept, {content[1]} are alive")
        by_machine = {c.stage: c.by_machine for c in self.counts if c.by_machine}
        reproducible = not (by_machine or is_cut(self.portion))
        self.manifest |= {"counts": counts, "content_hash": content[0], "reproducible": reproducible}
        self.meter.lap("fates", rows=counts["read"])
        self._record("committing")
        builds = self.store.builds(TRIALS if self.portion else CORPUS)
        self.watch.begin("writing the corpus", rows=counts["kept"], folder=builds.path)
        version = self._write_corpus(builds, content[0], counts["kept"])
        self.meter.lap("corpus", rows=counts["kept"])
        return RunResult(
            self.run_id,
            self.recipe.name,
            counts,
            self.counts,
            self.manifest["reasons"],
            version,
            content[0],
            time.monotonic() - self.began,
            self.inputs.skipped,
            self.store,
            reproducible=reproducible,
            portion=self.portion,
            overridden=self.manifest["overridden"],
            optimized=self.optimized,
            predicted=self.predicted,
            measured=self.meter.as_json(),
            table=self.store.name_of(builds),
        )

    def _totals(self) -> dict[str, int]:
        return {
            "read": self.counts[0].shown,
            "created": 0,
            "kept": self.counts[-1].kept,
            "removed": sum(c.removed for c in self.counts),
            "rejected": sum(c.rejected for c in self.counts),
        }

    def _write_fates(self, alive: str) -> None:
        """Write what became of every record, check it against the counts, and tell an example for each reason."""
        from pyspark.sql import functions as F

        fates = self.store.fates
        fates.append_once(self.funnel.fates(self.run_id, alive), self.run_id, {"alive": alive})
        own = fates.read().where(F.col("run") == self.run_id).groupBy("outcome", "reason")
        rows = own.agg(
            F.count("*").alias("documents"),
            F.min(F.struct("file", "offset", "url")).alias("first"),
            F.min("stage").alias("stage"),
            F.sum("bytes").alias("bytes"),
        ).collect()
        self.meter.note_bytes(rows)
        found: dict[str, int] = {}
        for row in rows:
            found[row.outcome] = found.get(row.outcome, 0) + row.documents
        self.manifest["reasons"] = [
            {
                "reason": row.reason,
                "outcome": row.outcome,
                "documents": row.documents,
                "example": row.first.url or f"{row.first.file}:{row.first.offset}",
            }
            for row in sorted(rows, key=lambda r: (r.outcome, -r.documents, r.reason or ""))
            if row.reason is not None
        ]
        wanted = {k: v for k, v in self._totals().items() if k in ("removed", "rejected")} | {
            alive: self.counts[-1].kept if self.counts else 0
        }
        if {k: v for k, v in found.items() if v} != {k: v for k, v in wanted.items() if v}:
            raise ProofFailed(f"fates hold {found}, the stages' counts say {wanted}")

    def _content_hash(self) -> tuple[str, int]:
        """XOR of the rows' 128-bit hashes, with the count: equal for equal corpora, in whatever order."""
        from pyspark.sql import functions as F

        row = self.funnel.alive().agg(F.bit_xor("row_hi"), F.bit_xor("row_lo"), F.count("*")).collect()[0]
        high, low, count = (row[0] or 0), (row[1] or 0), int(row[2])
        mask = (1 << 64) - 1
        return f"{high & mask:016x}{low & mask:016x}-{count}", count

    def _write_corpus(self, table: Table, content: str, kept: int) -> int:
        """Commit the build to a table of builds, and look at what was committed; returns the version that holds it.

        Where the newest version has the same content already, the build is a commit without rows that names that
        version. Should another run have come in between, its content is on top: then the rows are written after all.
        """
        note = {"recipe": self.recipe.name, "content_hash": content}
        held = _held_on_top(table.notes(), content)
        if held is not None:
            none = table.read(held).limit(0)
            table.append_once(none, f"{self.run_id}-{self.attempt}", {**note, "holds": held})
            if _held_on_top(table.notes(), content) == held:
                self.say(f"  version {held} of {self.store.name_of(table)} has this content already")
                return held
        rows = self.funnel.alive().withColumn("scores", scores_map(self.funnel.segments[-1][0]))
        table.overwrite_once(_selected(rows), f"{self.run_id}-corpus", note)
        commit = next(n for n in table.notes() if n.get("run") == self.run_id and "holds" not in n)
        if commit["rows"] != kept:
            raise ProofFailed(
                f"{kept} documents should be in {table.path}, its version {commit['version']} has {commit['rows']}: "
                f"go back with RESTORE TABLE {table.name} TO VERSION AS OF {int(commit['version']) - 1}"
            )
        return int(commit["version"])

    def _begin_manifest(self) -> dict[str, Any]:
        return {
            "format": MANIFEST_FORMAT,
            "request": request_digest(self.plan, self.inputs.files, (self.portion or {}).get("limit")),
            "recipe": self.recipe.as_dict(),
            "recipe_folder": self.recipe.folder,
            "asked": self.asked,
            "optimized": self.optimized,
            "predicted": self.predicted,
            "portion": self.portion,
            "copies": [self.store.name_of(self.store.copy(f.etag)) for f in self.inputs.files if is_copy(f)],
            "code": describe_code(self.recipe.stages),
            "driver": describe_self(),
            "overrides": sorted(self.overrides),
            "overridden": [],
            "error": None,
        }

    def _record(self, state: str) -> None:
        self.manifest["measured"] = self.meter.as_json()
        self.manifest["by_stage"] = [c.as_json() for c in self.counts]
        self.manifest["segments"] = [
            {
                "table": self.store.name_of(coverage.table),
                "fingerprint": node.fingerprint,
                "stages": [s.name for s in node.segment.stages],
                "scores": {s.name: s.score_columns() for s in node.segment.stages},
                "parts": list(coverage.parts),
            }
            for node, coverage in self.funnel.segments
        ]
        self.manifest["verdicts"] = [
            {"stage": r.stage, "table": f"verdicts/{r.table}", "rows": r.count, "behind": r.behind}
            | ({} if r.keeps is None else {"by_condition": True})
            for r in self.funnel.removals
        ]
        manifest = self.manifest | (describe_inputs(self.inputs) if state == "started" else {})
        self.ledger.record(self.run_id, self.attempt, state, self.recipe.name, manifest)


def _held_on_top(notes: Sequence[Mapping[str, Any]], content: str) -> int | None:
    """The version that holds what is on top of the corpus, where that is this content."""
    if not notes or notes[0].get("content_hash") != content:
        return None
    held = notes[0].get("holds", notes[0]["version"])
    for note in notes:
        if note["version"] == held:
            return int(held) if note.get("content_hash") == content else None
        if note.get("holds") != held:
            return None  # somebody else's commit lies between
    return None


def _selected(rows: DataFrame) -> DataFrame:
    return rows.select(*(f.name for f in schema.CORPUS))


def _then(names: list[str]) -> str:
    return f", then {', '.join(names)}" if names else ""
