"""Strings are found at every place where they stand, whichever way they are looked for."""

from hypothesis import given
from hypothesis import strategies as st

from backend.quality.codepoints import codes_of
from backend.quality.context import Surroundings, clause, sentence
from backend.quality.lexicon import RuleSnapshot
from backend.quality.normalize import fold
from backend.quality.sound import _codes, _shorten, _spell, _syllable, _touches_latin
from backend.quality.strings import Found, Strings

_SOUNDS = RuleSnapshot.load()._sounds
_FEW = st.text(st.sampled_from("最好1第一家\U0001f600"), max_size=30)


def _rows(found: Found) -> list[tuple[int, int, int]]:
    return list(zip(*(column.tolist() for column in found), strict=True))


@given(st.lists(st.text(st.sampled_from("最好1第一家\U0001f600"), min_size=1, max_size=5), unique=True), _FEW)
def test_both_ways_find_every_place(strings: list[str], text: str) -> None:
    places = [
        (number, at, at + len(string))
        for number, string in enumerate(strings)
        for at in range(len(text))
        if text.startswith(string, at)
    ]
    codes = codes_of(text)
    one, other = Strings(strings).looked_up(codes), Strings(strings).walked(codes)
    assert sorted(_rows(one)) == sorted(places)
    assert _rows(one) == _rows(other)


@given(st.text(st.sampled_from("家，。！…\n好"), max_size=300), st.data())
def test_surroundings_are_where_the_marks_are(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    around = Surroundings(text)
    assert around.clause(start, end) == clause(text, start, end)
    assert around.sentence(start, end) == sentence(text, start, end)


def _disguised() -> st.SearchStrategy[str]:
    """Terms with some characters spelled, shortened or swapped for the sound's code."""

    def disguise(term: str, ways: list[int]) -> str:
        put = ("{0}", "{1}", "{2}", "{0}")
        return "".join(
            put[way].format(char, _syllable(char), _syllable(char)[:1]) for char, way in zip(term, ways, strict=False)
        )

    term = st.sampled_from(_SOUNDS._terms)
    return st.builds(disguise, term, st.lists(st.integers(0, 3), min_size=10, max_size=10))


def _sounds_slowly(text: str) -> set[tuple[int, int, str]]:
    """What single letters stand for, looked for everywhere."""
    return {
        (at, at + len(short), term)
        for term in _SOUNDS._terms
        for short in (_shorten(term, place) for place in range(len(term)))
        if short and short in text
        for at in range(len(text))
        if text.startswith(short, at) and not _touches_latin(text, at, at + len(short))
    }


@given(st.lists(_disguised(), max_size=4), st.sampled_from(["", "a", "，", "x1", "的"]))
def test_a_single_letter_is_found_wherever_it_stands(pieces: list[str], between: str) -> None:
    text = fold(between.join(pieces)).text
    assert _sounds_slowly(text) <= set(_SOUNDS.find(text))


def test_spelling_gives_as_many_codes_as_there_are_syllables() -> None:
    assert len(_spell("zuihao")) == 2
    assert _spell("zuihao") == _codes()("最好")
