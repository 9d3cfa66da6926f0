"""Words that exclude one another (flavours, places, cuts, roasts): what a script says against what the record says."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Final

from backend.quality.context import clause
from backend.quality.heads import headed
from backend.quality.normalize import fold
from backend.quality.numbers import NUMBER, parse_number
from backend.quality.patterns import made
from backend.quality.record import FactFault, record_text
from backend.quality.subject import COMPARED

_FILE: Final = Path(__file__).with_name("kinds.toml")
_BY_TRADE: Final = Path(__file__).with_name("kinds_of_goods.toml")
#: Before a word of a kind: who has it in the goods, or who wants it, is warned off.
_DENIED: Final = re.compile("过敏|无|[你您谁](?:们)?要|想要|要的是|[你您我他她](?:们|家)?那[块条件款个双台瓶]")
#: 正圆的不是这个价.
_NOT_THIS: Final = re.compile(
    "那[种款个]|的(?:时候|那会儿?|那些年)|的?[^，。！？]{0,2}(?:不是|不在|没有|另[外说算]|更?贵)"
)
#: What viewers have or like is asked, not claimed: 喝红茶还是绿茶？
_OF_VIEWERS: Final = re.compile("还是|你们?平时|你们?喜欢|你们?家")
#: Behind such a clause: it was a question.
_ASKED: Final = re.compile("[，：]?[^，。！？]{0,12}？")
#: Where goods come from, {} standing for the place.
_GROWN: Final = (
    r"(?:产自|来自|源自|出自|产地是?|生在|长在|种在)[^，。！？；]{0,6}?{}|"
    r"{}(?:省|市|县|区)?[^，。！？；]{0,3}?(?:产的?|种的?|采的?|出的|山上|茶园|茶山|果园|基地|工厂|的厂|厂里|作坊|牧场|农场|林场|海域|老师傅)|"
    r"(?:这是|就是|都是|用的是?|正宗的?){}(?:省|市|县)?的|"
    r"{}的(?:蜜源|奶源|水源|原料|货源|料子)|"
    r"(?<=[，。！？；])(?:[\u4e00-\u9fa5]{2,3}省?)?{}的(?P<noun>[\u4e00-\u9fa5]{1,3})(?=[，。！？；])|"
    r"(?<=[，。！？；是用])(?:正宗的?|地道的?)?(?:[\u4e00-\u9fa5]{2,3}省?)?{}(?:产的|种的|货|的)?(?=[，。！？；]|$)"
)
#: Around a place: where parcels, people and journeys come from.
_ELSEWHERE: Final = re.compile(
    "发货|仓|快递|包邮|顺丰|寄|朋友|姐妹|家人|粉丝|宝宝|出差|旅游|旅行|去过|直播间|天气|地址"
)
_ORIGIN: Final = re.compile("产地|原产|产区|奶源|来源|工厂|origin")
#: The class of a grade or of a cloth: 国AA级, A类.
_CLASS: Final = headed(r"(?<![a-z\d])(?:(?P<name>国|能效)?(?P<letters>a{1,4}\+{0,2}|[bcde]))(?P<what>[级类])")
#: Sizes of clothes, from the smallest.
_SIZES: Final = ("xxs", "xs", "s", "m", "l", "xl", "2xl", "3xl", "4xl", "5xl")
_SIZE: Final = headed(r"(?<![a-z\d])(?P<size>[2-5]xl|x{1,4}[sl]|[sml])(?![a-z\d])")
#: One of several colours or tastes on record, and what a script lists beside it.
_LISTING: Final = re.compile("颜色|[花墨配]色|色号|口味|味道|香型")
_COLOUR: Final = re.compile("[红橙黄绿青蓝紫粉白黑灰棕咖米杏卡驼金银裸]|焦糖|奶茶|燕麦|色")
#: 花是鹅黄色的: what the goods themselves are.
_OF_COLOUR: Final = re.compile(
    r"(?:^|(?<=[，。！？；\s.\d]))(?:[花叶壳面]|它|[整机外]身|外壳|面料|颜色|这[款件条双只个支台套束]|开出来)(?:的颜色)?(?:就|都|全)?是"
    "(?P<colour>[\u4e00-\u9fa5]{0,2}(?P<base>[红橙黄绿青蓝紫粉白黑灰棕咖]))色?的(?=[，。！；])"
)
#: Colours told by another word: 棕 is 咖.
_ALIKE: Final = {
    "棕": "咖",
    "咖": "棕",
    "青": "绿",
    "橙": "橘",
    "白": "米",
    "红": "酒",
    "黑": "炭",
    "灰": "银",
    "粉": "藕",
}
#: 选酒红: one colour, as it is taken.
_TAKEN: Final = re.compile(
    "(?:选|拍|拿|挑|还有|颜色[是有]?)(?P<colour>(?![有还是和跟、这那几])[\u4e00-\u9fa5]{1,2}[红橙黄绿青蓝紫粉白黑灰棕咖杏驼])(?=色|[，。！、；]|$|的)"
)
_LIST_ENDS: Final = "[色味，。！、；？]|$|[两二三四五六][个种款]|都|可选|任选|随便|随你|选|挑"
_STANDARD: Final = re.compile(
    r"(?:gb|标准|国标)[^，。！？；]{0,10}?(?P<number>(?<!\d)\d{4,6}(?!\d)|[零〇一二三四五六七八九幺]{4,6})"
)
_DOSE: Final = re.compile("每[日天次]|用量|用法|服用|食用方法|一[日天]")
_COUNTED: Final = headed(rf"(?P<number>{NUMBER})(?P<counter>[片粒颗袋支包条瓶勺滴丸次杯克])")
_A_DAY: Final = re.compile(
    rf"(?:一天|每天|每日|一日|天天)(?:只要?|就|吃|喝|服|用|嚼|冲|来|各)*(?P<number>{NUMBER})(?P<counter>[片粒颗袋支包条瓶勺滴丸次杯克]|顿(?!饭))"
)
_FROM_MONTHS: Final = headed(rf"(?P<number>{NUMBER})个?月龄?(?:及?以上|以后|起|大的?|\+)")
#: 90%白鹅绒.
_SHARE: Final = re.compile(r"(?P<share>\d{2}(?:\.\d+)?)%(?P<of>[\u4e00-\u9fa5]{2,4})")
_DIGITS: Final = str.maketrans("零〇一二三四五六七八九幺", "001234567891")


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    #: Each word to the number of its alternative.
    words: Mapping[str, int]
    #: Finds a word as it is said of the goods; the word is in one of the groups w0, w1.
    said: re.Pattern[str]
    fields: re.Pattern[str] | None
    beside: re.Pattern[str] | None


def _pattern(frame: str, words: Mapping[str, int]) -> re.Pattern[str]:
    either = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    parts = frame.split("{}")
    return re.compile("".join(f"{part}(?P<w{at}>{either})" for at, part in enumerate(parts[:-1])) + parts[-1])


@cache
def _kinds() -> tuple[_Kind, ...]:
    found = []
    tables = (tomllib.loads(file.read_text(encoding="utf-8"))["kind"] for file in (_FILE, _BY_TRADE))
    for table in chain.from_iterable(tables):
        words = {word: at for at, group in enumerate(table["is"]) for word in group.split("=")}
        found.append(
            _Kind(
                table["name"],
                words,
                _pattern(table.get("frame", "{}"), words),
                re.compile(table["fields"]) if "fields" in table else None,
                re.compile(table["beside"]) if "beside" in table else None,
            )
        )
    return tuple(found)


@cache
def _places() -> tuple[Mapping[str, str], frozenset[str], re.Pattern[str]]:
    """Return each place's province, the places that lie inside another, and how goods are said to come from one."""
    provinces: dict[str, str] = {}
    inner: set[str] = set()
    for province, line in tomllib.loads(_FILE.read_text(encoding="utf-8"))["places"].items():
        cities, _, inside = line.partition(" / ")
        provinces |= dict.fromkeys([*cities.split(), *inside.split()], province)
        inner |= set(inside.split())
    provinces |= {province: province for province in set(provinces.values())}
    return provinces, frozenset(inner), _pattern(_GROWN, dict.fromkeys(provinces, 0))


_KEPT_APART: Final = re.compile("也?(?:不要|别|不能)再?混")


def kind_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield words of a folded text that exclude what the record says."""
    facts = product.get("facts")
    read = [
        (fold(str(name)).text, fold(str(value)).text)
        for name, value in (facts.items() if isinstance(facts, Mapping) else ())
    ]
    record = record_text(product)
    # 酸碱性：中性 says nothing of 碱性.
    values = record
    for name, _ in read:
        values = values.replace(f"{name}：", "：")
    for kind in _kinds_of(values):
        yield from _said_otherwise(text, kind, read, values)
    yield from _listed_otherwise(text, read, record)
    yield from _colours_that_differ(text, read, record)
    yield from _places_that_differ(text, read, record)
    yield from _classes_that_differ(text, record)
    yield from _sizes_that_differ(text, read)
    yield from _standards_that_differ(text, record)
    yield from _doses_that_differ(text, read)
    yield from _ages_that_differ(text, record)
    yield from _shares_that_differ(text, record)


@lru_cache(maxsize=256)  # many scripts are about the same record
def _kinds_of(record: str) -> tuple[_Kind, ...]:
    """Return the kinds of which the record says a word."""
    return tuple(kind for kind in _kinds() if any(word in record for word in kind.words))


def _said_otherwise(text: str, kind: _Kind, facts: list[tuple[str, str]], record: str) -> Iterator[FactFault]:
    stated = {kind.words[_word(match)] for match in kind.said.finditer(record)}
    if kind.fields is not None:
        told = "。".join(value for name, value in facts if kind.fields.search(name))
        stated |= {at for word, at in kind.words.items() if word in told}
    if not stated:
        return
    for match in kind.said.finditer(text):
        word = _word(match)
        if word in record or any(other in record for other, at in kind.words.items() if at == kind.words[word]):
            continue
        if not _is_of_something_else(text, *match.span(), kind.beside):
            problem = f"“{word}”与商品资料（{kind.name}：{_known(kind, stated)}）不符"
            yield FactFault("FAC-004", *match.span(), problem, True)


def _word(match: re.Match[str]) -> str:
    return next(word for word in match.groupdict().values() if word)


def _known(kind: _Kind, stated: set[int]) -> str:
    return "、".join(next(word for word, at in kind.words.items() if at == one) for one in sorted(stated))


def _is_of_something_else(text: str, start: int, end: int, beside: re.Pattern[str] | None) -> bool:
    low, high = clause(text, start, end)
    # 稍|微辣; where these will not do, others are used as before: 那就还用干电池, 跟干电池也不要混.
    if (
        text[max(0, start - 1) : start + 1] == "稍微"
        or text[low:start].endswith("就还用")
        or _KEPT_APART.match(text, end)
    ):
        return True
    if _NOT_THIS.match(text, end) or COMPARED.search(text, low, start) or _DENIED.search(text, low, start):
        return True
    if _OF_VIEWERS.search(text, low, high) and _ASKED.match(text, high):
        return True
    return beside is not None and beside.search(text, low, high) is not None


def _places_that_differ(text: str, facts: list[tuple[str, str]], record: str) -> Iterator[FactFault]:
    provinces, inner, grown = _places()
    origin = "、".join(value for name, value in facts if _ORIGIN.search(name))
    known = {place for place in provinces if place in origin}
    there = {provinces[place] for place in known}
    known -= there  # the provinces themselves
    if not there:
        return
    for match in grown.finditer(text):
        place = _word(match)
        # Of two places of one province one may lie inside the other.
        near = provinces[place] in there and not (known - inner and place not in inner)
        noun = match["noun"]
        if noun and not set(noun) & set(record) - set("子的"):
            continue  # 北京的秋天
        if place in record or near or _is_of_something_else(text, *match.span(), _ELSEWHERE):
            continue
        problem = f"产地“{place}”与商品资料（{origin[:20]}）不符"
        yield FactFault("FAC-005", *match.span(), problem, True, origin if len(origin) <= 12 else None)


def _colours_that_differ(text: str, facts: list[tuple[str, str]], record: str) -> Iterator[FactFault]:
    """Find the colour that the goods are said to be, where the record names others: 花是鹅黄色的, and 花色：玫红."""
    listed = "。".join(f"{name}：{value}" for name, value in facts if re.search("颜色|[花墨配]色|色号", name))
    for match in _OF_COLOUR.finditer(text) if _COLOUR.search(listed.partition("：")[2]) else ():
        base = match["base"]
        if base in record or _ALIKE.get(base, base) in record or _is_of_something_else(text, *match.span(), None):
            continue
        yield FactFault("FAC-004", *match.span("colour"), f"“{match['colour']}色”不在商品资料里（{listed}）", False)


def _listed_otherwise(text: str, facts: list[tuple[str, str]], record: str) -> Iterator[FactFault]:
    """Find a colour or a taste told in one breath with those of the record, and not among them."""
    for name, value in facts:
        items = [one.strip() for one in re.split("[、,，/和]", value)] if _LISTING.search(name) else []
        if len(items) < 2:
            continue
        for match in _TAKEN.finditer(text) if "色" in name else ():
            colour = match["colour"]
            alike = any(one and (one in colour or colour[-2:] in one or one == colour[-1] + "色") for one in items)
            if not alike and colour not in record and not _is_of_something_else(text, *match.span(), None):
                yield FactFault("FAC-004", *match.span("colour"), f"“{colour}”不在商品资料里（{name}：{value}）", True)
        either = "|".join(re.escape(one) if len(one) > 1 else f"{re.escape(one)}色" for one in items if one)
        beside = (
            rf"(?:{either})[色味]?(?:[和跟与、，]|还有)(?=(?P<after>[\u4e00-\u9fa5]{{1,4}}?)(?:{_LIST_ENDS}))|"
            rf"(?<=[，。！；：、选有是])(?P<before>(?:(?![有是色])[\u4e00-\u9fa5]){{1,4}}?)[色味]?[和跟与、](?={either})|"
            rf"(?:{either})(?P<run>[\u4e00-\u9fa5]{{2,3}})(?=[两二三四五六][个种款]?[色味])"
        )
        for match in made(beside).finditer(text) if any(one in text for one in items) else ():
            other = re.sub("^(?:还有|再有|外加|再加|以及)", "", match["after"] or match["before"] or match["run"])
            other = other.removesuffix("的")  # 黑的和藏蓝的, of 黑色、藏蓝
            meant = (
                _COLOUR.search(other)
                if "色" in name
                else match["run"] or other in _tastes() or text[match.end() : match.end() + 1] == "味"
            )
            strange = len(other) > 0 and other not in record
            strange = strange and not any(one and (one in other or other in one) for one in items)
            if meant and strange and not _is_of_something_else(text, *match.span(), None):
                problem = f"“{other}”不在商品资料里（{name}：{value}）"
                yield FactFault("FAC-004", *match.span(), problem, True)


@cache
def _tastes() -> frozenset[str]:
    return frozenset(word for kind in _kinds() if kind.name in ("味道", "香型") for word in kind.words)


def _classes_that_differ(text: str, record: str) -> Iterator[FactFault]:
    known: dict[tuple[str, str], set[str]] = {}
    for match in _CLASS.finditer(record):
        known.setdefault((match["name"] or "", match["what"]), set()).add(match["letters"])
    for match in _CLASS.finditer(text) if known else ():
        right = known.get((match["name"] or "", match["what"]))
        if right and match["letters"] not in right and not _is_of_something_else(text, *match.span(), None):
            problem = f"“{match.group().upper()}”与商品资料（{'、'.join(sorted(right)).upper()}{match['what']}）不符"
            yield FactFault("FAC-004", *match.span(), problem, True)


def _sizes_that_differ(text: str, facts: list[tuple[str, str]]) -> Iterator[FactFault]:
    """Find sizes beyond those of the record, where it gives them as letters."""
    given = "。".join(value for name, value in facts if re.search("尺码|码数|尺寸|size|^[码号]$", name))
    known = [_SIZES.index(size) for match in _SIZE.finditer(given) if (size := _size(match)) in _SIZES]
    for match in _SIZE.finditer(text) if known else ():
        size = _size(match)
        within = size in _SIZES and min(known) <= _SIZES.index(size) <= max(known)
        if not within and not _is_of_something_else(text, *match.span(), None):
            problem = f"尺码“{match.group().upper()}”不在商品资料里（{given}）"
            yield FactFault("FAC-004", *match.span(), problem, True)


def _size(match: re.Match[str]) -> str:
    said = match["size"]
    return f"{len(said) - 1}xl" if re.fullmatch("x{2,4}l", said) else said


def _doses_that_differ(text: str, facts: list[tuple[str, str]]) -> Iterator[FactFault]:
    """Find how much is taken a day: 一天三片 where the record has one."""
    known: dict[str, set[float]] = {}
    for name, value in facts:
        for match in _COUNTED.finditer(value) if _DOSE.search(f"{name}{value}") else ():
            if (count := parse_number(match["number"])) is not None:
                known.setdefault(match["counter"], set()).add(count)
    # 每日2次，每次10克 are 20 a day.
    times = known.get("次", set())
    known |= {
        counter: {*each, *(one * often for one in each for often in times)}
        for counter, each in known.items()
        if counter != "次"
    }
    for match in _A_DAY.finditer(text) if known else ():
        count, right = parse_number(match["number"]), known.get(match["counter"].replace("顿", "次"))
        if right and count is not None and count not in right and not min(right) < count < max(right):
            told = "、".join(f"{one:g}" for one in sorted(right)) + match["counter"]
            problem = f"用量“{match.group()}”与商品资料（{told}）不符"
            # 一天三顿 may be those of anything.
            yield FactFault("FAC-004", *match.span(), problem, match["counter"] != "顿")


def _ages_that_differ(text: str, record: str) -> Iterator[FactFault]:
    """Find from how many months on something is for: 一个月以上 where the record says three."""
    known = {parse_number(match["number"]) for match in _FROM_MONTHS.finditer(record)}
    for match in _FROM_MONTHS.finditer(text) if known else ():
        if parse_number(match["number"]) not in known and not _is_of_something_else(text, *match.span(), None):
            problem = f"适用月龄“{match.group()}”与商品资料不符"
            yield FactFault("FAC-004", *match.span(), problem, True)


def _shares_that_differ(text: str, record: str) -> Iterator[FactFault]:
    """Find how much there is of something, told without a unit: 九五的白鹅绒 where the record has 90%."""
    known: dict[str, set[float]] = {}
    for match in _SHARE.finditer(record):
        if (share := parse_number(match["share"])) is not None:
            known.setdefault(match["of"][:3], set()).add(share)
    for of, right in known.items():
        share_of = rf"(?<![之分零一二三四五六七八九十百千点.\d])(?P<share>{NUMBER})的?(?={re.escape(of)})"
        for match in made(share_of).finditer(text) if of in text else ():
            share = parse_number(match["share"])
            if share is not None and 10 <= share <= 100 and share not in right:
                problem = f"“{match.group()}{of}”与商品资料（{'、'.join(f'{one:g}%' for one in sorted(right))}）不符"
                yield FactFault("FAC-001", *match.span(), problem, True)


def _standards_that_differ(text: str, record: str) -> Iterator[FactFault]:
    known = {match["number"].translate(_DIGITS) for match in _STANDARD.finditer(record)}
    for match in _STANDARD.finditer(text) if known else ():
        if match["number"].translate(_DIGITS) not in known:
            problem = f"标准号“{match['number']}”与商品资料（{'、'.join(sorted(known))}）不符"
            yield FactFault("FAC-004", *match.span("number"), problem, True, min(known) if len(known) == 1 else None)
