"""The segments of a show that a message asks for, and where one wish of it ends and the next begins."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

from backend.graph.intent.naming import sounds
from backend.graph.intent.slots import NEGATED
from backend.graph.intent.vocabulary import phrases

_WEAK: Final = re.compile(
    r"讲解|介绍|讲讲|说说|聊聊|唠唠|优势|亮点|特点|推荐|开头|结尾|优惠|福利|折扣|打折|活动|好在哪|心得|衔接|转化|限时"
)
_MENTION_LEAD: Final = re.compile(
    r"(?:突出|强调|提到?|带上|包含|结合|加上|加入|重点(?:说|讲|放)?|把|里面?有|围绕|根据)[^,.]{0,4}$"
)
#: The beginning and the end of a text are its parts when something is done to them: 开头用问句，结尾带上尺码.
_PART: Final = re.compile(r"^(?:开头|开篇|结尾|收尾)$")
_DONE_TO_IT: Final = re.compile(
    r"^(?:那|这)?(?:一?[句段]|部分|几句)?(?:话)?(?:要|可以|能不能|再|最好)?(?:用|带|加|换|改|提|放|说|是|写成|太|不够|更|有|突出|留|以|从|别|不要)"
)
#: What is over is not asked for: 介绍完保温杯，过渡到辣条.
_OVER: Final = re.compile(r"^(?:完|过了|好了|结束)")
_TEXT_TAIL: Final = re.compile(
    r"^(?:的)?(?:直播)?(?:话术|文案|脚本|台词|口播|稿|词|部分|环节|段|一?下|$|,|\.|!|\?|吧|呗)"
)
_JOINT: Final = re.compile(
    r"^\s*(?:话术|文案|稿|词|部分)?\s*(?:和|跟|与|加|及|以及|还有|,|\+|/|、|再|然后|接着|最后|之后|完了?|同时|顺便)"
)
_ORDERED: Final = re.compile(
    r"先.*(?:再|后(?!面)|然后|接着|最后|之后)|然后|接着再|最后再|之后再|顺便|再(?:写|来|出|做|给)|各(?:写|来|出|一)|分别"
)
#: Where the words of one wish may end; the last such place before the next segment's name is taken.
_BETWEEN: Final = re.compile(
    r"[,.!?;:\n+/、]+\s*(?:再|然后|接着|最后|之后|还有|同时|顺便)*|(?:以及|还有|然后|接着|最后|之后|同时|顺便|完了|再|后(?!面)|和|跟|与|及|加)+|\s+"
)
_ORDER_WORD: Final = re.compile(r"^(?:先|再|后(?!面)|然后|接着|最后|之后|还有|同时|顺便|以及|和|跟|与|,|\s)+")
#: 讲讲保湿, 多聊聊显白: what is to be told in the text that is asked for, no text of its own.
_TELL: Final = re.compile(r"(?:讲讲|说说|聊聊|唠唠|介绍(?:一?下)?)(?P<what>[^,.;!?]{2,14})")
#: Who says it so asks for one text after the other: 然后讲讲红茶.
_ANOTHER: Final = re.compile(r"(?:然后|接着|再|顺便|最后|之后|另外|还要?)(?:给我|帮我|也|来)*$")
#: Below this a segment's name is said beside something else: it is no wish of its own.
STRONG: Final = 0.35
#: A word with other uses (讲讲, 推荐) weighs no more, where nothing behind it says that a text is meant.
_FAINTLY: Final = 0.45


@dataclass(frozen=True, slots=True)
class Mention:
    """The name of a segment in the text. A heavier one is more likely what is asked for."""

    scenario: str
    start: int
    end: int
    weight: float


def segments_in(text: str) -> list[Mention]:
    """Return the segments that folded `text` names, in its order; with none, one that sounds the same (开厂白)."""
    found: list[Mention] = []
    for scenario, pattern in phrases("scenarios").items():
        for match in pattern.finditer(text):
            after = text[match.end() :]
            weight = 1.0 - 0.6 * bool(_WEAK.fullmatch(match[0]))
            weight += 0.8 * bool(_TEXT_TAIL.match(after))
            weight -= 1.0 * bool(_PART.fullmatch(match[0]) and _DONE_TO_IT.match(after))
            weight -= 1.0 * bool(_MENTION_LEAD.search(text[: match.start()]) or _OVER.match(after))
            found.append(Mention(scenario, match.start(), match.end(), weight))
    return sorted(found, key=lambda mention: mention.start) or _heard(text)


def _heard(text: str) -> list[Mention]:
    heard = sounds(text)
    present = set(heard)
    for scenario, sound in _by_ear():
        if not present.issuperset(sound):
            continue
        for at in range(len(heard) - len(sound) + 1):
            if heard[at : at + len(sound)] == sound:
                return [Mention(scenario, at, at + len(sound), 1.0)]
    return []


def load() -> None:
    """Take the names apart by their sounds now."""
    _by_ear()


@cache
def _by_ear() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the syllables of each name that is known by its sound; a syllable is a character of it."""
    tables = phrases("scenarios_by_ear")
    return tuple((scenario, sounds(word)) for scenario, table in tables.items() for word in table.pattern.split("|"))


def in_order(text: str, mentions: list[Mention]) -> list[str]:
    """Return the segments asked for one after the other, when there are several; else nothing."""
    strong = [m for m in mentions if m.weight > STRONG]
    segments = list(dict.fromkeys(m.scenario for m in strong))
    if len(segments) < 2:
        return []
    joined = any(
        a.scenario != b.scenario and _JOINT.match(text[a.end : b.start] or "-") and b.start - a.end <= 14
        for a, b in pairwise(strong)
    )
    return segments if joined or _ORDERED.search(text) else []


def is_ordered(text: str) -> bool:
    """Tell whether folded `text` says what comes first and what after it."""
    return _ORDERED.search(text) is not None


def without_told(text: str, mentions: list[Mention], named: Callable[[str], bool]) -> list[Mention]:
    """Return the mentions but for those that only say what to tell in a text that others ask for: 面霜卖点,讲讲保湿.

    `named` tells whether words name goods: 讲讲红茶 beside another product asks for a text of that.
    """
    asked = [one for one in mentions if one.weight > _FAINTLY]
    if not asked:
        return mentions
    return [one for one in mentions if one in asked or not _only_tells(text, one, named)]


def _only_tells(text: str, mention: Mention, named: Callable[[str], bool]) -> bool:
    told = _TELL.match(text, mention.start)
    if told is None or named(told["what"]):
        return False
    return _ANOTHER.search(text[: mention.start]) is None


def wishes(text: str, named: Callable[[str], bool] = lambda _: False) -> list[str]:
    """Cut folded `text` into parts that name a segment each, with all the words that go with it.

    `named` tells whether words name goods (see `without_told`).
    """
    silent = [match.span() for match in NEGATED.finditer(text)]
    strong = [
        mention
        for mention in without_told(text, segments_in(text), named)
        if mention.weight > STRONG and not any(low <= mention.start < high for low, high in silent)
    ]
    cuts = [0]
    for left, right in pairwise(strong):
        if left.end <= right.start and (places := list(_BETWEEN.finditer(text, left.end, right.start))):
            cuts.append(places[-1].start())
    return [_ORDER_WORD.sub("", text[start:end].strip(" ,.;!?:、")) for start, end in pairwise([*cuts, len(text)])]
