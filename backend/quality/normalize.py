"""Fold a text for matching and keep the way back: every folded position maps to a range of the original."""

import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from re import Match, Pattern, escape
from re import compile as compile_pattern
from typing import Final

import numpy as np
from numpy.typing import NDArray
from opencc import OpenCC

from backend.quality.codepoints import Swap, codes_of

_LOOKALIKES: Final = Path(__file__).parent / "rules" / "lookalikes.tsv"

#: Chinese digits to Arabic, one character to one, so that offsets stay: 第一 and 第1 become the same key.
NUMERALS: Final = str.maketrans("〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖两", "001234567891234567892")
#: `translate(NUMERALS)` for long texts.
with_digits: Final = Swap(NUMERALS)

# Clause punctuation keeps its full-width form; folding 「，」 to "," would hide the clause from the rules' patterns.
_KEPT: Final = frozenset("，！？；：、。…—“”‘’")
# Half-width clause punctuation becomes full-width unless it stands inside a number, a time or a Latin word.
_WIDENED: Final = {",": "，", "!": "！", "?": "？", ";": "；", ":": "：", "，": "，"}
_SEPARATORS: Final = (
    " \t\u3000\u00a0.．·•・‧∙●○◆◇■□▪★☆*＊※_＿-－‐–~～〜/／\\＼|｜丨^＾#＃=＝"
    "'＇\"＂`<＜>＞(（)）[［]］{｛}｝【】「」『』《》〈〉“”‘’⭐✨"
)
_INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0100-\U000e01ef\U000e0020-\U000e007f\u0300-\u036f\u20d0-\u20ff"
)
_EMOJI: Final = "\u2190-\u21ff\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001f0ff\U0001f1e6-\U0001faff"
# What may happen at a code point: it changes by itself; it begins, or is second in, a sequence that changes.
_ALONE, _FIRST, _SECOND = 1, 2, 4
_WIDE: Final = (
    (0x00A0, 0xD7FF),
    (0xF900, 0xFFFF),
    (0x1D400, 0x1D7FF),
    (0x1F100, 0x1F1E5),
    (0x20000, 0x2A6DF),
    (0x2F800, 0x2FA1F),
)


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text with its way back. Offsets count characters (Python str indices), not bytes."""

    original: str
    text: str
    #: First folded position of each piece, ascending; empty when nothing was changed.
    _firsts: tuple[int, ...] = ()
    #: For each piece: where its source begins and ends, and whether it was copied one to one.
    _sources: tuple[tuple[int, int, bool], ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the original range `[start, end)` that the non-empty folded range `[start, end)` came from."""
        if not self._firsts:
            return start, end
        return self._source(start)[0], self._source(end - 1)[1]

    def spans(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return what `span` does, for many ranges at once: where each begins and ends."""
        if not self._firsts:
            return starts, ends
        firsts = np.array(self._firsts)
        begins, stops, copied = np.array(self._sources).T
        first = np.searchsorted(firsts, starts, side="right") - 1
        last = np.searchsorted(firsts, ends - 1, side="right") - 1
        lows = begins[first] + np.where(copied[first], starts - firsts[first], 0)
        return lows, np.where(copied[last], begins[last] + ends - firsts[last], stops[last])

    def _source(self, position: int) -> tuple[int, int]:
        piece = bisect_right(self._firsts, position) - 1
        begin, end, copied = self._sources[piece]
        if not copied:
            return begin, end
        at = begin + position - self._firsts[piece]
        return at, at + 1


def rewrite(text: str, pattern: Pattern[str], replacement: Callable[[Match[str], str], str]) -> Folded:
    """Replace every match of `pattern`; `replacement` gets the match and the last sign put out, may return ''."""
    return rewrite_at(text, pattern.finditer(text), replacement)


def rewrite_at(text: str, matches: Iterable[Match[str]], replacement: Callable[[Match[str], str], str]) -> Folded:
    """Replace these matches, which follow each other, as `rewrite` does."""
    out: list[str] = []
    firsts: list[int] = []
    sources: list[tuple[int, int, bool]] = []
    length = done = 0
    last = ""

    def put(piece: str, begin: int, end: int, copied: bool) -> None:
        nonlocal length, last
        if piece:
            out.append(piece)
            firsts.append(length)
            sources.append((begin, end, copied))
            length += len(piece)
            last = piece[-1]

    for match in matches:
        begin, end = match.span()
        put(text[done:begin], done, begin, True)
        image = replacement(match, last)
        put(image, begin, end, len(image) == end - begin)
        done = end
    if not done:
        return Folded(text, text)
    put(text[done:], done, len(text), True)
    return Folded(text, "".join(out), tuple(firsts), tuple(sources))


#: Below so many characters it is quicker to look at each than to look at all at once.
_SHORT: Final = 400


@lru_cache(maxsize=256)  # a review folds the same text and the same record from many sides
def fold(text: str) -> Folded:
    """Fold width, case, script, look-alikes and what was put between characters to hide a word.

    Line breaks and clause punctuation stay; numerals stay too (see `NUMERALS`), so patterns can still read them.
    """
    mapping, pattern, kinds, happens = _folding()
    original = text
    if len(text) < _SHORT:
        if happens.keys().isdisjoint(text):
            return Folded(text, text)  # most terms are so, and there are thousands of them
        spots = _spots(text, happens)
    else:
        text = _lowered()(text)
        spots = _spots_at_once(text, kinds)
    if not spots:
        return Folded(original, text)

    def replacement(match: Match[str], before: str) -> str:
        run = match.group()
        known = mapping.get(run)
        if known is not None:
            return known
        if len(run) == 1 and run in _WIDENED:
            return _widened(text, match.start(), run)
        return _between(text, match, before)

    return replace(rewrite_at(text, _matches_at(pattern, text, spots), replacement), original=original)


def _spots(text: str, happens: Mapping[str, int]) -> list[int]:
    """Return where something changes, or may."""
    spots = []
    for at, char in enumerate(text):
        kind = happens.get(char)
        if kind is None:
            continue
        after = text[at + 1 : at + 2]
        if (kind & _FIRST and happens.get(after, 0) & _SECOND) or (
            # A line break with nothing else beside it stays as it is.
            kind & _ALONE and (char != "\n" or happens.get(after, 0) & (_ALONE | _FIRST))
        ):
            spots.append(at)
    return spots


def _spots_at_once(text: str, kinds: NDArray[np.uint8]) -> list[int]:
    """Return what `_spots` does."""
    codes = codes_of(text)
    kind = np.zeros(len(codes) + 1, dtype=np.uint8)
    kinds.take(codes, mode="clip", out=kind[:-1])
    told = (kind != 0).nonzero()[0]
    here, after = kind[told], kind[told + 1]
    marked = ((here & _ALONE) != 0) | (((here & _FIRST) != 0) & ((after & _SECOND) != 0))
    # A line break with nothing else beside it stays as it is.
    beside = np.zeros(len(told), dtype=bool)
    beside[:-1] = marked[1:] & (np.diff(told) == 1)
    spots: list[int] = told[marked & ((codes[told] != ord("\n")) | beside)].tolist()
    return spots


def _matches_at(pattern: Pattern[str], text: str, spots: Iterable[int]) -> Iterator[Match[str]]:
    """Yield what `finditer` would, when matches begin at `spots` only. A line break alone stays as it is."""
    done = 0
    for spot in spots:
        if spot >= done and (match := pattern.match(text, spot)):
            done = match.end()
            if match.group() != "\n":
                yield match


def _widened(text: str, at: int, mark: str) -> str:
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if before.isascii() and before.isalnum() and after.isascii() and after.isalnum():
        return mark
    return _WIDENED[mark]


def _between(text: str, match: Match[str], before: str) -> str:
    """Decide what remains of a run of separators, emoji and invisible characters."""
    run = match.group()
    if "\n" in run or "\r" in run:
        return "\n"
    after = text[match.end() : match.end() + 1]
    visible = _STRIP_INVISIBLE.sub("", run)
    if not visible or is_han(before) or is_han(after):
        return ""
    return unicodedata.normalize("NFKC", visible) if visible.strip() else " "


def is_han(char: str) -> bool:
    """Tell whether `char` is one Chinese character."""
    return "\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U0002fa1f"


_STRIP_INVISIBLE: Final = compile_pattern(f"[{_INVISIBLE}]+")


@cache
def _folding() -> tuple[dict[str, str], Pattern[str], NDArray[np.uint8], Mapping[str, int]]:
    """Return the images, a pattern for one place that changes, and what happens at each code point: as a column of all
    of them, and only of those at which something does."""
    # Half of a pair is no character; what is left of it must not end the search for terms.
    single: dict[str, str] = {chr(code): "\ufffd" for code in range(0xD800, 0xE000)}
    # One call for all: a line break joins nothing with its neighbours.
    wide = "".join(_range(low, high) for low, high in _WIDE)
    images = unicodedata.normalize("NFKC", "\n".join(wide)).lower().split("\n")
    for char, folded in zip(wide, images, strict=True):
        if folded != char and char not in _KEPT and folded.strip():
            single[char] = folded
    han = _range(0x3400, 0x9FFF)
    single.update((t, s) for t, s in zip(han, OpenCC("t2s").convert("\n".join(han)).split("\n"), strict=True) if t != s)
    single.update((chr(code), chr(code + 32)) for code in range(ord("A"), ord("Z") + 1))
    for kept in _KEPT | set(_SEPARATORS):
        single.pop(kept, None)
    special = dict(_lookalikes())
    single.update((source, target) for source, target in special.items() if len(source) == 1)
    longer = {source: target for source, target in special.items() if len(source) > 1}
    everything = _range(0, sys.maxunicode)
    gaps = compile_pattern(f"[{escape(_SEPARATORS)}\\s{_INVISIBLE}{_EMOJI}]").findall(everything)
    # One match per run keeps the number of pieces small; characters with an image of their own go one by one.
    alternatives = [
        *(escape(source) for source in sorted(longer, key=len, reverse=True)),
        f"[{_classes(single)}]",
        "[,!?;:]",
        f"[{_classes(set(gaps) - single.keys())}]+",
    ]
    happens = dict.fromkeys((*single, *",!?;:", *gaps), _ALONE)
    for source in longer:
        happens[source[0]] = happens.get(source[0], 0) | _FIRST
        happens[source[1]] = happens.get(source[1], 0) | _SECOND
    kinds = np.zeros(sys.maxunicode + 1, dtype=np.uint8)
    kinds[list(map(ord, happens))] = list(happens.values())
    return single | longer, compile_pattern("|".join(alternatives)), kinds, happens


@cache
def simplifying() -> dict[int, str]:
    """Return, for `str.translate`, the simplified character of each traditional one: as many characters as before."""
    han = _range(0x3400, 0x9FFF)
    plain = OpenCC("t2s").convert("\n".join(han)).split("\n")
    return {ord(one): other for one, other in zip(han, plain, strict=True) if one != other and len(other) == 1}


@cache
def _lowered() -> Swap:
    """Return what may be done to a whole text at once: one character becomes another one that is of its sort.

    Nothing that looks at its neighbours, or begins or goes on in a sequence, can tell the difference.
    """
    mapping, _, _, happens = _folding()
    joined = {char for source in mapping if len(source) > 1 for char in source}
    return Swap(
        {
            ord(char): image
            for char, image in mapping.items()
            if len(char) == len(image) == 1
            and max(char, image) < "\uffff"
            and char not in joined
            and image not in happens
            and image != "\ufffd"
            and is_han(char) == is_han(image)
            and char.isascii() == image.isascii()
        }
    )


def _range(low: int, high: int) -> str:
    """Return all characters from one code point to another."""
    return np.arange(low, high + 1, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")


def _classes(chars: Iterable[str]) -> str:
    """Write characters as the inside of a character class, neighbours as ranges."""
    codes = sorted(map(ord, chars))
    parts: list[str] = []
    first = previous = codes[0]
    for code in [*codes[1:], 0x110000]:
        if code == previous + 1:
            previous = code
            continue
        parts.append(f"{escape(chr(first))}-{escape(chr(previous))}")
        first = previous = code
    return "".join(parts)


def _lookalikes() -> Iterable[tuple[str, str]]:
    for line in _LOOKALIKES.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("//"):
            source, target = line.split("\t")
            yield source, target
