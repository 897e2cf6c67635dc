"""The plain-Python twin of `text_forms`; the two may differ where their versions of Unicode do."""

from __future__ import annotations

import unicodedata

from spark_llmdata.kernels.reference import split_whitespace


def bring(text: str, form: str) -> str:
    """The text in a form."""
    if form == "none":
        return text
    if form == "nfc":
        return unicodedata.normalize("NFC", text)
    if form == "whitespace_lower":
        return " ".join(split_whitespace(unicodedata.normalize("NFC", text).lower()))
    assert form == "alphanumeric"
    kept = ""
    in_word = False
    for c in unicodedata.normalize("NFKC", text).lower():
        group = unicodedata.category(c)[0]
        in_word = group in "LN" or (in_word and group == "M")
        kept += c if in_word else ""
    return kept or bring(text, "whitespace_lower")
