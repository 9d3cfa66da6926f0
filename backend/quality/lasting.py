"""How long it lasts, told by a picture of the clock or the calendar: 晚上装的，第二天早上还烫嘴, 明年这个时候还能看.

Whoever says from when to when says how many hours it is at the least. Where that is more than the record has, it is
wrong whatever was meant.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from backend.quality.context import clause, sentence
from backend.quality.normalize import fold
from backend.quality.numbers import NUMBER, parse_number
from backend.quality.opposites import is_claimed
from backend.quality.record import FactFault
from backend.quality.subject import is_of_another

#: Hours of the day: the earliest and the latest that a word can mean.
_PARTS_OF_DAY: Final[Mapping[str, tuple[float, float]]] = {
    "从早": (5, 9.5), "凌晨": (0, 5), "天亮": (6, 7), "天不亮": (4, 6), "清早": (5, 8), "一早": (5, 9), "大早": (5, 9),
    "早起": (6, 9), "早晨": (5, 9), "早上": (6, 9.5), "起床": (6, 9.5), "出门": (6, 9.5), "上午": (8, 12),
    "中午": (11, 14), "午饭": (11, 13.5), "下午": (13, 18), "傍晚": (17, 19.5), "天黑": (17, 20.5), "下班": (17, 20),
    "晚饭": (17, 20), "晚上": (18, 23), "夜里": (20, 23), "半夜": (23, 27), "睡前": (20, 23), "临睡": (20, 23),
    "今晚": (18, 23), "明晚": (18, 23), "前一晚": (18, 23), "头天": (18, 23),
}  # fmt: skip
_PART: Final = "|".join(sorted(_PARTS_OF_DAY, key=len, reverse=True))
#: The next day: 第二天早上, 明天晚上, and 早起 behind 头天夜里.
_NEXT: Final = "第二天|隔天|次日|转天|明天|明早|明儿"
_MOMENT: Final = re.compile(rf"(?P<next>{_NEXT})?的?(?P<part>{_PART})|(?P<morning>明早|第二天一睁眼)")
#: A lapse that is a picture by itself, in hours at the least.
_PICTURES: Final = (
    (re.compile(rf"(?P<number>{NUMBER})天(?:{NUMBER})夜"), 23.0),
    (re.compile("(?:一|整)(?:整)?(?:宿|夜)|过夜|隔夜|一晚上|整晚|通宵"), 7.0),
)
#: Behind the moment: it is still so. 还烫嘴, 都还冒热气.
_WARM: Final = re.compile(
    "(?:还|都|照样|依然|仍然|依旧|也)[^，。！？；不没]{0,8}?(?:烫|热|温(?!和|柔)|冒气|暖手)|(?:还|都)(?:能)?(?:烫|热|冒)"
)
_COLD: Final = re.compile("(?:还|都|照样|依然|仍然|依旧)[^，。！？；不没]{0,8}?(?:冰|凉|冷)")
_LOST: Final = re.compile("不(?:烫|热|冰|凉|冷|温)|没(?:电|那么)|就(?:凉|冷|没)|凉了|冷了")
#: What runs by itself, and goes on to run.
_RUNS: Final = re.compile("[放亮跑用撑播响听录吹走转飞顶开戴玩拍]|连着|不断电|没问题|有电|不用充|扛")
_CHARGED: Final = re.compile("充(?:上|着|一|个|满就|电(?:从|到)|到)|就(?:充)?满|慢充|快充|待机")
_KEEPS: Final = re.compile(
    r"(?P<what>保温|保热|保冷|保冰|锁温)[^\d，、；;。]{0,8}(?P<hours>\d+(?:\.\d+)?)\s*个?小时(?P<open>以上|起|\+)?"
)
_RUNNING: Final = re.compile("续航|使用时[长间]|工作时[长间]|播放时[长间]|照明时[长间]|运行时[长间]|一次充满")
_HOURS: Final = re.compile(
    r"(?P<level>[高中低强弱][档光亮]|[\u4e00-\u9fa5]{2,4})?[^\d，、；;。]{0,3}(?P<hours>\d+(?:\.\d+)?)\s*个?小时(?P<open>以上|起|\+)?"
)
#: Hours told in figures: 十来个钟头, 30小时.
_HOURS_TOLD: Final = re.compile(rf"(?P<number>{NUMBER})(?P<rest>来|多|几)?个?(?:小时|钟头)")
#: Which of the levels: a bright one empties the battery first.
_LEVEL: Final = re.compile(
    "(?P<bright>最亮|最强|最大|[高强]档|[高强]光|全亮|开到?最大)|(?P<dim>最暗|最弱|最小|[低弱]档|[低弱]光|微光|夜光)"
)
_FILLED: Final = re.compile("(?:左右|上下|就|能|可以|才)*充?满")
#: So many characters may stand between the level and its hours.
_NEAR_BY: Final = 16
_VALID: Final = re.compile("有效|使用期限|可用期|核销|观看期|学习期|权益期|会员期|回看")
_LAPSE: Final = re.compile(rf"(?P<number>{NUMBER})(?P<half>个?半)?个?(?P<unit>年|月|周|星期|天|日)(?!\d)")
_DAYS: Final[Mapping[str, float]] = {"年": 365, "月": 30.4, "周": 7, "星期": 7, "天": 1, "日": 1}
#: Pictures of the calendar, with the days they are at the least.
_CALENDAR: Final = (
    (re.compile("明年(?:的)?(?:今天|这个?(?:时候|时间|时节|会儿|点儿?|月|日子))"), 350.0),
    (re.compile("明年年?底|后年|大后年"), 366.0),
    (re.compile("一整年|整整一年|(?:一|全)年(?:之内|以内|内|到头|四季|里|下来|都|随时)|今年到明年"), 355.0),
    (re.compile("大半年|半年多"), 185.0),
    (re.compile("半年(?:之?后|以后|之内|以内|内|里|都|随时)"), 176.0),
)
_MAY: Final = re.compile("能|可以|随时|都行|都认|也行|也认|都可|有效|接着|照样|管用|不过期|还在|回来|随便|都来")
_NOT_SO: Final = re.compile("不是|不到|别|没有|不能|不会|不可|不支持|学了|练了|用了|看了|做了|办了|我|等到|之前")
#: Lapses on record are told roughly.
_ROUGHLY: Final = 1.1


def lasting_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield clock and calendar pictures of a folded text that come to more than the record's hours or days."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping) or not facts:
        return
    fields = tuple((fold(str(name)).text, fold(str(value)).text) for name, value in facts.items())
    warm, cold, running, valid = _known(fields)
    for most, sign in ((warm, _WARM), (cold, _COLD)):
        if most is not None:
            yield from _kept_too_long(text, most, sign)
    if running is not None:
        yield from _running_too_long(text, *running)
        yield from _level_too_long(text, running[0][1], running[1])
    if valid is not None:
        yield from _valid_too_long(text, *valid)


_Told = tuple[float, str]


@lru_cache(maxsize=256)
def _known(
    fields: tuple[tuple[str, str], ...],
) -> tuple[_Told | None, _Told | None, tuple[_Told, Mapping[str, float]] | None, _Told | None]:
    """Return for how long it keeps warm, keeps cold, runs (with the hours of each level) and is valid."""
    kept: dict[bool, list[float]] = {True: [], False: []}
    runs: list[float] = []
    levels: dict[str, float] = {}
    valid: list[float] = []
    told: dict[str, str] = {}
    unbounded: set[str] = set()
    for name, value in fields:
        line = f"{name}：{value}"
        for match in _KEEPS.finditer(line):
            is_cold = match["what"] in ("保冷", "保冰")
            kept[is_cold].append(float(match["hours"]))
            told.setdefault(f"kept{is_cold}", line[:28])
            unbounded |= {f"kept{is_cold}"} if match["open"] else set()
        for match in _HOURS.finditer(value) if _RUNNING.search(name) else ():
            runs.append(float(match["hours"]))
            levels |= {match["level"]: float(match["hours"])} if match["level"] else {}
            told.setdefault("runs", line[:28])
            unbounded |= {"runs"} if match["open"] else set()
        for match in _LAPSE.finditer(value) if _VALID.search(name) else ():
            number = parse_number(match["number"])
            if number is not None:
                valid.append((number + (0.5 if match["half"] else 0)) * _DAYS[match["unit"]])
                told.setdefault("valid", line[:28])

    def longest(of: str, values: Sequence[float]) -> _Told | None:
        return (max(values), told[of]) if values and of not in unbounded else None

    run = longest("runs", runs)
    return (
        longest("keptFalse", kept[False]),
        longest("keptTrue", kept[True]),
        (run, levels) if run is not None else None,
        longest("valid", valid),
    )


def _spans(text: str) -> Iterator[tuple[int, int, float]]:
    """Yield from one moment of a sentence to the next: where, and how many hours it is at the least."""
    moments = list(_MOMENT.finditer(text))
    for first, second in pairwise(moments):
        between = text[first.end() : second.start()]
        if len(between) > 16 or re.search("[。！？\n]", between) or first["part"] is None:
            continue
        _, latest = _PARTS_OF_DAY[first["part"]]
        if second["part"] is None:
            hours = 24 + 6 - latest if second["morning"] else None
        else:
            earliest, last = _PARTS_OF_DAY[second["part"]]
            later = second["next"] is not None and first["next"] is None
            later = later or second["part"] == "明晚" or (last <= _PARTS_OF_DAY[first["part"]][0])
            hours = earliest + (24 if later else 0) - latest
        if hours is not None and hours > 0:
            yield first.start(), second.end(), hours


def _pictures(text: str) -> Iterator[tuple[int, int, float]]:
    for pattern, hours in _PICTURES:
        for match in pattern.finditer(text):
            number = parse_number(match["number"]) if "number" in pattern.groupindex else 1
            yield *match.span(), (24 * (number or 1) - 1) if hours > 20 else hours


def _kept_too_long(text: str, most: _Told, sign: re.Pattern[str]) -> Iterator[FactFault]:
    for start, end, hours in (*_spans(text), *_pictures(text)):
        _, high = clause(text, end, end)
        _, stop = sentence(text, start, end)
        _, beyond = clause(text, min(high + 1, stop), min(high + 1, stop))
        shown = sign.search(text, end - 2, min(beyond, stop))
        if hours <= _ROUGHLY * most[0] or shown is None or _LOST.search(text, end, min(beyond, stop)):
            continue
        if not _is_denied(text, start, shown.end()):
            said = text[start : shown.end()]
            yield FactFault("FAC-004", start, shown.end(), f"“{said}”比商品资料（{most[1]}）长", True)


def _running_too_long(text: str, most: _Told, levels: Mapping[str, float]) -> Iterator[FactFault]:
    for start, end, hours in (*_spans(text), *_pictures(text)):
        low, _ = clause(text, start, start)
        _, high = clause(text, end, end)
        level = next((known for name, known in levels.items() if name in text[low:high]), most[0])
        words = text[low:high]
        if hours <= _ROUGHLY * level or not _RUNS.search(words) or _CHARGED.search(words) or _LOST.search(words):
            continue
        # 白天装好，晚上用: two moments that nothing joins.
        joined = re.search("[到至]|一[宿夜]|通宵|整[晚夜]|[天夜]$", text[start:end])
        if joined and not _is_denied(text, start, end):
            yield FactFault("FAC-004", start, end, f"“{text[start:end]}”比商品资料（{most[1]}）长", True)


def _level_too_long(text: str, told: str, levels: Mapping[str, float]) -> Iterator[FactFault]:
    """Yield hours told of the brightest or the dimmest level that the record gives others: 最亮那档十来个钟头."""
    if len(levels) < 2:
        return
    for match in _HOURS_TOLD.finditer(text):
        hours = parse_number(match["number"])
        low, _ = sentence(text, *match.span())
        named = list(_LEVEL.finditer(text, low, match.start()))
        if hours is None or not named or match.start() - named[-1].end() > _NEAR_BY:
            continue
        wanted = max(levels.values()) if named[-1]["dim"] else min(levels.values())
        between = text[named[-1].end() : match.start()]
        most = hours + (10 if hours >= 20 else 5) if match["rest"] else hours
        if not hours > _ROUGHLY * wanted and not most < wanted / _ROUGHLY:
            continue
        # 高档3小时，中档6小时: the hours of another level; 三个小时充满: no time that it runs.
        other = re.search("充|满|[中二三]档|小时|钟头", between) or _FILLED.match(text, match.end())
        if not other and not _is_denied(text, *match.span()):
            said = text[named[-1].start() : match.end()]
            yield FactFault("FAC-004", named[-1].start(), match.end(), f"“{said}”与商品资料（{told}）不符", True)


def _valid_too_long(text: str, most: float, told: str) -> Iterator[FactFault]:
    for pattern, days in _CALENDAR:
        for match in pattern.finditer(text):
            low, high = clause(text, *match.span())
            may = _MAY.search(text, low, high) is not None
            denied = _NOT_SO.search(text, low, high) is not None or _is_denied(text, *match.span())
            if days > 1.03 * most and may and not denied:
                yield FactFault("FAC-004", *match.span(), f"“{match.group()}”比商品资料（{told}）长", True)


def _is_denied(text: str, start: int, end: int) -> bool:
    low, high = clause(text, start, end)
    return (
        text[high : high + 1] == "？"
        or re.search("别指望|别想|不能|不是|做不到|不敢|撑不|不保证|甭想|不可能|记得|不建议", text[low:high])
        is not None
        or is_of_another(text, start, end)
        or not is_claimed(text, start, end)
    )
