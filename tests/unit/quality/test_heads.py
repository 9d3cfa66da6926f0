"""A pattern with a head finds what it finds without one, wherever the text is cut."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import backend.quality
from backend.quality.heads import headed
from backend.quality.layering import plain

_HEADED = re.compile(r"\(\?=\[(?:\\U[\da-f]{8}|-|\\[ds])+\]\)\(\?:(?P<source>.*)\)", re.DOTALL)


def _ours() -> Iterator[tuple[str, int]]:
    """Yield the patterns of the room's own files and of the rules, as they were written."""
    for module in pkgutil.walk_packages(backend.quality.__path__, "backend.quality."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, re.Pattern):
                match = _HEADED.fullmatch(value.pattern)
                yield (match["source"] if match else value.pattern), value.flags & ~re.UNICODE
    for rule in plain(None).rules:
        yield from ((one.pattern, re.IGNORECASE) for one in (*rule.patterns, *rule.allow, *rule.evidence))


_OURS = sorted({one for one in _ours() if headed(*one).pattern != one[0]})


def _spans(pattern: re.Pattern[str], text: str, cut: slice) -> list[tuple[tuple[int, int], ...]]:
    low, high, _ = cut.indices(len(text))
    return [match.regs for match in pattern.finditer(text, low, high)]


def test_many_patterns_have_a_head() -> None:
    assert len(_OURS) > 200


@given(data=st.data())
def test_a_pattern_of_ours_matches_the_same_with_and_without_its_head(data: st.DataObject) -> None:
    source, flags = data.draw(st.sampled_from(_OURS))
    # What the pattern itself matches, what is left of it, and its neighbours.
    exact = st.from_regex(re.compile(source, flags), alphabet=st.characters(exclude_categories=("Cs",)))
    letters = st.text(st.sampled_from(sorted(set(source) | set("的，。！？1Kſİ\n"))), max_size=12)
    pieces = data.draw(st.lists(exact | letters, max_size=3))
    text = "".join(pieces)
    cut = slice(data.draw(st.integers(0, 3)), len(text) - data.draw(st.integers(0, 3)))
    assert _spans(headed(source, flags), text, cut) == _spans(re.compile(source, flags), text, cut)


@pytest.mark.parametrize(
    ("source", "flags"),
    [
        (r"(?i:a)|b+", 0),  # a flag of a group's own
        (r"(?:x?|y)z|[^a]c", 0),
        (r"(a)?(?(1)b|c)", 0),
        (r"(?<=，)(?:三|\d+)个|k[-\]^\\]", re.IGNORECASE),
        (r"(?:\b|q)(?:[-a^]|\s)+t", 0),
        (r"(?:a|b)?", 0),
        (r"^(?:a+|b)|c+", re.MULTILINE),
        (r"(?:\w+|a)é|\Wb", 0),
        (r"(?>a+|ß)b", re.IGNORECASE),
    ],
)
@given(text=st.text(st.sampled_from(list("abckqtxyzABCK-]^\\ \n，三1个éßſ\u212a"))))
def test_any_pattern_matches_the_same_with_and_without_its_head(source: str, flags: int, text: str) -> None:
    assert _spans(headed(source, flags), text, slice(None)) == _spans(re.compile(source, flags), text, slice(None))
