"""What was found of duplicates, as lines for a person, 100 columns wide where addresses are not longer."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from spark_llmdata.report.printable import printable
from spark_llmdata.report.word_diff import Piece, render

WIDTH = 100
_INDENT = " " * 25
_HOW = {
    "same_record": "same record",
    "same_text": "same text",
    "near_duplicate": "near-duplicate",
    "same_url": "same URL",
}


def describe_duplicates(facts: Mapping[str, Any]) -> str:
    """The facts of `find_duplicates`."""
    own = facts["document"]
    names = {row["doc_id"]: f"#{n}" for n, row in reversed(list(enumerate(facts["similar"], 1)))}
    if own:
        names[own["doc_id"]] = "this document"
        lines = [*_head(own, names), entry("cluster", _cluster(facts["cluster"], own, names))]
    else:
        lines = ["the text given"]
    lines += [entry("compared", _rule(facts["settings"])), entry("searched", _searched(facts)), *_state(facts)]
    if facts["called_the_same"]:
        lines.append(entry("not meant", _namesakes(facts["called_the_same"])))
    lines.append("")
    if not facts["similar"]:
        return "\n".join([*lines, "nothing resembles it"])
    lines.append(f"{'#':>3}  jaccard  contained")
    for n, row in enumerate(facts["similar"], 1):
        lines += _item(n, row, names)
    if facts["found"] > len(facts["similar"]):
        lines += ["", f"{len(facts['similar']):,} of {facts['found']:,} shown; --limit N shows more"]
    return "\n".join(lines)


def describe_pair(facts: Mapping[str, Any], *, colored: bool = False) -> str:
    """The facts of `compare_pair`."""
    lines = []
    names = {
        own["doc_id"]: name for own, name in zip(facts["documents"], ("the first", "the second"), strict=True) if own
    }
    for mark, own in zip(("[-first-]", "{+second+}"), facts["documents"], strict=True):
        told = _head(own, names) if own else ["the text given"]
        lines += [f"{mark} {told[0]}", *told[1:]]
    settings = facts["settings"]
    alike = f"jaccard {facts['jaccard']:.3f}, containment {facts['containment']:.3f}, by {_shingles(settings)}"
    words = dict.fromkeys(("same", "removed", "added"), 0)
    for piece in facts["differences"]:
        words[piece["kind"]] += piece["words"]
    counted = (
        f"{words['same']:,} in both, {words['removed']:,} only in the first, {words['added']:,} only in the second"
    )
    lines += [entry("alike", alike), entry("words", counted), *_state(facts), ""]
    if facts["same_text"]:
        return "\n".join([*lines, "the texts are the same"])
    if not words["removed"] and not words["added"]:
        return "\n".join([*lines, "the words are the same; the texts differ in white space"])
    return "\n".join([*lines, render([_piece(p) for p in facts["differences"]], colored=colored, width=WIDTH)])


def _namesakes(others: Sequence[Mapping[str, Any]]) -> str:
    """Records that the question could mean as well."""
    listed = ", ".join(f"{other['doc_id']} ({other['outcome']})" for other in others[:3])
    more = f" and {len(others) - 3:,} more" if len(others) > 3 else ""
    return f"{len(others):,} other records are called the same; ask by doc_id: {listed}{more}"


def _piece(facts: Mapping[str, Any]) -> Piece:
    if facts["text"] is None:
        return Piece(facts["kind"], (f"... ({facts['words']:,} more words, not compared)",))
    return Piece(facts["kind"], tuple(facts["text"].split()))


def _head(own: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    place = own["location"]
    name = printable(own["url"] or own["id"] or own["doc_id"])
    lines = [f"{name}: {_fate(own, names)}", entry("doc_id", own["doc_id"])]
    return [*lines, f"  record    {printable(place['file'])}:{place['offset']}"]


def entry(name: str, text: str) -> str:
    """A line with its name in front, folded; what a terminal would obey is escaped."""
    return _wrap(f"  {name:<9} ", text, " " * 12)


def _wrap(begin: str, text: str, indent: str) -> str:
    return textwrap.fill(
        printable(text),
        WIDTH,
        initial_indent=begin,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _fate(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """What became of a record; documents that `names` knows are called so."""
    if row["stage"] is None:
        return str(row["outcome"])
    noun = row["reason"].rpartition(".")[2]
    if row["stays"] is None:
        return f"{row['outcome']} by {row['stage']} ({noun})"
    if row["survivor"] == row["doc_id"]:
        return f"{row['outcome']} by {row['stage']}, as a copy"
    told = f"{row['outcome']} by {row['stage']} for {names.get(row['survivor'], row['survivor'])}"
    last = row["stays"]
    if last["doc_id"] != row["survivor"]:
        told += f", which was removed for {names.get(last['doc_id'], last['doc_id'])}"
    return told if last["outcome"] == "kept" else f"{told} ({last['outcome']})"


def _cluster(cluster: Mapping[str, Any], own: Mapping[str, Any], names: Mapping[str, str]) -> str:
    last = cluster["survivor"]
    removed = ", ".join(f"{n:,} by {stage}" for stage, n in cluster["removed"].items())
    who = names.get(last["doc_id"], last["doc_id"])
    if last["doc_id"] == own["doc_id"]:
        who = "it"
    if not removed:
        return f"nothing was removed for {who}"
    fate = (
        "stays"
        if last["outcome"] == "kept"
        else f"was {last['outcome']}" + (f" by {last['stage']}" if last["stage"] else "")
    )
    url = f" {last['url']}" if who != "it" and last["url"] else ""
    return f"{cluster['records']:,} records: {who}{url} {fate}; removed for it: {removed}"


def _shingles(settings: Mapping[str, Any]) -> str:
    origin = "as the run's dedup.minhash" if settings["has_minhash"] else "as dedup.minhash by default"
    return f"shingles of {settings['ngram']} words ({settings['words']}), {origin}"


def _rule(settings: Mapping[str, Any]) -> str:
    return f"every stored text, by {_shingles(settings)}; {settings['similarity']} from {settings['threshold']:g} on"


def _searched(facts: Mapping[str, Any]) -> str:
    others = "other records" if facts["document"] else "records"
    told = f"{facts['searched']:,} {others} of run {facts['run']}"
    without = facts["without_text"]
    if not without:
        return told
    listed = ", ".join(f"{n:,} {outcome}" for outcome, n in without.items())
    policy = f"; write.removed_text: {facts['removed_text']}" if facts["removed_text"] != "all" else ""
    total = sum(without.values())
    return f"{told}; not compared were {total:,} without a stored text ({listed}{policy})"


def _state(facts: Mapping[str, Any]) -> list[str]:
    if facts["run_state"] == "done":
        return []
    return [entry("run", f"{facts['run']}, {facts['run_state']}: no corpus came of it")]


def _item(n: int, row: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    jaccard, containment = ("-" if value is None else f"{value:.3f}" for value in (row["jaccard"], row["containment"]))
    how = ", ".join(_HOW[h] for h in row["how"])
    begin = f"{n:>3}  {jaccard:>7}  {containment:>9}  "
    lines = [_wrap(begin, f"{how}: {_fate(row, names)}", _INDENT)]
    place = f"{row['location']['file']}:{row['location']['offset']}"
    if "same_record" in row["how"]:
        return [*lines, _INDENT + printable(place)]
    name = row["url"] or row["id"]
    if not name or row["survivor"] == row["doc_id"]:  # a copy is told from its record by nothing but its place
        name = place
    return [*lines, _wrap(_INDENT, f"{row['doc_id'] or ''} {name}".strip(), _INDENT)]
