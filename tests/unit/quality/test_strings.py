"""Strings are found at every place where they stand, and columns say what is said of one place at a time."""

import re
from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backend.quality import context
from backend.quality.codepoints import codes_of
from backend.quality.context import Surroundings, clause, sentence
from backend.quality.normalize import _folding, _spots, _spots_at_once, fold
from backend.quality.sound import _codes, _spell
from backend.quality.strings import _CHUNK, _FACTOR, Strings

_FEW = "最好1第一家\U0001f600"
_SIGNS = "家，。！…\n好不没Ａ①u老板 薇v❤️"


@given(
    st.lists(st.text(st.sampled_from(_FEW), min_size=1, max_size=5), unique=True),
    st.text(st.sampled_from(_FEW), max_size=30),
    st.sampled_from([0, _CHUNK - 12]),
)
def test_every_place_of_every_string_is_found(strings: list[str], text: str, before: int) -> None:
    text = "。" * before + text
    places = [
        (number, at, at + len(string))
        for number, string in enumerate(strings)
        for at in range(before, len(text))
        if text.startswith(string, at)
    ]
    found = Strings(strings).find(codes_of(text))
    assert sorted(zip(*(column.tolist() for column in found), strict=True)) == sorted(places)


def test_a_string_is_found_wherever_a_chunk_ends_in_it() -> None:
    """Each length by itself: the second character is read together with the first, the others one by one."""
    for size in range(1, 6):
        string = _FEW[:size]
        strings = Strings([string, "别的"])
        for start in range(_CHUNK - size - 1, _CHUNK + 2):
            for behind in ("", "。" * 40):
                found = strings.find(codes_of("。" * start + string + behind))
                assert [column.tolist() for column in found] == [[0], [start], [start + size]]


def test_another_string_that_has_the_same_mark_is_not_found() -> None:
    string = "最好"
    # Two steps of the first character's mark are one of the second's: among so many pairs some come to the same.
    seconds = ((step, (ord(string[1]) - step * int(_FACTOR)) % 2**32) for step in range(0x10000, 0x100000))
    twin = next(chr(ord(string[0]) + step) + chr(second) for step, second in seconds if 0x10000 <= second < 0x110000)
    strings = Strings([string])
    ((_, alike),) = strings._alike(codes_of(twin + string), 0)
    assert alike.tolist() == [0, 2]
    assert [column.tolist() for column in strings.find(codes_of(twin + string))] == [[0], [2], [4]]


@given(st.text(st.sampled_from(_SIGNS), max_size=300), st.data())
def test_surroundings_are_where_the_marks_are(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    around, starts, ends = Surroundings(codes_of(text)), np.array([start]), np.array([end])
    assert [column.item() for column in around.clauses(starts, ends)] == list(clause(text, start, end))
    assert [column.item() for column in around.sentences(starts, ends)] == list(sentence(text, start, end))


def test_whatever_denies_a_claim_holds_a_sign_of_denial() -> None:
    patterns = (context._NEGATION, context._QUOTED_BAN, context._DISOWNED, context._QUESTION)
    words = {word for pattern in patterns for word in re.findall(r"[\u4e00-\u9fff]+", pattern.pattern)}
    # All they are made of, but what holds a sign: nothing that is put together of it may be a denial.
    plain = sorted(word for word in words if not set(word) & set(context.DENYING))
    for one, other in product(plain, repeat=2):
        assert not any(pattern.search(one + other) for pattern in patterns), one + other


@given(st.text(st.sampled_from(_SIGNS), max_size=80) | st.text(max_size=40))
def test_what_changes_is_found_alike_in_short_and_in_long_texts(text: str) -> None:
    _, _, kinds, happens = _folding()
    # A line break that only begins a longer sequence is one too many, and changes nothing.
    quick = {at for at in _spots(text, happens) if text[at] != "\n"}
    assert quick == {at for at in _spots_at_once(text, kinds) if text[at] != "\n"}
    long = "。" * 400
    assert fold(long + text).text.removeprefix(long) == fold("。" + text).text[1:]


@given(st.text(st.sampled_from(_SIGNS), min_size=1, max_size=80), st.data())
def test_many_places_come_from_where_each_comes_from(text: str, data: st.DataObject) -> None:
    folded = fold(text)
    if not folded.text:
        return
    start = data.draw(st.integers(0, len(folded.text) - 1))
    end = data.draw(st.integers(start + 1, len(folded.text)))
    lows, highs = folded.spans(np.array([start, 0]), np.array([end, end]))
    assert [(lows[0], highs[0]), (lows[1], highs[1])] == [folded.span(start, end), folded.span(0, end)]


def test_spelling_gives_as_many_codes_as_there_are_syllables() -> None:
    assert len(_spell("zuihao")) == 2
    assert _spell("zuihao") == _codes()("最好")
