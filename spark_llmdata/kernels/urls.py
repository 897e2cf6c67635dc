"""Addresses of web pages brought to one form, so that two spellings of an address are equal texts."""

from __future__ import annotations

import pyarrow as pa

from spark_llmdata import _native

__all__ = ["FORMS", "normalize"]

#: Raised by whoever changes what an address becomes.
REVISION = 2

#: `c4`: the rule of C4 (Raffel et al. 2020). Every `http://` and `https://` is deleted with a `www.` behind it, then
#: all from the first `?utm_`, `?ref` or `?feed` on, then slashes at the end. Case is kept.
#: `strict`: read as browsers do (WHATWG URL, IDNA); without user, password, fragment, default port, `www.` and `m.` in
#: front, tracking parameters and slashes at the path's end; the query sorted by name, escapes only where needed.
#: `surt`: the parts of `strict` as `com,example)/path?query`, without the scheme.
FORMS: tuple[str, ...] = tuple(_native.URL_FORMS)


def normalize(urls: pa.Array, form: str) -> pa.Array:
    """Bring each address to a form: large_string (n,), null for null. A result is its own result.

    To `strict` and `surt` only what begins with `http://` or `https://`, in any case, and can be read is an address;
    anything else stays as it is.

    Raises:
        ValueError: the form is unknown, or the column is no text.
    """
    return pa.array(_native.normalize_urls(urls, form))
