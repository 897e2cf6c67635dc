"""The chunks that spaCy splits by heart in English, made from the rules that make most of them; for the twin."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["SPECIAL_CASES"]

_PERSONS = "i you he she it we they".split()
_THINGS = "who what when where why how there that this".split()
_MANY = ["these", "those"]
_SINGULAR = ["that", "this"]
_VERBS = "ca could do does did had may might must need ought sha should wo would".split()
_MODALS = "could might must should would".split()
_AUXILIARIES = "ai are is was were have has dare".split()
_DROPPED = "doin goin nothin nuthin ol somethin lovin havin".split()
_ALSO_WORDS = "ill its hell shell shed were well whore".split()

_MONTHS = "Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec"
_STATES = (
    "Ak Ala Ariz Ark Calif Colo Conn Del Fla Ga Ia Id Ill Ind Kan Kans Ky La Mass Md Mich Minn Miss Mo Mont N.C N.D "
    "N.H N.J N.M N.Y Neb Nebr Nev Okla Ore Pa S.C Tenn Va Wash Wis D.C"
)
_TITLES = "Adm Dr Gen Gov Jr Messrs Mr Mrs Ms Ph.D Prof Rep Rev Sen Bros co Co Corp Inc Ltd Mt St"
_PHRASES = "a.m p.m e.g E.g E.G i.e I.e I.E vs v.s"
_WHOLE = (
    "em 'em ll 'll nuff 'nuff 'S 's ‘S ‘s 'd 're 'cause 'Cause 'cos 'Cos 'coz 'Coz 'cuz 'Cuz 'bout ma'am Ma'am "
    r"""o'clock O'clock and/or w/o ' '' — \t \n \") <space> C++"""
)
_FACES = (
    "(-8 8) 8-) 8D 8-D ;) ;-) ;D ;-D (; (-; (: (-: ): )-: [: [-: :1 :() :o) (o: >:( >:o :') :'-) :'( :'-( =) (= =( =/ "
    "=| =] [= =[ ]= =3 =D xD XD xDD XDD ^_^ ^__^ ^___^ >.< >.> <.< ._. ;_; -_- -__- v.v V.V v_v V_V o_o o_O O_o O_O "
    "0_o o_0 0_0 o.o o.O O.o O.O 0.0 o.0 0.o @_@ <3 <33 <333 </3 (^_^) (-_-) (._.) (>_<) (*_*) (¬_¬) ಠ_ಠ ಠ︵ಠ (ಠ_ಠ) "
    "¯\\(ツ)/¯ (╯°□°）╯︵┻━┻ ><(((*>"
)


def _contract() -> Iterator[tuple[str, list[str]]]:
    """Stem and ends, as they are with their apostrophes."""
    for stem in [*_PERSONS, *_THINGS, *_MANY]:
        for end in (["'ll"], ["'ll", "'ve"], ["'d"], ["'d", "'ve"]):
            yield stem, end
    yield "i", ["'m"]
    yield "i", ["'m", "a"]
    for stem in ["i", "you", "we", "they", *_THINGS, *_MANY, *_MODALS, "not"]:
        if stem not in _SINGULAR:
            yield stem, ["'ve"]
    for stem in ["you", "we", "they", *_THINGS, *_MANY]:
        if stem not in _SINGULAR:
            yield stem, ["'re"]
    for stem in ["he", "she", "it", *_THINGS]:
        yield stem, ["'s"]
    for stem in [*_VERBS, *_AUXILIARIES]:
        yield stem, ["n't"]
    for stem in _VERBS:
        yield stem, ["n't", "'ve"]


def _cut() -> Iterator[list[str]]:
    for stem, ends in _contract():
        for start in (stem, stem.capitalize()):
            yield [start, *ends]
            yield [start, *(end.replace("'", "") for end in ends)]
    for stem, end in (("can", "not"), ("gon", "na"), ("got", "ta"), ("let", "'s"), ("c'm", "on")):
        yield from ([stem, end], [stem.capitalize(), end])
    yield from (["y'", "all"], ["y", "all"], ["how", "'d", "'y"], ["How", "'d", "'y"])
    for word in _DROPPED:
        for start in (word, word.capitalize()):
            yield from ([start], [f"{start}'"])


def _shorten() -> Iterator[list[str]]:
    for hour in range(1, 13):
        for half in ("am", "a.m.", "pm", "p.m."):
            yield [str(hour), half]
    for degree in "cfkCFK":
        yield ["°", degree, "."]
    for letter in "abcdefghijklmnopqrstuvwxyzäöü":
        yield [f"{letter}."]
    for short in f"{_MONTHS} {_STATES} {_TITLES} {_PHRASES}".split():
        yield [f"{short}."]
    for mouth in ") )) ))) ( (( ((( ] } / | P p O o 0 * 3 > X x D".split():
        yield from ([f":{mouth}"], [f":-{mouth}"])
    for whole in [*_WHOLE.split(), *_FACES.split(), " ", "\t", "\n", "\xa0"]:
        yield [whole]


def _collect() -> dict[str, tuple[str, ...]]:
    cases: dict[str, tuple[str, ...]] = {}
    for pieces in [*_cut(), *_shorten()]:
        for apostrophe in "'’":
            spelled = tuple(piece.replace("'", apostrophe) for piece in pieces)
            cases["".join(spelled)] = spelled
    for word in _ALSO_WORDS:
        cases.pop(word, None)
        cases.pop(word.capitalize(), None)
    return cases


#: By text, the pieces it is split into.
SPECIAL_CASES = _collect()
