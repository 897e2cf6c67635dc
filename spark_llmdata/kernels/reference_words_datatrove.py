"""The plain-Python twin of the words and sentences of the rule `datatrove`, by regular expressions.

spaCy 3.8's rules for English, written anew: character classes from Unicode's categories where those tell them, special
cases from the rules that make them. White space is Python's. Slow, and quadratic where a pattern looks back far.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator

from spark_llmdata.kernels.reference_special_cases import SPECIAL_CASES

__all__ = ["count_sentences", "is_symbol_word", "split", "tokenize"]

_LATIN = (
    "A-Za-zÀ-ÖØ-öø-\u01bf\u01c4-\u02af\u1d00-\u1d25\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-\u1eff\u2c60-\u2c7b\u2c7e\u2c7f"
    "\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\ua790-\ua7b9\ua7fa\uab30-\uab5a\uab60-\uab64\uff21-\uff3a\uff41-\uff5a"
)
_GREEK_CYRILLIC = "Α-Ωα-ωΆΈΉΊΌΎΏάέήίόύώА-Яа-яЁёІіЇїЄєҐґЃѓЅѕЈјЉљЊњЌќЀѐЍѝӘәӨөҮүҖҗҢңҺһ"
_WITHOUT_CASE = (
    "\u0591-\u05f4\u0620-\u064a\u066e-\u06d5\u06e5-\u06ff\u0750-\u077f\u08a0-\u08bd\u0900-\u09ff\u0b80-\u0cff"
    "\u0d80-\u0dff\u1100-\u137f\u2e80-\u2fdf\u2ff0-\u30ff\u31c0-\u31ef\u3200-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\ufb1d-\ufbb1\ufbd3-\ufd3d\ufd50-\ufdc7\ufdf0-\ufdfb\ufe30-\ufe4f\ufe70-\ufefc"
    "\U0001ee00-\U0001eebb\U0001f200-\U0001f2ff\U00020000-\U0002a6df\U0002a700-\U0002ebef\U0002f800-\U0002fa1f"
)
# Category So, but for what became that after Unicode 11.
_YOUNG_SYMBOLS = re.compile(
    "[\u166d\u2427-\u243f\u2b97\u2bc9\u2bff\u2e50\u2e51\u2ffc-\u2fff\u31e4-\u31ef\u32ff\ufd40-\ufd4f\ufdcf\ufdfe\ufdff"
    "\U0001019c\U00011fd5-\U00011ff1\U0001cc00-\U0001cfff\U0001d1e9\U0001d1ea\U0001e14f\U0001ed2e\U0001f10d-\U0001f10f"
    "\U0001f16c-\U0001f16f\U0001f1ad\U0001f6d5-\U0001f6df\U0001f6fa-\U0001f6ff\U0001f774-\U0001f77f"
    "\U0001f7d9-\U0001f7ff\U0001f8ae-\U0001f8ff\U0001f90c-\U0001f90f\U0001f93f\U0001f971\U0001f972"
    "\U0001f977-\U0001f979\U0001f97b\U0001f9a3-\U0001f9af\U0001f9ba-\U0001f9bf\U0001f9c3-\U0001f9cf"
    "\U0001fa00-\U0001fa5f\U0001fa6e-\U0001fbff]"
)
_QUOTES = "\"',`«´»‘’‚“”„\u2329\u232a⟦⟧〈〉《》「」『』【】〔〕（）"
_PUNCTUATION = r"…,:;!?¿؟¡()\[\]{}<>_#*&。？！，、；：～·।،۔؛٪"
_CURRENCIES = "$£¥฿﷼\u20a0-\u20bf"
_MEASURES = (
    "km km² km³ m m² m³ dm dm² dm³ cm cm² cm³ mm mm² mm³ ha µm nm yd in ft kg g mg µg t lb oz m/s km/h kmh mph "
    "hPa Pa mbar mb MB kb KB gb GB tb TB T G M K % км км² км³ м м² м³ дм дм² дм³ см см² см³ мм мм² мм³ нм "
    "кг г мг м/с км/ч кПа Па мбар Кб КБ кб Мб МБ мб Гб ГБ гб Тб ТБ тбكم كم كم² كم³ م م² م³ سم سم² سم³ مم مم² مم³ "
    "غرام جرام جم كغ ملغ كوب اكواب"
)
_POISON = "IS_ALPHA"
_ENDS = re.compile(
    "[!.?\u0589\u061f\u06d4\u0700-\u0702\u07f9\u0964\u0965\u104a\u104b\u1362\u1367\u1368\u166e\u1735\u1736\u1803\u1809"
    "\u1944\u1945\u1aa8-\u1aab\u1b5a\u1b5b\u1b5e\u1b5f\u1c3b\u1c3c\u1c7e\u1c7f\u203c\u203d\u2047-\u2049\u2e2e\u2e3c"
    "\u3002\ua4ff\ua60e\ua60f\ua6f3\ua6f7\ua876\ua877\ua8ce\ua8cf\ua92f\ua9c8\ua9c9\uaa5d-\uaa5f\uaaf0\uaaf1\uabeb\ufe52"
    "\ufe56\ufe57\uff01\uff0e\uff1f\uff61\U00010a56\U00010a57\U00011047\U00011048\U000110be-\U000110c1"
    "\U00011141-\U00011143\U000111c5\U000111c6\U000111cd\U000111de\U000111df\U00011238\U00011239\U0001123b\U0001123c"
    "\U000112a9\U0001144b\U0001144c\U000115c2\U000115c3\U000115c9-\U000115d7\U00011641\U00011642\U0001173c-\U0001173e"
    "\U00011a42\U00011a43\U00011a9b\U00011a9c\U00011c41\U00011c42\U00016a6e\U00016a6f\U00016af5\U00016b37\U00016b38"
    "\U00016b44\U0001bc9f\U0001da88]"
)
# datatrove's signs that end a sentence are these and some more; its punctuation adds the keys of a keyboard.
_SYMBOL = re.compile(
    _ENDS.pattern[:-1] + "\x00-\x08\x0b-\x1f!-/:-@\\[-`{-\x9f«´»“”„–—’…∶━►、〈〉《》「」【】％（），：；～１"
    "\u061d\u061e\u0837\u0839\u083d\u083e\u17d4-\u17d6\u17d9\u17da\u1b7d\u1b7e\u2e53\u2e54\U00010f55-\U00010f59"
    "\U00010f86-\U00010f89\U00011944\U00011946\U00011ef7\U00011ef8\U00011f43\U00011f44\U00016e98]"
)

Token = tuple[int, int]


@functools.cache
def _compile_patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Prefix, suffix, infix, address."""
    cased = [c for c in map(chr, range(0x10000)) if re.match(f"[{_LATIN}{_GREEK_CYRILLIC}]", c)]
    # Of phonetics two letters without case; of Greek the place where a second capital sigma would be.
    lower = "".join(c for c in cased if unicodedata.category(c) == "Ll" or c in "\u0294\u0295") + _WITHOUT_CASE
    upper = "".join(c for c in cased if unicodedata.category(c) == "Lu" or c == "\u03a2") + _WITHOUT_CASE
    alpha = "".join(cased) + _WITHOUT_CASE
    symbols = (c for c in map(chr, range(0x110000)) if unicodedata.category(c) == "So" and not _YOUNG_SYMBOLS.match(c))
    icons = "".join(symbols)
    affixes = _PUNCTUATION + _QUOTES + icons
    measures = "|".join(map(re.escape, _MEASURES.split()))
    prefix = rf"\.\.+|\+(?![0-9])|US\$|[AC]\$|[§%=—–{_CURRENCIES}{affixes}]"
    suffix = (
        rf"(?:\.\.+|……|['’][sS]|[—–{affixes}]|(?<=[0-9])(?:\+|{measures}|US\$|[AC]\$|[{_CURRENCIES}])"
        rf"|(?<=[0-9%²+(?:)|{lower}{_PUNCTUATION}{_QUOTES}-])\.|(?<=[{upper}][{upper}])\.|(?<=°[FCK])\.)\Z"
    )
    infix = (
        rf"\.\.+|[…{icons}]|(?<=[0-9])[+*^-](?=[0-9-])|(?<=[{lower}{_QUOTES}])\.(?=[{upper}{_QUOTES}])"
        rf"|(?<=[{alpha}]),(?=[{alpha}])|(?<=[{alpha}0-9])(?:-{{1,3}}|–|—{{1,2}}|~|[:<>=/])(?=[{alpha}])"
    )
    edge = "A-Za-z0-9\u00a1-\uffff"
    private = r"(?:10|127)\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\."
    octet = r"(?:1?\d|[1-9]\d|1?\d\d|2[0-4]\d|25[0-5])"
    first = r"(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3])"
    fourth = r"(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4])"
    numbers = rf"(?!{private}){first}\.{octet}\.{octet}\.{fourth}"
    name = rf"(?:(?:[{edge}][{edge}_-]{{0,62}})?[{edge}]\.)+[{lower}]{{2,63}}"
    address = rf"(?:[\w+.-]{{2,}}://)?(?:\S+@)?(?:{numbers}|{name})(?::\d{{2,5}})?(?:[/?#]\S*)?\Z"
    return re.compile(prefix), re.compile(suffix), re.compile(infix), re.compile(address)


def _find_chunks(text: str) -> Iterator[tuple[int, int]]:
    """Runs of white space or of none; a space that begins a run belongs to nobody, but for the text's first run."""
    start = 0
    for at in range(1, len(text) + 1):
        if at < len(text) and text[at].isspace() == text[at - 1].isspace():
            continue
        yield (start + 1 if start and text[start] == " " else start), at
        start = at


def _cut_case(text: str, start: int) -> Iterator[Token]:
    for piece in SPECIAL_CASES[text]:
        yield start, start + len(piece)
        start += len(piece)


def _split_chunk(chunk: str, start: int, specials: bool) -> list[Token]:
    find_prefix, find_suffix, _, _ = _compile_patterns()
    prefixes, suffixes = [], []
    known = SPECIAL_CASES if specials else {}
    size = -1
    while chunk and len(chunk) != size and chunk not in known:
        size = len(chunk)
        found = find_prefix.match(chunk)
        prefix = found.end() if found else 0
        if prefix and chunk[prefix:] in known:
            prefixes.append((start, start + prefix))
            start, chunk = start + prefix, chunk[prefix:]
            break
        found = find_suffix.search(chunk[prefix:])
        suffix = len(found[0]) if found else 0
        end = start + len(chunk)
        if suffix and chunk[:-suffix] in known:
            suffixes.append((end - suffix, end))
            chunk = chunk[:-suffix]
            break
        if prefix:
            prefixes.append((start, start + prefix))
        if suffix:
            suffixes.append((end - suffix, end))
        start, chunk = start + prefix, chunk[prefix : len(chunk) - suffix]
    middle = _cut_case(chunk, start) if chunk in known else _split_middle(chunk, start)
    return [*prefixes, *middle, *reversed(suffixes)]


def _split_middle(middle: str, start: int) -> Iterator[Token]:
    _, _, find_infixes, match_address = _compile_patterns()
    at = 0
    if not match_address.match(middle):
        for found in find_infixes.finditer(middle):
            if found.start() == 0:
                continue
            if at < found.start():
                yield start + at, start + found.start()
            yield start + found.start(), start + found.end()
            at = found.end()
    if at < len(middle):
        yield start + at, start + len(middle)


@functools.cache
def _list_phrases() -> dict[str, list[tuple[str, ...]]]:
    """By first token, the token sequences that special cases with an affix would be if they were none."""
    find_prefix, find_suffix, find_infix, _ = _compile_patterns()
    phrases: dict[str, list[tuple[str, ...]]] = {}
    for case in SPECIAL_CASES:
        if find_prefix.match(case) or find_suffix.search(case) or find_infix.search(case):
            tokens = tuple(case[a:b] for a, b in _split_chunk(case, 0, specials=False))
            phrases.setdefault(tokens[0], []).append(tokens)
    return phrases


def _join(text: str, tokens: list[Token]) -> list[Token]:
    words = [text[a:b] for a, b in tokens]
    found = [
        (len(phrase), at)
        for at, word in enumerate(words)
        for phrase in _list_phrases().get(word, ())
        if tuple(words[at : at + len(phrase)]) == phrase
    ]
    taken: set[int] = set()
    used = {}
    for length, at in sorted(found, key=lambda one: (-one[0], one[1])):
        if at not in taken and at + length - 1 not in taken:
            used[at] = length
        taken.update(range(at, at + length))
    joined: list[Token] = []
    at = 0
    while at < len(tokens):
        length = used.get(at, 1)
        start, end = tokens[at][0], tokens[at + length - 1][1]
        is_case = length > 1 and text[start:end] in SPECIAL_CASES
        joined.extend(_cut_case(text[start:end], start) if is_case else tokens[at : at + length])
        at += length
    return joined


def _tokens(text: str) -> list[str]:
    tokens: list[Token] = []
    for start, end in _find_chunks(text):
        if text[start:end].isspace():
            tokens.append((start, end))
        elif start < end:
            tokens.extend(_split_chunk(text[start:end], start, specials=True))
    return [text[a:b] for a, b in _join(text, tokens)]


def tokenize(text: str) -> list[str]:
    """The tokens of spaCy, white space among them."""
    tokens = _tokens(text)
    # spaCy fails on this from the second time on; datatrove takes it out and begins again.
    return _tokens(text.replace(_POISON, "")) if _POISON in tokens else tokens


def split(text: str) -> list[str]:
    """The words of datatrove: the tokens that are no white space."""
    return [token for token in tokenize(text) if not token.isspace()]


def count_sentences(text: str) -> int:
    """The sentences of datatrove: one, and one more for each token behind a sentence's end that is no punctuation."""
    sentences, ended = 1, False
    for token in tokenize(text):
        if _ENDS.fullmatch(token):
            ended = True
        elif ended and not all(unicodedata.category(c).startswith("P") for c in token):
            sentences, ended = sentences + 1, False
    return sentences


def is_symbol_word(word: str) -> bool:
    """Whether datatrove counts the word among the symbols."""
    return all(_SYMBOL.match(c) for c in word)
