"""The quick pass finds what the slow way finds: every pattern over the whole text, every term at every place."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.quality.anchors import anchor_of, matches
from backend.quality.lexicon import RuleSnapshot
from backend.quality.normalize import NUMERALS, fold, with_digits
from backend.quality.rulebook import words_of_verticals
from backend.quality.sweep import Sighting, Sweep, _cuts_a_word

_RULES = RuleSnapshot.load().rules
_SWEEP = Sweep(_RULES, words_of_verticals())
_PATTERNS = [pattern for rule in _RULES for pattern in rule.patterns]
_TERMS = sorted({term for rule in _RULES for term in rule.terms})


def _slowly(text: str) -> Iterator[Sighting]:
    digits = text.translate(NUMERALS)
    for rule in _RULES:
        for term in rule.terms:
            if term not in digits:
                continue
            for match in re.finditer(f"(?={re.escape(term)})", digits):
                start, end = match.start(), match.start() + len(term)
                if not _cuts_a_word(text, start, end):
                    yield Sighting(rule, start, end, term)
        for pattern in rule.patterns:
            for match in pattern.finditer(text):
                if match.end() > match.start():
                    yield Sighting(rule, match.start(), match.end(), "")


def _known(sightings: Iterator[Sighting] | list[Sighting]) -> list[tuple[str, int, int, str]]:
    return sorted((one.rule.id, one.start, one.end, one.term) for one in sightings)


def _pieces() -> st.SearchStrategy[str]:
    """Pieces of the patterns themselves, terms, and what stands between: most draws nearly match something."""
    literals = sorted({literal for pattern in _PATTERNS for literal in anchor_of(pattern).literals})
    others = sorted({other for pattern in _PATTERNS for other in anchor_of(pattern).others})
    return st.one_of(
        st.sampled_from(literals),
        st.sampled_from(others),
        st.sampled_from(_TERMS),
        st.text(st.sampled_from(list("的了就不都能会我你它，。！？三七天0 1%最第一斤块元单\n")), max_size=9),
        st.text(max_size=3),
    )


@given(st.lists(_pieces(), max_size=14))
def test_the_sweep_finds_what_the_slow_way_finds(pieces: list[str]) -> None:
    text = fold("".join(pieces)).text
    assert _known(_SWEEP(text).sightings) == _known(_slowly(text))


@given(st.lists(_pieces(), max_size=14))
def test_the_sweep_hears_the_same_goods(pieces: list[str]) -> None:
    text = fold("".join(pieces)).text
    named = {vertical for vertical, words in words_of_verticals().items() if any(word in text for word in words)}
    assert _SWEEP(text).verticals == named


@pytest.mark.parametrize("pattern", _PATTERNS, ids=lambda pattern: pattern.pattern[:40])
def test_every_pattern_of_ours_is_tried_only_near_its_words(pattern: re.Pattern[str]) -> None:
    anchor = anchor_of(pattern)
    assert anchor.literals, "let it hold a word"
    assert anchor.width is not None, "bound the repeats"


_SIGNS = st.text(st.sampled_from("abc1"), max_size=40)


@given(
    st.sampled_from(
        [
            "a(?:b|bc)?c",
            "(?<=a)b+c",
            "ab{2,3}(?!c)",
            "(?:ab|ca)$",
            "^a?b",
            "a.{0,3}?b(?=c|$)",
            "(a|b)c(?=.a)",
            "[ab]{2}1",
            "a*",
            "(?:a|)b",
            "b[^c]c?",
        ]
    ),
    _SIGNS,
)
def test_windows_change_no_match(source: str, text: str) -> None:
    pattern = re.compile(source, re.IGNORECASE)
    anchor = anchor_of(pattern)
    spots = sorted(
        (at, at + len(literal))
        for literal in anchor.literals
        for at in range(len(text))
        if text.startswith(literal, at)
    )
    found = [match.span() for match in matches(pattern, anchor, text, spots)]
    assert [span for span in found if span[0] < span[1]] == [
        match.span() for match in pattern.finditer(text) if match.end() > match.start()
    ]


@given(st.text(max_size=60))
def test_quick_numerals_are_numerals(text: str) -> None:
    assert with_digits(text) == text.translate(NUMERALS)
