"""The plain-Python twin of fastText inference: slow, obvious, and the oracle of its tests."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

_SPACE = re.compile(rb"[ \n\r\t\v\f\0]+")
_CHARACTER = re.compile(rb"[\x00-\x7f\xc0-\xff][\x80-\xbf]*")
_END = b"</s>"
_LABEL = b"__label__"
_EPSILON = 1e-5

Rows = list[list[float]]


def hash_word(word: bytes) -> int:
    """FNV-1a with 32 bits, where bytes from 0x80 on count as negative numbers."""
    h = 2166136261
    for byte in word:
        h = (h ^ (byte | 0xFFFFFF00 if byte >= 0x80 else byte)) * 16777619 & 0xFFFFFFFF
    return h


@dataclass(frozen=True)
class Model:
    """A model as its file has it: settings, words and labels with counts, and the two matrices undone."""

    word_ngrams: int
    loss: int
    bucket: int
    minn: int
    maxn: int
    words: list[bytes]
    labels: list[str]
    label_counts: list[int]
    pruned: dict[int, int] | None
    input: Rows = field(repr=False)
    output: Rows = field(repr=False)

    def rows(self, text: str) -> list[int]:
        """The rows of the input matrix that a text has, in fastText's order."""
        found: list[int] = []
        hashes = []
        for token in [*filter(None, _SPACE.split(text.encode())), _END]:
            is_word = token in self.words
            if not is_word and (token.decode() in self.labels or token.startswith(_LABEL)):
                continue
            if is_word:
                found.append(self.words.index(token))
            if self.maxn > 0 and token != _END:
                found += self._ngram_rows(hash_word(n) % self.bucket for n in self.subwords(token))
            hashes.append(hash_word(token))
            if token == _END:
                break
        return found + self._ngram_rows(self._runs(hashes))

    def subwords(self, word: bytes) -> list[bytes]:
        """Runs of `minn` to `maxn` characters of the word between angle brackets, which are none by themselves."""
        characters = _CHARACTER.findall(b"<" + word + b">")
        n = len(characters)
        return [
            b"".join(characters[begin:end])
            for begin in range(n)
            for end in range(begin + max(self.minn, 1), min(begin + self.maxn, n) + 1)
            if not (end - begin == 1 and (begin == 0 or end == n))
        ]

    def _runs(self, hashes: list[int]) -> Iterator[int]:
        signed = [h - (1 << 32) if h >= 1 << 31 else h for h in hashes]
        for begin, first in enumerate(signed):
            run = first % (1 << 64)
            for after in signed[begin + 1 : begin + self.word_ngrams]:
                run = (run * 116049371 + after) % (1 << 64)
                yield run % self.bucket

    def _ngram_rows(self, buckets: Iterator[int]) -> list[int]:
        kept = (b if self.pruned is None else self.pruned.get(b) for b in buckets)
        return [len(self.words) + row for row in kept if row is not None]

    def predict(self, text: str, k: int) -> list[tuple[str, float]]:
        """The `k` most probable labels and their probabilities, the best first."""
        rows = self.rows(text)
        if not rows:
            return []
        hidden = [sum(column) / len(rows) for column in zip(*(self.input[r] for r in rows), strict=True)]
        products = [sum(a * b for a, b in zip(hidden, row, strict=True)) for row in self.output]
        if self.loss == 1:
            found = self._descend(products)
        elif self.loss == 3:
            shares = [math.exp(p - max(products)) for p in products[: len(self.labels)]]
            found = {i: share / sum(shares) + _EPSILON for i, share in enumerate(shares)}
        else:
            found = {i: logistic(p) + _EPSILON for i, p in enumerate(products[: len(self.labels)])}
        best = sorted(found, key=lambda i: (-found[i], i))[:k]
        return [(self.labels[i], found[i]) for i in best]

    def _descend(self, products: list[float]) -> dict[int, float]:
        n = len(self.labels)
        tree = build_tree(self.label_counts)
        found, still_open = {}, [(2 * n - 2, 1.0)]
        while still_open:
            node, probability = still_open.pop()
            if probability < _EPSILON:
                continue
            if node < n:
                found[node] = probability
                continue
            right = 1 / (1 + math.exp(-products[node - n]))
            for child, share in zip(tree[node], (1 - right, right), strict=True):
                still_open.append((child, probability * (share + _EPSILON)))
        return found


def logistic(x: float) -> float:
    """The logistic function at the step below x, of 512 from -8 to 8."""
    if abs(x) > 8:
        return float(x > 0)
    step = math.floor((x + 8) * 32)
    return 1 / (1 + math.exp(-(step / 32 - 8)))


def build_tree(counts: list[int]) -> dict[int, tuple[int, int]]:
    """The children of each inner node of Huffman's tree; inner nodes follow the labels, as they are made."""
    leaves = list(enumerate(counts))
    inner: list[tuple[int, int]] = []
    tree = {}
    for made in range(len(counts), 2 * len(counts) - 1):
        pair = []
        for _ in range(2):
            take_leaf = leaves and (not inner or leaves[-1][1] < inner[0][1])
            pair.append(leaves.pop() if take_leaf else inner.pop(0))
        tree[made] = (pair[0][0], pair[1][0])
        inner.append((made, pair[0][1] + pair[1][1]))
    return tree


def read(data: bytes) -> Model:
    """Read a model file that is whole."""
    at = 0

    def take(code: str) -> tuple[int, ...]:
        nonlocal at
        found = struct.unpack_from(f"<{code}", data, at)
        at += struct.calcsize(f"<{code}")
        return found

    def matrix(coded: bool) -> Rows:
        if not coded:
            rows, dim = take("qq")
            return [list(take(f"{dim}f")) for _ in range(rows)]
        (has_norms,) = take("?")
        rows, _, length = take("qqi")
        codes = take(f"{length}B")
        parts = centroids()
        norms = [1.0] * rows
        if has_norms:
            norm_codes = take(f"{rows}B")
            (values,) = centroids()
            norms = [values[c][0] for c in norm_codes]
        width = len(parts)
        return [
            [norms[r] * x for part, c in zip(parts, codes[r * width : (r + 1) * width], strict=True) for x in part[c]]
            for r in range(rows)
        ]

    def centroids() -> list[Rows]:
        _, parts, dim, last = take("4i")
        return [[list(take(f"{dim if p + 1 < parts else last}f")) for _ in range(256)] for p in range(parts)]

    _, version, _, _, _, _, _, word_ngrams, loss, _, bucket, minn, maxn, _ = take("14i")
    take("d")
    size, n_words, _, _, n_pruned = take("3i2q")
    entries: list[tuple[bytes, int]] = []
    for _ in range(size):
        end = data.index(b"\0", at)
        name, at = data[at:end], end + 1
        count, _ = take("qb")
        entries.append((name, count))
    pairs = [take("2i") for _ in range(n_pruned)]
    (input_coded,) = take("?")
    rows = matrix(bool(input_coded))
    (output_coded,) = take("?")
    outputs = matrix(bool(input_coded and output_coded))
    labels = entries[n_words:]
    return Model(
        word_ngrams,
        loss,
        bucket,
        minn,
        maxn if version > 11 else 0,
        [name for name, _ in entries[:n_words]],
        [name.decode() for name, _ in labels],
        [count for _, count in labels],
        {pair[0]: pair[1] for pair in pairs} if n_pruned >= 0 else None,
        rows,
        outputs,
    )
