"""Charsets of pages that declare none: ours against the library used before, on texts of known encoding."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Callable

import pyarrow as pa
from resiliparse.parse.encoding import detect_encoding

from benchmarks.conditions import REPOSITORY, Conditions
from benchmarks.figures import Figure, not_run
from spark_llmdata.kernels import charset

NAME = "charsets"
DATA = REPOSITORY.parent / "shared" / "data"
SAMPLES = DATA / "01_warc" / "cchardet-encodings" / "samples"
DECLARATIONS = DATA / "04_langid" / "udhr_paragraphs.jsonl.gz"
#: Python codecs that pages in a language (ISO 639-3) were written in before UTF-8.
CODECS = {
    "windows-1252": ("cp1252", "fra deu_1996 spa por_PT nld ita swe dan nob fin"),
    "iso-8859-2": ("iso8859-2", "pol ces hun hrv slv slk"),
    "windows-1250": ("cp1250", "pol ces hun hrv slv slk"),
    "windows-1251": ("cp1251", "rus ukr bul bel"),
    "koi8-r": ("koi8-r", "rus"),
    "windows-1253": ("cp1253", "ell_monotonic"),
    "windows-1254": ("cp1254", "tur"),
    "windows-1255": ("cp1255", "heb"),
    "windows-1256": ("cp1256", "arb pes_1"),
    "windows-1257": ("cp1257", "lit lav"),
    "windows-874": ("cp874", "tha tha2"),
    "windows-1258": ("cp1258", "vie"),
    "shift_jis": ("cp932", "jpn"),
    "euc-jp": ("euc-jp", "jpn"),
    "iso-2022-jp": ("iso-2022-jp", "jpn"),
    "gbk": ("gbk", "cmn_hans"),
    "big5": ("big5", "cmn_hant"),
    "euc-kr": ("euc-kr", "kor"),
    "utf-8": ("utf-8", "fra rus jpn"),
}
LENGTHS = (50, 500)  # characters of text in a page
Guess = Callable[[bytes], str]


def measure(conditions: Conditions) -> list[Figure]:
    """Pages decoded to the very text that was encoded, by encoding and length; and the samples of cChardet."""
    if not DECLARATIONS.is_file():
        return [not_run(NAME, "all of it", "there are no texts beside the repository")]
    paragraphs = read_paragraphs()
    guesses: dict[str, Guess] = {"ours": decode, "resiliparse": decode_by_resiliparse}
    figures = []
    for name, (codec, languages) in CODECS.items():
        for length in LENGTHS:
            pages = [p for code in languages.split() for p in make_pages(" ".join(paragraphs[code]), codec, length)]
            right = {who: sum(guess(data) == text for text, data in pages) for who, guess in guesses.items()}
            said = ", ".join(f"{who} {count}" for who, count in right.items())
            figures.append(Figure(NAME, f"{name}, {length} characters", f"{said} of {len(pages)}"))
    for sample in sorted(SAMPLES.iterdir()):
        data = sample.read_bytes()
        said = f"ours {charset_of(data)}, resiliparse {detect_encoding(data, html5_compatible=True)}"
        figures.append(Figure(NAME, sample.name, said))
    return figures


def read_paragraphs() -> dict[str, list[str]]:
    """Paragraphs by the name of their declaration."""
    found: dict[str, list[str]] = defaultdict(list)
    with gzip.open(DECLARATIONS, "rt", encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            found[entry["code"]].append(entry["text"])
    return found


def make_pages(text: str, codec: str, length: int) -> list[tuple[str, bytes]]:
    """At most 40 pages of that many characters, not ASCII alone, that the codec can write; with their bytes."""
    found = []
    for begin in range(0, len(text) - length, length):
        page = f"<html><body><p>{text[begin : begin + length]}</p></body></html>"
        try:
            data = page.encode(codec)
        except UnicodeEncodeError:
            continue
        if not page.isascii() and len(found) < 40:
            found.append((page, data))
    return found


def decode(data: bytes) -> str:
    """By our kernel."""
    return str(_decode(data).column("text")[0].as_py())


def charset_of(data: bytes) -> str:
    """What our kernel takes the bytes for, and what named it."""
    found = _decode(data)
    return f"{found.column('charset')[0].as_py()} ({found.column('source')[0].as_py()})"


def _decode(data: bytes) -> pa.RecordBatch:
    return charset.decode(pa.array([data], pa.binary()), pa.nulls(1, pa.string()))


def decode_by_resiliparse(data: bytes) -> str:
    """Strict UTF-8, else what resiliparse detects, as the stage did before."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode(detect_encoding(data, html5_compatible=True), "replace")
