"""The quick pass finds what the slow way finds: every pattern over the whole text, every term at every place."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.quality.anchors import anchor_of, work_out
from backend.quality.codepoints import codes_of
from backend.quality.layering import plain
from backend.quality.normalize import NUMERALS, fold, with_digits
from backend.quality.patterns import Lazy
from backend.quality.rulebook import words_of_verticals
from backend.quality.strings import _CHUNK
from backend.quality.sweep import _ROUGH, Sighting, Sweep, Swept, _cuts_a_word

_RULES = plain(None).rules
_SWEEP = Sweep(_RULES, words_of_verticals())
_PATTERNS = [pattern for rule in _RULES for pattern in rule.patterns]
_TERMS = sorted({term for rule in _RULES for term in rule.terms})


def _slowly(text: str) -> Iterator[Sighting]:
    digits = text.translate(NUMERALS)
    for number, rule in enumerate(_RULES):
        for term in rule.terms:
            if term not in digits:
                continue
            for match in re.finditer(f"(?={re.escape(term)})", digits):
                start, end = match.start(), match.start() + len(term)
                if not _cuts_a_word(text, start, end):
                    yield Sighting(number, start, end, term)
        for pattern in rule.patterns:
            for match in pattern.finditer(text):
                if match.end() > match.start():
                    yield Sighting(number, match.start(), match.end(), "")


def _swept(sweep: Sweep, text: str) -> Swept:
    return sweep(text, with_digits.codes(codes_of(text)))


def _quickly(text: str) -> list[Sighting]:
    swept = _swept(_SWEEP, text)
    return sorted([*swept.terms, *swept.patterns])


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
    assert _quickly(text) == sorted(_slowly(text))


@given(st.lists(_pieces(), min_size=3, max_size=14), st.integers(0, 40))
def test_a_text_is_swept_alike_wherever_its_pieces_are_cut(pieces: list[str], before: int) -> None:
    text = "。" + fold("".join(pieces)).text
    moved = _CHUNK - before
    alike = [one._replace(start=one.start + moved, end=one.end + moved) for one in _quickly(text)]
    assert _quickly("。" * moved + text) == alike


@given(st.lists(_pieces(), max_size=14))
def test_the_sweep_hears_the_same_goods(pieces: list[str]) -> None:
    text = fold("".join(pieces)).text
    named = {vertical for vertical, words in words_of_verticals().items() if any(word in text for word in words)}
    assert _swept(_SWEEP, text).verticals == named


@pytest.mark.parametrize("pattern", _PATTERNS, ids=lambda pattern: pattern.pattern[:40])
def test_every_pattern_of_ours_is_tried_only_near_its_words(pattern: Lazy) -> None:
    pattern.compiled()
    anchor = anchor_of(pattern)
    assert anchor == work_out(pattern.pattern, re.IGNORECASE), "make generate"
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
    sweep = Sweep([replace(_RULES[0], terms=(), patterns=(pattern,))], {})
    assert [(one.start, one.end) for one in _swept(sweep, text).patterns] == [
        match.span() for match in pattern.finditer(text) if match.end() > match.start()
    ]


def test_a_second_anchor_is_seen_wherever_a_thousand_ends() -> None:
    pattern = re.compile("[点的不](?:.{0,4})[天我在]", re.IGNORECASE)
    assert anchor_of(pattern).others
    sweep = Sweep([replace(_RULES[0], terms=(), patterns=(pattern,))], {})
    for before in range((1 << _ROUGH) - 20, (1 << _ROUGH) + 4):
        for said in ("点三三天", "点天"):
            for text in ("。" * before + said, "。" * before + said + "。" * 40):
                (found,) = _swept(sweep, text).patterns
                assert (found.start, found.end) == (before, before + len(said))


@given(st.text(max_size=60))
def test_quick_numerals_are_numerals(text: str) -> None:
    assert with_digits(text) == text.translate(NUMERALS)
