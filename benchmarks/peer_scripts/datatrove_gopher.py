"""datatrove's GopherQualityFilter over texts in Parquet; run by datatrove's own Python: RULE DOCUMENTS FILE...

RULE says who finds the words: `rust`, `regex` or `uniseg` (all UAX #29: the crate unicode-segmentation, the package
regex in C, plain Python), or `spacy` (datatrove's own for English). Prints one JSON object: documents, bytes, kept,
words (0 for spacy), and the CPU-seconds of the filter alone.
"""

import json
import sys
import time
from collections.abc import Callable

import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.filters import GopherQualityFilter
from datatrove.utils.word_tokenizers import WordTokenizer


class BoundaryWords(WordTokenizer):
    """Words between Unicode word boundaries (UAX #29) that hold a letter or a digit."""

    def __init__(self, split: Callable[[str], list[str]]) -> None:
        self.split = split

    def word_tokenize(self, text: str) -> list[str]:
        """The words, in order."""
        return self.split(text)

    def sent_tokenize(self, text: str) -> list[str]:
        """The filter asks for no sentences."""
        raise NotImplementedError

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """The filter asks for no sentences."""
        raise NotImplementedError


def find_splitter(rule: str) -> Callable[[str], list[str]]:
    """A function from a text to its words."""
    if rule == "rust":
        import unicode_segmentation_rs

        return unicode_segmentation_rs.unicode_words
    if rule == "regex":
        import regex

        # from a boundary, with a word character ahead, to the next boundary
        return regex.compile(r"\b(?=\w).+?\b", regex.WORD | regex.V1 | regex.DOTALL).findall
    from uniseg.wordbreak import words

    return lambda text: [word for word in words(text) if any(map(str.isalnum, word))]


rule, wanted, *files = sys.argv[1:]
texts: list[str] = []
for file in files:
    texts += pq.read_table(file, columns=["text"])["text"].to_pylist()
texts = texts[: int(wanted)]
split = None if rule == "spacy" else find_splitter(rule)
judge = GopherQualityFilter(language="eng" if split is None else BoundaryWords(split))
documents = [Document(text=text, id=str(number)) for number, text in enumerate(texts)]
judge.filter(documents[0])  # loads the tokenizer, which is start-up and not counted
begin = time.process_time()
kept = sum(judge.filter(document) is True for document in documents)
seconds = time.process_time() - begin
words = 0 if split is None else sum(len(split(text)) for text in texts)
size = sum(len(text.encode()) for text in texts)
print(json.dumps({"documents": len(texts), "bytes": size, "kept": kept, "words": words, "cpu_s": seconds}))
