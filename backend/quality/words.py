"""Where words begin and end: a short term that stands across two of them is none (面包|白胖, 刷|手机)."""

from typing import Final, Literal

import rjieba

from backend.quality.normalize import is_han

#: A longer term is hardly ever put together by chance.
_SHORT: Final = 3


def crossed(text: str, start: int, end: int, clause: tuple[int, int]) -> Literal["no", "left", "right"]:
    """Tell whether a word runs across an end of the hit `[start, end)`, which stands in this clause of a folded text.

    "left": a word that began before it ends inside it, so what is found is no word (弹性|功能 and 性功能). "right": its
    last character begins a longer word (我|日常), which new words seem to do as well (美|白霜): that is only a doubt.
    """
    if end - start > _SHORT or not all(map(is_han, text[start:end])):
        return "no"
    low, high = clause
    told = _crossed(text[low:high], start - low, end - low, False)
    # The dictionary alone, and with its guesses at unknown words, must agree.
    return told if told == "no" or told == _crossed(text[low:high], start - low, end - low, True) else "no"


def _crossed(text: str, start: int, end: int, guess: bool) -> Literal["no", "left", "right"]:
    at = 0
    right = False
    for word in rjieba.cut(text, guess):
        after = at + len(word)
        if at < start < after < end:
            return "left"
        right = right or start < at < end < after
        at = after
        if at >= end:
            break  # as in most clauses, of which much stands behind
    return "right" if right else "no"
