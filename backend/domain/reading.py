"""How a text is read aloud: how fast its characters pass, and where a reader is in a corrected text.

The page counts the same way (`frontend/src/prompter/script.ts`, `carry.ts`); a test compares the two.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: What is seen, not read aloud: 【举起产品】.
_CUE: Final = re.compile(r"【[^】\n]*】")
#: Where Chinese characters stand in Unicode.
_HAN: Final = (
    (0x2E80, 0x2FDF),
    (0x3005, 0x3005),
    (0x3007, 0x3007),
    (0x3021, 0x3029),
    (0x3038, 0x303B),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)


@dataclass(frozen=True)
class _Paragraph:
    offset: int
    text: str


def spoken_in(text: str) -> int:
    """Return how many 字 are read aloud: each Chinese character and digit, a third of the letters of another word."""
    total = letters = 0
    for character in [*_CUE.sub("", text), ""]:
        han = character != "" and any(first <= ord(character) <= last for first, last in _HAN)
        if character.isalpha() and not han:
            letters += 1
            continue
        if letters:
            total += max(1, round(letters / 3))
            letters = 0
        total += han or character.isdecimal()
    return total


def rate_of(content: str, pace: int) -> float:
    """Return how many characters of the text (punctuation and all) pass in a second at a pace of 字/分 read aloud.

    Cues take the time that their characters take to pass; they do not count as read aloud.
    """
    spoken = spoken_in(content)
    return pace / 60 * (len(_CUE.sub("", content)) / spoken if spoken else 1)


def pace_of(content: str, rate: float) -> float:
    """Return the pace at which so many characters pass in a second; the inverse of `rate_of`."""
    return rate / rate_of(content, 1)


def carry(before: str, after: str, position: float) -> float:
    """Return where the reader is in `after`, who was at `position` in `before`.

    The same place of the same paragraph if that is still there, else the nearest text around it.
    """
    old, new = _paragraphs(before), _paragraphs(after)
    reading = next((n for n in range(len(old) - 1, -1, -1) if old[n].offset <= position), None)
    if reading is None or not new:
        return 0
    inside = position - old[reading].offset
    mates = _align(old, new)
    mate = mates[reading]
    if mate is not None:
        return new[mate].offset + inside

    # The paragraph was edited or removed: look at what stands between the unchanged neighbours.
    above = next((n for n in range(reading - 1, -1, -1) if mates[n] is not None), -1)
    below = next((n for n in range(reading + 1, len(mates)) if mates[n] is not None), len(mates))
    first = (mates[above] or 0) + 1 if above >= 0 else 0
    last = len(new) if below >= len(mates) else mates[below] or 0
    alike = _most_alike(old[reading], new[first:last], reading - above - 1)
    if alike is not None:
        return alike.offset + _within(old[reading].text, alike.text, inside)
    return new[last].offset if last < len(new) else len(after)


def _paragraphs(content: str) -> list[_Paragraph]:
    found, offset = [], 0
    for line in content.split("\n"):
        if line.strip():
            found.append(_Paragraph(offset, line.rstrip()))
        offset += len(line) + 1
    return found


def _align(before: Sequence[_Paragraph], after: Sequence[_Paragraph]) -> list[int | None]:
    """Return for each paragraph of `before` its unchanged mate in `after` (longest common subsequence)."""
    best = [[0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for row in range(len(before) - 1, -1, -1):
        for column in range(len(after) - 1, -1, -1):
            best[row][column] = (
                best[row + 1][column + 1] + 1
                if before[row].text == after[column].text
                else max(best[row + 1][column], best[row][column + 1])
            )
    mates: list[int | None] = [None] * len(before)
    row = column = 0
    while row < len(before) and column < len(after):
        if before[row].text == after[column].text:
            mates[row] = column
            row, column = row + 1, column + 1
        elif best[row + 1][column] >= best[row][column + 1]:
            row += 1
        else:
            column += 1
    return mates


def _most_alike(old: _Paragraph, candidates: Sequence[_Paragraph], likely: int) -> _Paragraph | None:
    best, most = None, -1.0
    for place, candidate in enumerate(candidates):
        head, tail = _common(old.text, candidate.text)
        alike = head + tail - abs(place - likely) * 0.1
        if alike > most:
            best, most = candidate, alike
    return best


def _common(one: str, other: str) -> tuple[int, int]:
    shorter = min(len(one), len(other))
    head = next((n for n in range(shorter) if one[n] != other[n]), shorter)
    tail = next((n for n in range(shorter - head) if one[-1 - n] != other[-1 - n]), shorter - head)
    return head, tail


def _within(old: str, edited: str, inside: float) -> float:
    head, tail = _common(old, edited)
    if inside <= head:
        return inside
    from_end = len(old) - inside
    return len(edited) - from_end if from_end <= tail else head
