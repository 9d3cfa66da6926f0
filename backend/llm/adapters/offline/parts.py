"""Changes of one part of a text: a sentence or a paragraph goes or is said anew; the rest stays to the letter."""

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from functools import cache
from typing import Any, Final

from backend.llm.adapters.offline.compose import draft
from backend.llm.adapters.offline.phrases import kinds, script_lines
from backend.llm.adapters.offline.sheet import Sheet
from backend.llm.adapters.offline.speech import spoken_length

_SENTENCE: Final = re.compile(r"[^。！？!?\n]+[。！？!?]*[”』」]?")
#: Of another sentence for the same as many drafts are looked through; it is not too like the old one.
_DRAFTS: Final = 24
_ALIKE: Final = 0.75
_LENGTHS: Final = (0.45, 1.9)
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")


def with_part_changed(brief: Mapping[str, Any], sheet: Sheet, seed: int) -> str | None:
    """Return the text before with the part changed that `brief["part"]` names; None when it names none.

    A part is {"start", "end", "goes"}: its bounds in `brief["previous_script"]`, and whether it goes or is said anew.
    None, too, when nothing else can be said in its place: then all of the text is written anew.
    """
    part, previous = brief.get("part"), brief.get("previous_script")
    if not isinstance(part, Mapping) or not isinstance(previous, str):
        return None
    start, end = int(part["start"]), int(part["end"])
    before, after = previous[:start], previous[end:]
    if part["goes"]:
        return _joined(before, after)
    # A line of two sentences is one thing: 在意的是哪一点？ and 说出来我对着讲。
    while (tail := _SENTENCE.match(after)) and tail[0] in _tails():
        end += tail.end()
        after = previous[end:]
    said = _said_anew(before, previous[start:end], after, sheet, seed)
    return None if said is None else f"{before}{said}{after}"


def _joined(before: str, after: str) -> str:
    """Put together what is left: no empty paragraph stays where a whole one was."""
    if (not before or before.endswith("\n")) and (not after or after.startswith("\n")):
        return f"{before.rstrip()}{after}" if before else after.lstrip()
    return f"{before}{after}"


def _said_anew(before: str, old: str, after: str, sheet: Sheet, seed: int) -> str | None:
    """Return the sentences of `old`, each said another way; None when one of them cannot be."""
    lines = _lines(old)
    whole = f"{before}{old}{after}"
    anew: list[str] = []
    for at, line in enumerate(lines):
        first, last = not before.strip() and at == 0, not after.strip() and at == len(lines) - 1
        said = _another(line, f"{whole}{''.join(anew)}", sheet, seed, first=first, last=last)
        if said is None:
            return None
        anew.append(said)
    return "".join(anew) or None


def _another(old: str, whole: str, sheet: Sheet, seed: int, *, first: bool, last: bool) -> str | None:
    """Return another line for `old`: with the same of the record in it, and about as long."""
    held, named, length = _held(old, sheet), _named(old, sheet), spoken_length(old)
    best, nearest = None, float("inf")
    for turn in range(_DRAFTS):
        said = _lines(draft(sheet, seed + turn))
        for one in said[:1] if first else said[-1:] if last else said[1:-1]:
            # How a text begins says no more of the record than the name: what else it holds is told again.
            if one in whole or (not first and _held(one, sheet) != held):
                continue
            if _named(one, sheet) != named and not (last and not named):
                continue
            off = abs(spoken_length(one) - length)
            fits = _LENGTHS[0] * length <= spoken_length(one) <= _LENGTHS[1] * length
            if fits and off < nearest and not _alike(one, old, held):
                best, nearest = one, off
    return best


def _alike(one: str, old: str, held: frozenset[str]) -> bool:
    """Tell whether two lines are alike but for what both hold of the record."""
    for words in sorted(held, key=len, reverse=True):
        one, old = one.replace(words, ""), old.replace(words, "")
    return SequenceMatcher(None, one, old).ratio() >= _ALIKE


def _lines(text: str) -> list[str]:
    """Return the sentences of a text, each with what is nothing without it."""
    found: list[str] = []
    for sentence in _SENTENCE.findall(text):
        if found and sentence in _tails():
            found[-1] += sentence
        else:
            found.append(sentence)
    return found


def _held(line: str, sheet: Sheet) -> frozenset[str]:
    """Return what of the record, and of what must be said, is in a line: another one says the same."""
    own = [part for point in (*sheet.points, *sheet.assumed) for part in (point.feature, point.benefit, point.proof)]
    words = [*own, *sheet.gifts, *sheet.required, *sheet.say, *(value for _, value in sheet.facts)]
    return frozenset([*(one for one in words if one and one in line), *_NUMBER.findall(line)])


def _named(line: str, sheet: Sheet) -> str:
    """Return by which of its names, if any, a line calls the product."""
    return next((name for name in (sheet.name, sheet.call) if name in line), "")


@cache
def _tails() -> frozenset[str]:
    """Return what follows the first sentence of lines that have two: nothing without it."""
    every = [*script_lines().values(), *(lines for kind in kinds() for lines in kind.lines.values())]
    forms = (form for lines in every for line in lines for form in line.forms())
    return frozenset(tail for form in forms for tail in _SENTENCE.findall(form)[1:] if "{" not in tail)
