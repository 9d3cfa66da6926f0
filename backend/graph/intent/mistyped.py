"""Words typed by their sound, put right against lists that end: 睡代写个卖电 is 睡袋写个卖点.

The operator's words are only held against what can be meant: the names of the catalogue, segments, styles, units of
time. A wrong guess would put another thing into the request, so each change needs the same sounds, a character that is
right, and a place where what was typed is no word. Sounds that many do not tell apart (z and zh, l and n) count where
more speaks for it: a long name, or characters that stand there each by itself.
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
_SHORT: Final = 2
_HAN: Final = re.compile(r"[\u4e00-\u9fff]{2,}")
#: Words of our own that are mistyped often. 过款 and 逼单 sound like too much else (过宽, 比单买).
_OURS: Final = (
    "开场", "开场白", "卖点", "促销", "种草", "收尾", "结尾", "话术", "文案", "活泼", "温柔", "幽默", "亲切", "热情",
    "语气", "口吻", "风格", "短一点", "再短一点", "再长一点", "换一版", "重写一版", "继续写",
)  # fmt: skip
#: Words of questions and operations. They stand in any sentence, so what was typed must be single characters that the
#: sentence holds together with nothing else: 库纯 of 库/纯/加, not of 仓库/纯棉.
_SINGLY: Final = (
    "怎么", "什么", "为什么", "库存", "价格", "优惠券", "提词器", "直播间", "链接", "退款", "主播", "继续", "话术",
    "文案", "促销", "种草", "收尾", "开场白",
)  # fmt: skip
_SINGLY_SET: Final = frozenset(_SINGLY)
#: How a character is also said than the reading of its word: 怎摸, 什莫.
_ALSO_SAID: Final = {"么": ("mo", "ma")}
#: Characters that stand for themselves too often to be slips of a short word: numbers, small words, verbs (怎磨豆浆).
_NO_SLIP: Final = frozenset("磨骂点于一二三四五六七八九十两不了的个有在是就也都这那来去过着把被给")
#: What sounds the same and is often meant.
_MEANT: Final = frozenset({"买点", "街尾", "链节", "话书", "助播", "鱼干"})
#: What may be left over of a word that is cut (睡代写 is 睡袋, 写); 开长沙 leaves nothing that anybody says.
_LEFT_OVER: Final = frozenset("写来给要讲说的个一这那也都就改换卖发和")
#: 草没了: nothing is left of it; 草没这稿 is 草莓.
_GONE: Final = re.compile(r"没(?=[了有货法人])")
#: 60妙, 两分种.
_SECONDS: Final = re.compile(
    r"(?<=\d)\s*[妙苗描秒渺](?=$|[,.;!?的钟左以内写就吧])|(?<=[一二两三四五六七八九十])妙(?=$|[,.;!?的钟左以内写就吧])"
)
_MINUTES: Final = re.compile(r"(?<=[\d一二两三四五半])分[种中终](?=$|[,.;!?的左以内写就吧])")


#: 吧价格改成45: a clause that does something to something does not begin with 吧 or 巴.
_TAKEN: Final = re.compile(
    r"(?:^|(?<=[,.;!?])|(?<=帮我)|(?<=给我)|(?<=麻烦)|(?<=[请先再]))[吧巴](?P<what>[^,.;!?\"\n]{1,14}?)(?:的)?(?:都|给|先|再|直接|也)*"
    r"(?=(?:改|换|加|减|调|降|涨|设|删|去|撤|挪|放|缩|写|弄|整|压|发|挂)(?:成|到|掉|为|一|个|短|长|进|上|下|了|出)|上架|下架|取消|合并|润色|重写|标)"
)
#: 些一段, 血个开场, 来一断促销: the words around a text.
_WRITE: Final = re.compile(
    r"(?:^|(?<=[,.;!?])|(?<=[我们再先忙新来请])|(?<=麻烦))[些血屑](?=(?:一|1|两|几)?(?:段|篇|版|份)|(?:一)?个?(?:开场|卖点|促销|种草|收尾|过款|话术|文案))"
)
_A_PIECE: Final = re.compile(r"(?<=[写来整搞弄做给我]一)[断锻](?!点|些|了|开|层|货|电|网)")


def put_right(text: str, products: Sequence[Known]) -> str:
    """Return folded `text` with the words that are surely only mistyped as they were meant."""
    text = _MINUTES.sub("分钟", _SECONDS.sub("秒", text))
    text = _A_PIECE.sub("段", _WRITE.sub("写", _TAKEN.sub(_taken, text)))
    if len(text) > _LONGEST or _HAN.search(text) is None:
        return text
    words = _words(tuple(name for known in products for name in (known.name, *known.aliases)))
    exact = [(at, at + len(word)) for word in words.all if (at := text.find(word)) >= 0]
    for start, word in _heard(text, words):
        end = start + len(word)
        if any(low < end and start < high for low, high in exact):
            continue
        right = text[:start] + word + text[end:]
        plain = word not in words.singly and _sounds_like(text[start:end], word, singly=False)
        if _stands_singly(text, start, end) if not plain else _is_better(text, right, start, end):
            text = right
            exact.append((start, end))
    return text


def _taken(match: re.Match[str]) -> str:
    """Return 把 for a 吧 that stands alone: not for 吧台凳, nor for what is called 吧 at the place."""
    # 吧台, 吧唧, 巴黎: the first character of a word.
    if len(_cut(match[0])[0]) > 1:
        return match[0]
    return f"把{match[0][1:]}"


class _Words:
    """The words of a catalogue and our own, found by a character and its place in them."""

    def __init__(self, names: Sequence[str]) -> None:
        own = {part for name in names for part in _HAN.findall(fold(name)) if len(part) <= 10}
        self.all = own | set(_OURS) | set(_SINGLY)
        #: What was typed for these must stand there in single characters.
        self.singly = _SINGLY_SET - frozenset(_OURS) - own
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
        and _sounds_like(text[at - place : at - place + len(word)], word, singly=word in _SINGLY_SET)
    }
    return sorted(found, key=lambda one: (-len(one[1]), one))


def _sounds_like(typed: str, word: str, *, singly: bool) -> bool:
    """Tell whether what was typed sounds like `word`; `singly` with an accent, too, as it is usually read."""
    same = 0
    for one, other in zip(typed, word, strict=True):
        if one == other:
            same += 1
        elif one in _NO_SLIP and len(word) <= _SHORT:
            return False
    if 2 * same < len(word):
        return False
    # Two characters of a name must sound the same; longer words may be said with an accent.
    return _is_said(typed, word, accent=len(word) > _SHORT, usual=False) or (
        singly and _is_said(typed, word, accent=True, usual=True)
    )


def _is_said(typed: str, word: str, *, accent: bool, usual: bool) -> bool:
    for one, other, sound in zip(typed, word, _as_said(word, accent), strict=True):
        if one == other or sound in (said := _syllables(one, accent, usual)):
            continue
        if not usual or said.isdisjoint(_ALSO_SAID.get(other, ())):
            return False
    return True


@lru_cache(maxsize=64)  # what was typed is held against each word that it sounds like
def _cut(text: str) -> tuple[str, ...]:
    return tuple(rjieba.cut(text, False))


@lru_cache(maxsize=4096)
def _as_said(word: str, accent: bool) -> tuple[str, ...]:
    """Return the syllables of a word as it is read: 收尾 has no yi, though 尾 can be read so."""
    return tuple(_folded(one) if accent else one for one in lazy_pinyin(word))


def _folded(syllable: str) -> str:
    return re.sub(r"(?<=[aei])ng$", "n", re.sub(r"^n(?=.)", "l", re.sub(r"^([zcs])h", r"\1", syllable)))


@lru_cache(maxsize=8192)
def _syllables(sign: str, accent: bool, usual: bool) -> frozenset[str]:
    """Return how a character can be read, without tones, or only how it `usual`ly is (姐 is also zu).

    With an accent z and zh, l and n, n and ng are one.
    """
    if not "\u4e00" <= sign <= "\u9fff":
        return frozenset()
    read = lazy_pinyin(sign) if usual else pinyin(sign, style=Style.NORMAL, heteronym=True)[0]
    if not accent:
        return frozenset(read)
    return frozenset(_folded(one) for one in read)


def _stands_singly(text: str, start: int, end: int) -> bool:
    """Tell whether what stands there is single characters, none of which belongs to a word."""
    at, covered = 0, 0
    for piece in _cut(text):
        if len(piece) == 1 and start <= at < end:
            covered += 1
        at += len(piece)
    return covered == end - start and text[start:end] not in _MEANT


def _is_better(text: str, right: str, start: int, end: int) -> bool:
    """Tell whether what stands there is no word, and with the other the sentence falls into no more pieces."""
    typed = text[start:end]
    if typed in _MEANT or _GONE.match(text, end - 1):
        return False
    before = _cut(text)
    at = 0
    for piece in before:
        if len(piece) > 1 and (at, at + len(piece)) == (start, end):
            return False
        # 伞粉色 for 散粉: what is right at its place belongs to another word. In 睡代写 (睡袋) that is what is wrong.
        if at < end < at + len(piece) and text[end] not in _LEFT_OVER and end - start <= _SHORT:
            return False
        if end - start <= _SHORT and (
            (at < start < at + len(piece) and text[start] == right[start])
            or (at < end < at + len(piece) and text[end - 1] == right[end - 1])
        ):
            return False
        at += len(piece)
    return len(_cut(right)) <= len(before)
