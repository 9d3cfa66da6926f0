"""Patterns made of a record's words are found as one pattern of all would find them."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from backend.quality.patterns import behind, places_of

_SIGNS = st.sampled_from("杯刷送2个，")


@given(
    st.lists(st.text(_SIGNS, min_size=1, max_size=3), min_size=1, max_size=3),
    st.sampled_from([r"(\d|个)", r"送?(\d)?个", r"[，]?(?:送|(2))+(?=个|$)", r"(?<=杯)(刷?)2"]),
    st.text(_SIGNS, max_size=40),
)
@example(["2"], r"(\d|个)", "22222")
@example(["杯刷", "刷"], r"送?(\d)?个", "杯刷刷个")
def test_what_stands_behind_a_word_is_found_as_one_pattern_finds_it(words: list[str], rest: str, text: str) -> None:
    whole = re.compile(f"(?:{'|'.join(map(re.escape, words))}){rest}")
    found = [(start, match.end(), match.span(1)) for start, match in behind(text, words, re.compile(rest))]
    assert found == [(match.start(), match.end(), match.span(1)) for match in whole.finditer(text)]


@given(st.text(_SIGNS, min_size=1, max_size=3), st.text(_SIGNS, max_size=40))
def test_a_word_stands_where_the_text_goes_on_with_it(word: str, text: str) -> None:
    assert list(places_of(text, word)) == [at for at in range(len(text)) if text.startswith(word, at)]
