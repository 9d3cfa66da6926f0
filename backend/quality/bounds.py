"""Ranges and bounds: for whom, how long and under what load; what a script puts beyond the record's."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backend.quality.amounts import amounts
from backend.quality.context import clause
from backend.quality.heads import headed
from backend.quality.normalize import fold
from backend.quality.numbers import NUMBER, parse_number
from backend.quality.opposites import is_claimed
from backend.quality.record import FactFault

_AGE: Final = rf"(?P<number>{NUMBER})(?P<more>个半|多)?(?P<unit>周?岁|个月|月龄)(?P<half>半)?"
_FROM: Final = headed(rf"{_AGE}(?:及|或)?(?:以上|起|\+|＋)")
_SPAN: Final = headed(
    rf"(?P<low>{NUMBER})\s*(?P<unit>周?岁|个月|月龄)?\s*(?:[-~–—]|到|至)\s*(?P<high>{NUMBER})\s*(?P<last>周?岁|个月|月龄)"
)
_SAID: Final = headed(_AGE)
#: Ages told by a word, in months: from, to.
_STAGES: Final[Mapping[str, tuple[int, int]]] = {
    "刚出生": (0, 1), "新生儿": (0, 1), "一出生": (0, 1), "出生就": (0, 1),
    "月子里的宝宝": (0, 1), "没满月": (0, 1), "刚满月": (1, 2), "满月的": (1, 2),
    "百天": (3, 4), "刚会坐": (6, 8), "刚会爬": (7, 10), "刚会走": (11, 15),
    "没长牙": (0, 8), "刚断奶": (10, 18), "幼儿园": (36, 72), "小学生": (72, 144),
    "初中生": (144, 180), "高中生": (180, 216), "成年人": (216, 999), "大人": (216, 999),
}  # fmt: skip
_STAGE: Final = re.compile("|".join(_STAGES))
_LETS: Final = re.compile("[^，。！？；不没别勿]{0,10}?(?:能|可以|就|都|也|适合|开始|放心|直接|没问题)")
_SUITS: Final = re.compile("(?:适合|给|从|专为|只要|(?<![充装加灌坐])满)[^，。！？；不没别用]{0,4}$")
_HARMLESS: Final = re.compile("[^，。！？；]{0,6}[听看读翻学吃喝玩用陪]")
#: Goods for children: grown people are close by all day (大人心里也静了); whom they are for is said.
_FOR_THEM: Final = re.compile(
    "(?:适合|专为|专门[给为]|专给|写给|画给|面向|针对|(?:就|都|其实|本来)?是给)(?:我们|咱们|各位|所有|广大|那些|成年)*$"
)
_GIVEN: Final = re.compile("(?<![不没别])给(?:我们|咱们|各位)?$")
_THEIRS: Final = re.compile("们?[^，。！？；]{0,2}[看读用穿玩坐骑戴]的")
_WITH_THEM: Final = re.compile(
    "[^，。！？；]{0,6}(?:陪|带着?|和|跟|一起|念|讲|帮|看着|看护|监护|给孩子|给娃|给宝|孩子|小孩|宝宝|娃)"
)
_MAY_USE: Final = re.compile(
    "[^，。！？；不没别勿]{0,8}?(?:适合|没问题|没事|合适|合身|[穿骑睡戴]|坐(?!在|旁|边)|用(?!心|来))"
)
_REFUSED: Final = re.compile("不|别|勿|没到|以下|以内的?不|先等|等到|再等|慎|不到[^，。！？；]{0,8}(?:别|不)")
_FOR_WHOM: Final = re.compile("适[用合宜]|年龄|月龄|岁|人群|阶段|对象")
#: Without end.
_EVER: Final = r"(?:终身|终生|永久|一辈子|无限期|永远|长期|这辈子|几十年|多少年)"
_TERMS: Final = (
    (
        re.compile("质保|保修|联保|维修|售后|三包|换新"),
        re.compile(
            rf"{_EVER}[^，。！？；]{{0,3}}(?:质保|保修|包换|换新|维修|免费修|负责|售后|保养|维护|管)|(?:质保|保修|售后)[^，。！？；]{{0,3}}{_EVER}"
        ),
    ),
    (
        re.compile("有效|回[看放]|期限|学习|观看|使用期|会员|权益|时长"),
        re.compile(
            rf"{_EVER}[^，。！？；]{{0,3}}(?:有效|回[看放]|可看|能看|观看|学习|使用|能用|会员|随便看)|(?:有效期?|回[看放]|能看|观看)[^，。！？；]{{0,3}}{_EVER}|(?:不限|没有|无)(?:观看|学习|使用)?(?:时间|有效期|期限)|不过期|永不过期"
        ),
    ),
)
_REFUND: Final = re.compile("退|换货|售后")
_KEEPING: Final = re.compile("保质期|赏味|保存|贮存|储存|存放|最佳|食用期|有效期")
_DAYS: Final = headed(rf"(?P<number>{NUMBER})(?P<half>个?半)?个?(?P<unit>年|月|周|星期|天|日|小时)(?P<tail>半)?")
_LENGTH: Final[Mapping[str, float]] = {"年": 365, "月": 30.4, "周": 7, "星期": 7, "天": 1, "日": 1, "小时": 1 / 24}
_KEPT: Final = re.compile(
    r"(?:放|搁|存|囤|保存|摆|留|保质期?|能放|冻|藏)(?:在|个|上|它|住|得住|到|常温|冰箱|家里|着|里|能|可以|了|足足|长达|有|是|达|就){0,4}$"
)
_KEPT_AFTER: Final = headed("(?:都|也)?(?:不会?|没)(?:坏|变质|馊|问题|过期|变味|发霉)|(?:都|也)?(?:放得住|没问题)")
_BURDEN: Final = re.compile("承重|载重|限重|负重")
_BODY: Final = (("length", re.compile("身高")), ("weight", re.compile("体重|承重|载重|限重")))


def bound_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield ages, terms, keeping times and bodies of a folded text that lie beyond the record's bounds."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping):
        return
    fields = [(fold(str(name)).text, fold(str(value)).text) for name, value in facts.items()]
    yield from _ages(text, fields)
    yield from _terms(text, fields)
    yield from _keeping(text, fields)
    yield from _bodies(text, fields)


def _months(number: str, unit: str, half: bool) -> float | None:
    value = parse_number(number)
    if value is None:
        return None
    value += 0.5 if half else 0
    return value * 12 if "岁" in unit else value


def _ages(text: str, fields: list[tuple[str, str]]) -> Iterator[FactFault]:
    lows: list[float] = []
    highs: list[float] = []
    told = ""
    for name, value in fields:
        if not (_FOR_WHOM.search(name) or _FOR_WHOM.search(value)):
            continue
        for match in _FROM.finditer(value):
            if (low := _months(match["number"], match["unit"], bool(match["half"]))) is not None:
                lows.append(low)
                told = f"{name}：{value}"
        for match in _SPAN.finditer(value):
            low = _months(match["low"], match["unit"] or match["last"], half=False)
            high = _months(match["high"], match["last"], half=False)
            if low is not None and high is not None:
                lows.append(low)
                highs.append(high)
                told = f"{name}：{value}"
    if not lows:
        return
    least, most = min(lows), max(highs) if len(highs) == len(lows) else 9999
    for match in _SAID.finditer(text):
        said = _months(match["number"], match["unit"], bool(match["half"] or match["more"]))
        if said is not None and said < least and _is_let(text, *match.span()):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”比商品资料的适用年龄（{told}）小", True)
        if said is not None and said > most and _is_meant_for(text, *match.span()):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”比商品资料的适用年龄（{told}）大", True)
    for match in _STAGE.finditer(text):
        low, high = _STAGES[match.group()]
        # 大人也能听: who is older may read, hear and eat what is made for younger ones.
        let = _is_for_older if low >= most else _is_let
        if (high <= least or low >= most) and let(text, *match.span()):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”不在商品资料的适用年龄（{told}）里", True)


def _is_for_older(text: str, start: int, end: int) -> bool:
    """Tell whether goods for younger ones are said to be made for these, or to be used as they are by them."""
    low, _ = clause(text, start, end)
    given = _GIVEN.search(text, low, start) is not None and _THEIRS.match(text, end) is not None
    if given or _FOR_THEM.search(text, low, start):
        refused = _REFUSED.search(text, low, end) is not None or not is_claimed(text, start, end)
        return not refused and _WITH_THEM.match(text, end) is None
    if not _is_let(text, start, end):
        return False
    return _HARMLESS.match(text, end) is None and _MAY_USE.match(text, end) is not None


def _is_meant_for(text: str, start: int, end: int) -> bool:
    """Tell whether goods are said to be for somebody of this age: 适合十二岁的孩子."""
    low, _ = clause(text, start, end)
    if _REFUSED.search(text, low, end) or not is_claimed(text, start, end):
        return False
    return _FOR_THEM.search(text, low, start) is not None


def _is_let(text: str, start: int, end: int) -> bool:
    """Tell whether a clause says that somebody of this age may have the goods."""
    low, high = clause(text, start, end)
    if _REFUSED.search(text, low, high) or not is_claimed(text, start, end):
        return False
    return _LETS.match(text, end) is not None or _SUITS.search(text, low, start) is not None


def _terms(text: str, fields: list[tuple[str, str]]) -> Iterator[FactFault]:
    for topic, ever in _TERMS:
        known = [
            f"{name}：{value}"
            for name, value in fields
            # 退款：购买7天内观看不超过3节 says nothing of how long one may look.
            if (topic.search(name) or (topic.search(value) and not _REFUND.search(name)))
            and _DAYS.search(value)
            and not re.search(_EVER, value)
        ]
        for match in ever.finditer(text) if known else ():
            if is_claimed(text, *match.span()):
                yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料（{known[0][:30]}）不符", True)


def _span_of(match: re.Match[str]) -> float | None:
    value = parse_number(match["number"])
    if value is None:
        return None
    return (value + (0.5 if match["half"] or match["tail"] else 0)) * _LENGTH[match["unit"]]


def _keeping(text: str, fields: list[tuple[str, str]]) -> Iterator[FactFault]:
    """Find for how long something is said to keep, longer than anything the record gives."""
    known = [
        days
        for name, value in fields
        if _KEEPING.search(name)
        for match in _DAYS.finditer(value)
        if (days := _span_of(match)) is not None
    ]
    for match in _DAYS.finditer(text) if known else ():
        days = _span_of(match)
        low, _ = clause(text, *match.span())
        kept = _KEPT.search(text, low, match.start()) or _KEPT_AFTER.match(text, match.end())
        if days is not None and kept and days > 1.1 * max(known) and is_claimed(text, *match.span()):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”比商品资料的保存期限长", True)


def _bodies(text: str, fields: list[tuple[str, str]]) -> Iterator[FactFault]:
    """Find people too tall, small or heavy for the goods who are said to fit."""
    for dimension, names in _BODY:
        for name, value in fields:
            known = [one.value for one in amounts(value) if one.dimension == dimension] if names.search(name) else []
            if not known or (len(known) < 2 and not _BURDEN.search(name)):
                continue
            least = 0 if _BURDEN.search(name) else min(known)
            for one in amounts(text):
                low, high = clause(text, one.start, one.end)
                lets = re.search(
                    "能[坐穿用躺睡骑扛站承]|都能|也能|随便[坐穿用躺]|没问题|可以[坐穿用]|扛得住|撑得住|坐得|稳稳",
                    text[one.start : high],
                )
                beyond = one.dimension == dimension and not 0.99 * least <= one.value <= 1.01 * max(known)
                if beyond and lets and not re.search("不|别", text[low:high]) and is_claimed(text, one.start, one.end):
                    said = text[one.start : one.end]
                    yield FactFault("FAC-004", one.start, one.end, f"“{said}”超出商品资料（{name}：{value}）", True)
