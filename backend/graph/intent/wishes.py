"""Standing wishes: what an operator wants of every text from now on, until they say otherwise (以后都别提价格)."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from backend.graph.intent.folding import fold
from backend.graph.intent.slots import NEGATED, read_slots
from backend.graph.intent.tripwire import injected, planted

#: What makes a wish one for all texts to come.
_STANDING: Final = re.compile(
    r"以后|今后|往后|从(?:现在|今天|这条|这段|下一?[条段])(?:起|开始)|(?:接|再)下来.{0,6}(?:都|每|所有|全)|后面.{0,6}(?:都|每|所有|全)|"
    r"剩下的?.{0,6}(?:都|每|全)|每(?:一)?(?:条|段|篇|次|份|版|个(?:稿|产品|品|商品|单品)).{0,12}(?:都|一律|必须|务必|不许|不准|别|不要|要)|"
    r"所有(?:的)?(?:稿|话术|文案|脚本|口播|段落?|产品|商品|品)|全部(?:的)?(?:稿|话术|文案|脚本|口播|产品|商品)|"
    r"(?:今天|今晚|这场|本场|整场|全场|全程|这几天|这周|明天).{0,8}(?:都|一律|统统|每|全部)|(?:全程|全场|整场)(?:别|不要|不许|不准|不能|不|要)|一律|一直|始终|统一|永远|长期|"
    r"(?:^|[,.;!?])(?:请)?(?:记住|牢记|记好|你记一下|记一下)|(?:咱们?|我们|我)(?:家|店里?|直播间|这边|主播)?(?:的)?(?:稿子?|话术|文案|口播)?(?:从来|向来|都是?|一般都)"
)
#: A wish is about texts; "以后再说", "一直卖得好" are none.
_NO_WISH: Final = re.compile(r"以后再(?:说|聊|看|定|议)|(?:吗|么|呢|\?|没有)[?!.]*$")
#: 给这五款各写一段,每段都要30秒: of the texts that are asked for, not of those to come.
_OF_THESE: Final = re.compile(
    r"(?:各|分别|[一二两三四五六七八九十几\d]+[款个条段篇]).{0,8}写|写.{0,8}(?:各|[两三四五六七八九十几\d]+[款个条段篇])"
)
#: 每段都要说七天无理由, 都提一句运费险: what stands before the duty to say it in each text.
_IN_EACH: Final = re.compile(
    r"(?:^|(?<=[,;]))[^,;\"]{0,12}?(?:都|一律|统统|每(?:一)?[条段篇次份版句])(?=(?:一定|必须|务必)?(?:要|得|需要)?(?:说|讲|提(?![醒问前供高])|带|念|喊))"
)
_SENTENCE: Final = re.compile(r"[.!?\n]|(?<=[。！？])")
#: What takes a wish back.
_ALL_OFF: Final = re.compile(
    r"(?:之前|前面|刚才|以前|原来|上面|先前)(?:说|提|定|讲)?的?(?:那些|这些|所有)?(?:要求|规矩|规则|限制|约定|话)"
    r"(?:都|全部|统统|就)*(?:不算|作废|取消|不用管|去掉|清掉|忘掉|撤销|别管)|"
    r"(?:取消|清空|去掉|忘掉|撤销)(?:之前|前面|以前|所有|全部)(?:的)?(?:长期)?(?:要求|规矩|规则|限制|约定)"
)
_ALLOWED: Final = (
    r"(?:可以|能|允许|恢复|放开|改回|接着|继续|照常|照样|要)(?:再|来)?"
    r"(?:说|提|讲|写|用|报|念|出现|喊)?(?:到|出|及|一?下)?(?:了)?"
)
_NO_MORE: Final = (
    r"(?:不用|不必|不需要|别|不要|无需|不)(?:再)?(?:特意|每次|每条|都|总|老)*"
    r"(?:说|提|讲|写|带|加|强调|突出|念)?(?:到|上|了)?"
)
_BACK_TO_NORMAL: Final = re.compile(
    r"(?:语气|风格|口吻)(?:恢复|改回|回到|换回)(?:正常|平时|原来|默认)|(?:恢复|改回|回到)(?:正常|平时|原来|默认)的?(?:语气|风格|口吻)|(?:语气|风格)(?:不限|随意|随便|不用管)"
)
_ANY_LENGTH: Final = re.compile(
    r"(?:时长|长短|字数|秒数|长度)(?:不限|随意|随便|不用管|不做?限制|不卡|正常就行|恢复正常)"
)
_QUOTED: Final = re.compile(r"[\"'](?:这?个?[字词]眼?)?$|[\"']")
_VAGUE: Final = re.compile(r"这样|那样|这么|一样|别的|其他|它|这个|那个|清楚|到位")
#: So many words of a kind are kept; the last ones said.
_MOST: Final = 12
_LONGEST: Final = 28
_LISTS: Final = ("style", "avoid_style", "must_say", "must_not_say", "audience")


def heard(wishes: Mapping[str, Any], message: str, pace: int) -> dict[str, Any]:
    """Return the standing wishes that hold after an operator's message; `pace` is the host's, in characters a minute.

    Only sentences that say it is for all texts add one. To take one back needs no such word: whoever says that prices
    may be told again means it until further notice.
    """
    text = fold(message)
    held: dict[str, Any] = {key: list(value) if isinstance(value, list) else value for key, value in wishes.items()}
    if injected(text):
        return held
    if held:
        held = _taken_back(held, text)
    for sentence in _SENTENCE.split(text):
        if (match := _STANDING.search(sentence)) and not _NO_WISH.search(sentence):
            if match[0].startswith("每") and _OF_THESE.search(text):
                continue
            slots, _ = read_slots(sentence, pace)
            _add(held, slots)
            if _IN_EACH.search(sentence):
                # For one text plain words (要说绑带) are said if the record has them; said of all, they are an order.
                plain, _ = read_slots(_IN_EACH.sub("", sentence), pace)
                _add(held, {"must_say": [*plain.get("must_say", []), *plain.get("say_if_held", [])]})
    return {key: value for key, value in held.items() if value}


def after(wishes: Mapping[str, Any], messages: Iterable[str], pace: int) -> dict[str, Any]:
    """Return the wishes that hold after several messages, oldest first."""
    held = dict(wishes)
    for message in messages:
        held = heard(held, message, pace)
    return held


def _add(held: dict[str, Any], slots: Mapping[str, Any]) -> None:
    for key in _LISTS:
        words = [_QUOTED.sub("", word) for word in slots.get(key, [])]
        said = [word for word in words if word and len(word) <= _LONGEST and not planted(word) and not _vague(word)]
        if not said:
            continue
        if key in ("style", "audience"):  # the later one instead of the earlier
            held[key] = said[-_MOST:]
        else:
            held[key] = list(dict.fromkeys([*held.get(key, []), *said]))[-_MOST:]
    for wanted, unwanted in (("style", "avoid_style"), ("must_say", "must_not_say")):
        # What was said last counts, of two that cannot both be.
        if slots.get(wanted):
            held[unwanted] = [one for one in held.get(unwanted, []) if one not in slots[wanted]]
        if slots.get(unwanted):
            held[wanted] = [one for one in held.get(wanted, []) if one not in slots[unwanted]]
    if slots.get("seconds"):
        held["seconds"] = slots["seconds"]


def _vague(word: str) -> bool:
    return (_STANDING.fullmatch(word.rstrip("都也就")) or _VAGUE.fullmatch(word)) is not None


def _taken_back(held: dict[str, Any], text: str) -> dict[str, Any]:
    if _ALL_OFF.search(text):
        return {}
    if _BACK_TO_NORMAL.search(text):
        held.pop("style", None)
        held.pop("avoid_style", None)
    if _ANY_LENGTH.search(text):
        held.pop("seconds", None)
    positive = NEGATED.sub(",", text)
    for word in list(held.get("must_not_say", [])):
        name = re.escape(fold(word))
        if re.search(rf"{name}(?:也|就|现在|都|又)*{_ALLOWED}(?=[,.;!?了吧啦]|$)|{_ALLOWED}{name}", positive):
            held["must_not_say"].remove(word)
    for word in list(held.get("must_say", [])):
        name = re.escape(fold(word))
        if re.search(
            rf"{_NO_MORE}{name}|{name}(?:也|就|都)*(?:不用|不必|不需要|别|不要)(?:再)?(?:说|提|讲|带|加|强调)", text
        ):
            held["must_say"].remove(word)
    return held
