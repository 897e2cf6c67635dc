"""A condition in Spark SQL that a user wrote: what may stand in it, what it reads, what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

from spark_llmdata.complaints import suggest

if TYPE_CHECKING:
    from pyspark.errors import PySparkException
    from pyspark.sql import DataFrame, SparkSession

#: What a condition may read of a document. Where a record lies is not among it: a result would depend on it.
COLUMNS = ("doc_id", "id", "url", "text", "lang", "date", "source", "meta", "scores", "bytes", "words")

_TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<string>[rR]'[^']*'|[rR]"[^"]*"|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    r"|(?P<quoted>`(?:[^`]|``)*`)|(?P<word>\w+)|(?P<sign>\S)",
    re.DOTALL,
)

#: What Spark takes for deterministic, because it stays the same within one query or because it does not look.
_CHANGING = frozenset(
    "current_timestamp current_date current_time localtimestamp localtime current_user session_user user now curdate "
    "current_timezone current_catalog current_database current_schema current_path version reflect java_method "
    "try_reflect aes_encrypt "
    # On Databricks:
    "current_metastore current_recipient is_member is_account_group_member secret try_secret list_secrets".split()
)
_BARE = frozenset(
    "current_timestamp current_date current_time localtimestamp localtime current_user session_user user "
    "current_catalog current_database current_schema current_path".split()
)
_QUERIES = frozenset(("WITH", "FROM", "VALUES", "TABLE", "MAP", "REDUCE"))
#: Words that are never a name of anything, unless they are quoted.
_OPERATORS = frozenset(
    "and or not in is null like ilike rlike regexp between case when then else end true false distinct from escape "
    "cast as div any all some".split()
)
#: Where the functions that come with Spark, or with Databricks, are at home.
_OWN_CLASSES = ("org.apache.spark.sql.catalyst.", "com.databricks.")
_MOMENTS = frozenset(("now", "today", "yesterday", "tomorrow"))

#: Characters of a value in a message: it may be a whole text.
MAX_VALUE = 100
_BY_PATTERN = frozenset(
    "rlike regexp regexp_like regexp_count regexp_extract regexp_extract_all regexp_instr regexp_replace regexp_substr "
    "split".split()
)

NAMED = "gives its value a name (AS); expected a condition and nothing behind it"

Token = tuple[str, str]


def split(sql: str) -> list[Token]:
    """The tokens of SQL with their kinds (string, quoted, word, sign), without comments."""
    found = ((match.lastgroup or "", match[0]) for match in _TOKEN.finditer(sql))
    return [token for token in found if token[0] != "comment"]


def check_words(sql: str) -> list[str]:
    """What is wrong with a condition that can be told without Spark."""
    tokens = split(sql)
    problems = [] if tokens else ["is empty; expected a condition in Spark SQL, such as length(text) > 200"]
    if ("sign", ";") in tokens:
        problems.append("holds a ';'; expected one condition and nothing behind it")
    if "${" in sql:
        problems.append(
            "holds '${', for which Spark would put in what the session's settings say; write the value, or concat('$', "
            "'{') for the characters"
        )
    depth = 0
    for i, (kind, text) in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(text, 0) if kind == "sign" else 0
        if kind in ("word", "quoted"):
            before = tokens[i - 1][1] if i else ""
            problems += _check_name(text, kind == "quoted", depth, before, [*tokens[i + 1 : i + 3], ("", ""), ("", "")])
    return list(dict.fromkeys(problems))


def _check_name(text: str, quoted: bool, depth: int, before: str, behind: Sequence[Token]) -> Iterator[str]:
    """What is wrong with a word or a quoted name, by the sign before it and the two tokens behind it."""
    name = text.strip("`").lower()
    calls = behind[0] == ("sign", "(")
    if before == "." and calls:
        yield (
            f"calls {text} by a name of several parts; a condition may use the functions that come with Spark, by "
            "their plain names"
        )
    if before == ".":
        return
    if not quoted and (
        name == "select" or (text.upper() in _QUERIES and before == "(" and behind[0][1] not in "(.=<>)")
    ):
        yield f"holds a query ({text}); a document is judged by its own columns: {', '.join(COLUMNS)}"
    if not quoted and name == "as" and depth == 0:
        yield NAMED
    if not quoted and name == "identifier" and calls:
        yield "names something by a text (IDENTIFIER); write the name of the column or the function itself"
    if _changes(name, behind):
        yield f"uses {text}, which is another one each time; a corpus must come out the same again: write the value"


def _changes(name: str, behind: Sequence[Token]) -> bool:
    """Whether a name stands for what differs from run to run, by the two tokens behind it."""
    if behind[0] == ("sign", "("):
        return name in _CHANGING or (name == "unix_timestamp" and behind[1] == ("sign", ")"))
    if behind[0][0] == "string" and name.startswith(("date", "timestamp")):
        return behind[0][1].strip("'\" ").lower() in _MOMENTS
    return name in _BARE


def references(sql: str, column: str) -> list[str]:
    """The keys under which a condition reads a map or a struct: `scores['x']`, `scores.x`; each once, in order."""
    tokens = [("sign", ""), *split(sql), ("sign", ""), ("sign", ""), ("sign", "")]
    found = []
    for i, (kind, text) in enumerate(tokens):
        if kind != "word" or text.lower() != column or tokens[i - 1][1] == ".":
            continue
        (_, first), (what, key) = tokens[i + 1 : i + 3]
        if first == "[" and what == "string" and tokens[i + 3][1] == "]":
            found.append(key.lstrip("rR")[1:-1])
        elif first == "." and what in ("word", "quoted"):
            found.append(key.strip("`"))
    return list(dict.fromkeys(found))


def check(docs: DataFrame, sql: str) -> str | None:
    """What Spark finds wrong with a condition on a frame's columns, of which no row is read; null: nothing."""
    with _unlogged():
        return _check(_empty(docs, docs.columns), sql)


def _check(docs: DataFrame, sql: str) -> str | None:
    from pyspark.errors import PySparkException
    from pyspark.sql import functions as F

    try:
        _ = docs.where(sql).schema
        if not _is_part(docs, sql):
            return NAMED
        # A filter may use what differs from row to row and from run to run, a join may not.
        _ = docs.join(docs.sparkSession.range(1).toDF("_one"), F.expr(sql), "left_semi").schema
    except PySparkException as error:
        return _tell(error, docs)
    return _find_own(docs, sql) or _find_wrong_pattern(docs, sql)


def _is_part(docs: DataFrame, sql: str) -> bool:
    """Whether a condition can be part of another; one that gives its value a name, by AS or without, cannot."""
    from pyspark.errors import PySparkException

    try:
        _ = docs.where(f"(\n{sql}\n)").schema
    except PySparkException:
        return False
    return True


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep PySpark from printing the errors that are answers here: it logs each that it raises, with a trace."""
    from pyspark.logger import PySparkLogger

    loggers = [PySparkLogger.getLogger(f"{kind}QueryContextLogger") for kind in ("SQL", "DataFrame")]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, was in zip(loggers, before, strict=True):
            logger.disabled = was


def _find_own(docs: DataFrame, sql: str) -> str | None:
    """What a condition uses that only this session or catalog knows: its functions and variables."""
    spark = docs.sparkSession
    own = {row[0].rsplit(".", 1)[-1].lower() for row in spark.sql("SHOW USER FUNCTIONS").collect()}
    for name in _functions(sql):
        if name in own or _is_replaced(spark, name):
            return (
                f"uses {name}(), a function of this session or catalog, whose code no manifest can name; write a stage "
                "in Python and name it by its import path"
            )
    columns = {name.lower() for name in docs.columns}
    for name in _names(sql):
        if name.split(".")[0].strip("`").lower() not in columns and _is_variable(spark, name):
            plain = name.replace("`", "")
            return f"uses {plain}, a variable of this session, whose value no manifest holds; write the value"
    return None


def _empty(docs: DataFrame, columns: Sequence[str]) -> DataFrame:
    """A frame with these columns and nothing behind it: Spark also finds columns that a `select` has left out."""
    from pyspark.sql.types import StructType

    return docs.sparkSession.createDataFrame([], StructType([docs.schema[name] for name in columns]))


def _functions(sql: str) -> Iterator[str]:
    """The names in front of an opening bracket, in lower case."""
    for (kind, text), behind in pairwise(split(sql)):
        if kind in ("word", "quoted") and behind == ("sign", "(") and text.lower() not in _OPERATORS:
            yield text.strip("`").lower()


def _names(sql: str) -> Iterator[str]:
    """Names that call nothing, with all their parts: `a`, `a.b`, in the order in which they begin."""
    tokens = [*split(sql), ("", "")]
    parts: list[str] = []
    for (kind, text), behind in pairwise(tokens):
        if kind in ("word", "quoted") and behind != ("sign", "(") and text.lower() not in _OPERATORS:
            parts.append(text if kind == "quoted" else f"`{text}`")
            if behind != ("sign", "."):
                yield ".".join(parts)
                parts = []
        elif (kind, text) != ("sign", "."):
            parts = []


def _is_replaced(spark: SparkSession, name: str) -> bool:
    """Whether a function registered in the session stands for Spark's own of that name, among which it is listed."""
    from pyspark.errors import PySparkException

    try:
        told = [row[0] for row in spark.sql(f"DESCRIBE FUNCTION `{name}`").collect()]
    except PySparkException:
        return False  # a word of the language that an opening bracket may follow, such as a type
    classes = [line.removeprefix("Class: ") for line in told if line.startswith("Class: ")]
    return any(not one.startswith(_OWN_CLASSES) for one in classes)


def _is_variable(spark: SparkSession, name: str) -> bool:
    """Whether a name means something where there are no columns."""
    from pyspark.errors import PySparkException

    try:
        _ = spark.sql(f"SELECT {name}").schema
    except PySparkException:
        return False
    return True


def find_columns(docs: DataFrame, sql: str) -> list[str]:
    """The columns of a frame without which a condition cannot be computed."""
    from pyspark.errors import PySparkException

    needed = []
    with _unlogged():
        for column in docs.columns:
            try:
                _ = _empty(docs, [name for name in docs.columns if name != column]).where(sql).schema
            except PySparkException:
                needed.append(column)
    return needed


def _tell(error: PySparkException, docs: DataFrame) -> str:
    """A complaint of Spark as a sentence, with what was probably meant."""
    condition, facts = error.getCondition() or "", error.getMessageParameters() or {}
    if condition.startswith("UNRESOLVED_COLUMN"):
        name = facts.get("objectName", "").replace("`", "")
        return f"no column {name!r}{suggest(name, docs.columns)}; a document has {', '.join(docs.columns)}"
    if condition == "FIELD_NOT_FOUND":
        fields = facts.get("fields", "").replace("`", "").split(", ")
        name = facts.get("fieldName", "").replace("`", "")
        return f"no score {name!r}{suggest(name, fields)}; there are {', '.join(fields)}"
    if condition == "UNRESOLVED_ROUTINE":
        name = facts.get("routineName", "").replace("`", "")
        known = [row[0] for row in docs.sparkSession.sql("SHOW SYSTEM FUNCTIONS").collect()]
        return f"no function {name!r} in Spark SQL{suggest(name, known)}"
    if condition == "INVALID_NON_DETERMINISTIC_EXPRESSIONS":
        return (
            "gives another answer each time, or one that depends on where a row is read; for a sample by chance use "
            "the id, which is a hash: conv(substring(doc_id, 1, 8), 16, 10) % 100 < 10"
        )
    if condition == "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN":
        return f"is {facts.get('type', 'no boolean').strip(chr(34))}; expected a condition that is true or false"
    if "window function" in str(error) or condition == "INVALID_WHERE_CONDITION":
        return "counts or compares documents (aggregate or window function); expected a condition on one document"
    return f"Spark says: {first_sentences(error)}"


def first_sentences(error: Exception) -> str:
    """What Spark says of an error, without the plan and the advice to be less strict; long values are cut."""
    text = str(error)
    for value in (getattr(error, "getMessageParameters", dict)() or {}).values():
        if len(value) > MAX_VALUE:
            text = text.replace(value, f"{value[:MAX_VALUE]}... ({len(value):,} characters)")
    text = text.split("SQLSTATE")[0] if "SQLSTATE" in text else text.strip().split("\n")[0]
    place = re.search(r"\(line \d+, pos(?:ition)? \d+\)", str(error))
    text = re.sub(r"^\s*\[[A-Z_.]+\]\s*", "", text)
    text = re.sub(r"If necessary set .*? to bypass this error\.", "", text)
    return f"{text.strip()} {place[0] if place else ''}".strip()


def find_failing(docs: DataFrame, sql: str) -> str | None:
    """Of documents for which a condition cannot be computed: how many, one of them, and Spark's words on it.

    Null where there is none, or where this Spark does not let them be found.
    """
    from pyspark.errors import PySparkException
    from pyspark.sql import functions as F

    # try_to_binary is NULL wherever its argument fails; nothing but a message depends on it.
    failing = f"try_to_binary(CAST(coalesce((\n{sql}\n), false) AS STRING), 'utf-8') IS NULL"
    try:
        count, example = docs.where(failing).agg(F.count("*"), F.min("doc_id")).collect()[0]
    except PySparkException:
        return None
    try:
        docs.where(F.col("doc_id") == example).select(F.expr(sql)).collect()
    except PySparkException as error:
        return f"{count:,} {'document' if count == 1 else 'documents'}, such as {example}: {first_sentences(error)}"
    return None


def _find_wrong_pattern(docs: DataFrame, sql: str) -> str | None:
    """A regular expression that Java cannot read: Spark finds it out where the first document is asked."""
    for written in _patterns(sql):
        try:
            docs.sparkSession.sql(f"SELECT 'x' RLIKE {written}").collect()
        except Exception as error:  # a classic session gives Java's error as it comes, Connect one of its own
            if "PatternSyntaxException" in str(error) or "regexp" in first_sentences(error):
                return f"{written} is no regular expression that Java can read; a bracket is looked for by a backslash"
            raise
    return None


def _patterns(sql: str) -> Iterator[str]:
    """The regular expressions that are written out: behind RLIKE, and second in a function of regular expressions."""
    tokens = [*split(sql), ("", "")]
    for i, ((kind, text), behind) in enumerate(pairwise(tokens[:-1])):
        name = text.lower() if kind == "word" else ""
        if name in ("rlike", "regexp") and behind[0] == "string" and tokens[i + 2][1] != "|":
            yield behind[1]
        elif name in _BY_PATTERN and behind == ("sign", "("):
            yield from _second(tokens[i + 2 :])


def _second(tokens: Sequence[Token]) -> Iterator[str]:
    """The second argument of a call, by what is behind its bracket, where it is a string and nothing else."""
    depth = 0
    for (_, text), what, behind in zip(tokens, tokens[1:], tokens[2:], strict=False):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(text, 0)
        if depth < 0:
            return
        if depth == 0 and text == ",":
            if what[0] == "string" and behind[1] in (",", ")"):
                yield what[1]
            return
