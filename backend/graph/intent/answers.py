"""Answers to what we asked last: an option of ours, its number, or the half of a request that was missing."""

import re
from typing import Final

from backend.graph.intent.folding import fold
from backend.graph.intent.references import CHINESE_DIGITS
from backend.graph.intent.situation import Situation

_POINTS_AT_OPTION: Final = re.compile(
    r"^(?:就|选|要|我选|我要)?(?:第)?([一二三四五六七八九\d]|[a-h])(?:个|项|号|种)?(?:吧|的)?[.!]?$"
)
_FROM_AN_END: Final = re.compile(
    r"^(?:就|选|要|我选|我要)?(?:(前|上)|(后|下)|(最后|末尾))(?:面|边|头)?(?:的|那|一)*个?(?:吧|的)?[.!]?$"
)
#: 下一个, 接着来吧, 好的继续: what was offered besides comes next, in its order.
_NEXT: Final = re.compile(
    r"^(?:好的?|行|嗯+|可以|ok|没问题|那|那就|就|请)*,?"
    r"(?:(?:写|来|做|讲|说|到|开始)*下(?:面)?一?[个段条篇款样]|接着(?:写|来|做|讲|说)?|"
    r"继续(?:写|来|做)?|往下(?:写|来|做)?|next(?: one)?)"
    r"(?:吧|呗|了|啊|哈)*[.!~]*$"
)
#: Yes to the only thing that was offered, or to what was asked for anyway.
_YES: Final = re.compile(
    r"^(?:好的?|行|嗯+|可以|ok|没问题|要|要的|对|对的|是|是的|那|那就|就)*,?(?:写|来|做|开始|安排|这么|这样)*(?:吧|呗|了|啊|哈)*[.!~]*$"
)
#: 那就两个都要, 都写吧, 全要: more than one of the options.
_ALL: Final = re.compile(
    r"^(?:那|那么|嗯|好|行)?,?(?:就|我)?(?:这)?(?P<count>[两俩二三四五六2-6])?(?:个|款|样|种|段|篇|条)?(?:产品|商品|品)?(?:都|全|统统|一起|一块儿?)+"
    r"(?:要|写|来|给我|给我写|上|安排|讲)(?:一?[段份个篇])?(?:吧|了|呗|啊|上)*[.!]*$"
)
_COUNTED: Final = {"俩": 2, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6}
#: What is offered beside the things to choose from.
_NO_THING: Final = re.compile(r"不限|不指定|按通用|不写|先只")
#: A longer message is a request of its own.
_LONGEST_HALF: Final = 30


def chosen(text: str, situation: Situation) -> str | None:
    """Return the value of the option that folded `text` chooses, by its words or its place."""
    if not situation.asked or not situation.options:
        return None
    for label, value in situation.options:
        if text in (fold(label), fold(value)):
            return value
    agreed = _YES.match(text) and (situation.offered or len(situation.options) == 1)
    if agreed or (situation.offered and _NEXT.match(text)):
        return situation.options[0][1]
    if (end := _FROM_AN_END.match(text)) and (end[3] or len(situation.options) == 2):
        return situation.options[0 if end[1] else -1][1]
    match = _POINTS_AT_OPTION.match(text)
    if match:
        sign = match[1]
        place = CHINESE_DIGITS.get(sign) or (int(sign) if sign.isdigit() else ord(sign) - ord("a") + 1)
        if 1 <= place <= len(situation.options):
            return situation.options[place - 1][1]
    return None


def all_chosen(text: str, situation: Situation) -> list[str]:
    """Return the values of all options when folded `text` wants every one of them (那就两个都要); else nothing.

    Two of three leave open which.
    """
    match = _ALL.match(text) if situation.asked and situation.options else None
    if match is None:
        return []
    values = [value for label, value in situation.options if not _NO_THING.search(label)]
    said = match["count"]
    wanted = len(values) if said is None else _COUNTED.get(said) or int(said)
    return values if len(values) > 1 and wanted == len(values) else []


def whole_request(message: str, text: str, situation: Situation) -> str | None:
    """Return what was asked before with `message` as its end; None when it can be no half of an answer."""
    if situation.asked and situation.asked_about and len(text) <= _LONGEST_HALF:
        return f"{situation.asked_about},{message}"
    return None
