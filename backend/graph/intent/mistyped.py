"""Words typed by their sound, put right against lists that end: 睡代写个卖电 is 睡袋写个卖点.

The operator's words are only held against what can be meant: the names of the catalogue, segments, styles, units of
time. A wrong guess would put another thing into the request, so each change needs the same sounds, a character that is
right, and a place where what was typed is no word.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import rjieba
from pypinyin import Style, lazy_pinyin, pinyin

from backend.graph.intent.folding import fold
from backend.graph.intent.naming import Known

#: In a longer message a few syllables always sound like something.
_LONGEST: Final = 60
_HAN: Final = re.compile(r"[\u4e00-\u9fff]{2,}")
#: Words of our own that are mistyped often. 过款 and 逼单 sound like too much else (过宽, 比单买).
_OURS: Final = (
    "开场", "开场白", "卖点", "促销", "种草", "收尾", "结尾", "话术", "文案", "活泼", "温柔", "幽默", "亲切", "热情",
    "语气", "口吻", "风格", "短一点", "长一点", "再短一点", "再长一点", "换一版", "重写一版", "继续写",
)  # fmt: skip
#: What sounds the same and is often meant.
_MEANT: Final = frozenset({"买点", "街尾"})
#: 60妙, 两分种.
_SECONDS: Final = re.compile(
    r"(?<=\d)\s*[妙苗描秒渺](?=$|[,.;!?的钟左以内写就吧])|(?<=[一二两三四五六七八九十])妙(?=$|[,.;!?的钟左以内写就吧])"
)
_MINUTES: Final = re.compile(r"(?<=[\d一二两三四五半])分[种中终](?=$|[,.;!?的左以内写就吧])")


def put_right(text: str, products: Sequence[Known]) -> str:
    """Return folded `text` with the words that are surely only mistyped as they were meant."""
    text = _MINUTES.sub("分钟", _SECONDS.sub("秒", text))
    if len(text) > _LONGEST or _HAN.search(text) is None:
        return text
    words = _words(tuple(name for known in products for name in (known.name, *known.aliases)))
    exact = [(at, at + len(word)) for word in words.all if (at := text.find(word)) >= 0]
    for start, word in _heard(text, words):
        end = start + len(word)
        if any(low < end and start < high for low, high in exact):
            continue
        right = text[:start] + word + text[end:]
        if _is_better(text, right, start, end):
            text = right
            exact.append((start, end))
    return text


class _Words:
    """The words of a catalogue and our own, found by a character and its place in them."""

    def __init__(self, names: Sequence[str]) -> None:
        own = {part for name in names for part in _HAN.findall(fold(name)) if len(part) <= 10}
        self.all = own | set(_OURS)
        self.by_sign: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for word in sorted(self.all, key=lambda one: (-len(one), one)):
            for place, sign in enumerate(word):
                self.by_sign[sign].append((word, place))


@lru_cache(maxsize=64)
def _words(names: tuple[str, ...]) -> _Words:
    return _Words(names)


def _heard(text: str, words: _Words) -> list[tuple[int, str]]:
    """Return the places of words that sound like what stands there, the longest first."""
    found = {
        (at - place, word)
        for at, sign in enumerate(text)
        for word, place in words.by_sign.get(sign, ())
        if 0 <= at - place <= len(text) - len(word)
        and word != text[at - place : at - place + len(word)]
        and _sounds_like(text[at - place : at - place + len(word)], word)
    }
    return sorted(found, key=lambda one: (-len(one[1]), one))


def _sounds_like(typed: str, word: str) -> bool:
    same = sum(one == other for one, other in zip(typed, word, strict=True))
    if 2 * same < len(word):
        return False
    # Two characters must sound the same; longer words may be said with an accent.
    accent = len(word) > 2
    meant = _as_said(word, accent)
    return all(
        one == other or sound in _syllables(one, accent) for one, other, sound in zip(typed, word, meant, strict=True)
    )


@lru_cache(maxsize=4096)
def _as_said(word: str, accent: bool) -> tuple[str, ...]:
    """Return the syllables of a word as it is read: 收尾 has no yi, though 尾 can be read so."""
    return tuple(_folded(one) if accent else one for one in lazy_pinyin(word))


def _folded(syllable: str) -> str:
    return re.sub(r"(?<=[aei])ng$", "n", re.sub(r"^([zcs])h", r"\1", syllable))


@lru_cache(maxsize=8192)
def _syllables(sign: str, accent: bool) -> frozenset[str]:
    """Return how a character can be read, without tones; with an accent z and zh, n and ng are one."""
    if not "\u4e00" <= sign <= "\u9fff":
        return frozenset()
    read = pinyin(sign, style=Style.NORMAL, heteronym=True)[0]
    if not accent:
        return frozenset(read)
    return frozenset(_folded(one) for one in read)


def _is_better(text: str, right: str, start: int, end: int) -> bool:
    """Tell whether what stands there is no word, and with the other the sentence falls into no more pieces."""
    typed = text[start:end]
    if typed in _MEANT:
        return False
    before = rjieba.cut(text, False)
    at = 0
    for piece in before:
        if len(piece) > 1 and (at, at + len(piece)) == (start, end):
            return False
        at += len(piece)
    return len(rjieba.cut(right, False)) <= len(before)
