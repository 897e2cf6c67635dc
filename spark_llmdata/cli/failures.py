"""Errors nobody raised on purpose, as a sentence and an exit code: what is wrong, and what to do."""

from __future__ import annotations

import re
from typing import NamedTuple

#: One of our own errors about the environment, raised in a task and told in a trace.
_FROM_EXECUTOR = re.compile(
    r"^\s*spark_llmdata\.errors\.(EnvironmentProblem|MissingExtra): (?P<message>.+)$", re.MULTILINE
)

#: What Spark and Delta say of files that are gone or do not hold what they should.
_DAMAGE = re.compile(
    r"DELTA_VERSIONS_NOT_CONTIGUOUS|FAILED_READ_FILE|DELTA_TRUNCATED|DELTA_FILE_NOT_FOUND|DELTA_STATE_RECOVER"
)

_GOES_ON = "The store is consistent, and the same command goes on from what is committed"


class Known(NamedTuple):
    """What the platform says, the exit code, and what to tell; `{0}` is what the first group has found."""

    sign: re.Pattern[str]
    exit_code: int
    sentence: str


_KNOWN = (
    Known(
        re.compile(r"(No space left on device|Disk quota exceeded)"),
        3,
        "the disk is full ({0}): free some of it, name another --store, or give Spark's temporary files another place "
        f"(--conf spark.local.dir=DIR). {_GOES_ON}",
    ),
    Known(
        re.compile(r"DELTA_CANNOT_CREATE_LOG_PATH\] Cannot create ([^\s)]+)"),
        2,
        "the store's folder {0} cannot be made; expected a place that this user, and Spark, may write to",
    ),
    Known(
        re.compile(r"No FileSystem for scheme \"?([\w.+-]+)"),
        3,
        "this Spark cannot write to {0}: URLs; give it the package of that storage, such as --conf "
        "spark.jars.packages=org.apache.hadoop:hadoop-aws:VERSION for s3a",
    ),
    Known(
        re.compile(r"java\.lang\.(OutOfMemoryError[^\n]{0,80})"),
        3,
        "Spark's memory is used up ({0}); give it more: --conf spark.driver.memory=8g on one machine, --conf "
        f"spark.executor.memory=8g on a cluster. {_GOES_ON}",
    ),
    Known(
        re.compile(
            r"(AccessDeniedException: [^\n]{1,200}|[^\s]+ \(Permission denied\)|Mkdirs failed to create [^\s]+)"
        ),
        2,
        "Spark may not write there, or not read ({0}); change the permissions, or name another place",
    ),
)


def explain(error: Exception) -> tuple[int, str]:
    """The exit code and the sentence."""
    told = _FROM_EXECUTOR.search(str(error))
    if told:
        return 3, told["message"].strip()
    if isinstance(error, PermissionError):
        place = error.filename or "a file"
        return 2, f"{place}: this user may not read or write it; change its permissions, or name another place"
    for known in _KNOWN:
        found = known.sign.search(str(error))
        if found:
            return known.exit_code, known.sentence.format(found[1])
    return 1, _shorten(error)


def summarize(error: str) -> str:
    """The line that says most of an error that a manifest holds.

    That is our own sentence in a task's trace, else the first; behind a class alone the cause that a trace ends with.
    """
    told = _FROM_EXECUTOR.search(error)
    if told:
        return told["message"].strip()
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    head = lines[0] if lines else "no reason was noted"
    causes = [line for line in lines[1:] if re.match(r"[\w.]+(Error|Exception): ", line)]
    return f"{head} {causes[-1]}" if head.endswith(":") and causes else head


def _shorten(error: Exception) -> str:
    """The first lines of an error nobody foresaw; Spark's may hold thousands."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    cause = next((line for line in lines if "Error: " in line or "Exception: " in line), "")
    head = lines[0] if lines else ""
    detail = f" ({cause.strip()[:500]})" if cause and cause != head else ""
    if _DAMAGE.search(str(error)):
        detail += "; a file is missing or damaged: where it is the store's, `llmdata fsck --store DIR` says what to do"
    return f"{type(error).__name__}: {head[:500]}{detail}; -v shows all of it"
