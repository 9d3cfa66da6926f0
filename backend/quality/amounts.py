"""Amounts with units, pieces and codes: what a script says of them against the product's record."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from backend.quality.context import clause, sentence
from backend.quality.normalize import NUMERALS
from backend.quality.numbers import COUNTERS, NUMBER, counts_in, money_in, parse_number
from backend.quality.record import FactFault, fields_of

# Unit to (dimension, factor to the dimension's base).
_UNITS: Final[Mapping[str, tuple[str, float]]] = {
    "毫升": ("volume", 1),
    "ml": ("volume", 1),
    "升": ("volume", 1000),
    "l": ("volume", 1000),
    "克": ("weight", 1),
    "g": ("weight", 1),
    "千克": ("weight", 1000),
    "公斤": ("weight", 1000),
    "kg": ("weight", 1000),
    "斤": ("weight", 500),
    "两重": ("weight", 50),
    "毫米": ("length", 1),
    "mm": ("length", 1),
    "厘米": ("length", 10),
    "公分": ("length", 10),
    "cm": ("length", 10),
    "米": ("length", 1000),
    "m": ("length", 1000),
    "寸": ("inch", 1),
    "英寸": ("inch", 1),
    "毫安时": ("battery", 1),
    "毫安": ("battery", 1),
    "mah": ("battery", 1),
    "瓦": ("power", 1),
    "w": ("power", 1),
    "千瓦": ("power", 1000),
    "kw": ("power", 1000),
    "毫克": ("weight", 0.001),
    "mg": ("weight", 0.001),
    "微克": ("weight", 0.000001),
    "分钟": ("time", 1 / 60),
    "小时": ("time", 1),
    "个小时": ("time", 1),
    "h": ("time", 1),
    "个月": ("months", 1),
    "年": ("months", 12),
    "天": ("days", 1),
    "度酒": ("degree", 1),
    "度": ("degree", 1),
    "℃": ("degree", 1),
    "°c": ("degree", 1),
    "%": ("percent", 1),
    "支纱": ("yarn", 1),
    "分贝": ("noise", 1),
    "db": ("noise", 1),
    "档": ("levels", 1),
    "流明": ("light", 1),
    "lm": ("light", 1),
    "赫兹": ("frequency", 1),
    "hz": ("frequency", 1),
    "伏": ("voltage", 1),
    "v": ("voltage", 1),
    "万像素": ("pixels", 1),
    "平方米": ("area", 1),
    "平米": ("area", 1),
    "英里": ("mile", 1),
    "帕": ("suction", 1),
    "pa": ("suction", 1),
}
#: A unit in letters ends where the letters end; one in characters may have letters behind it (1.2米c口线).
_UNIT: Final = "|".join(
    re.escape(unit) + ("(?![a-z])" if unit[-1].isascii() and unit[-1].isalpha() else "")
    for unit in sorted(_UNITS, key=len, reverse=True)
)
#: 5公斤一袋 is no 5.1 kg.
_NO_TENTH: Final = rf"(?![十百千万点\d厘毫{COUNTERS.replace('床', '')}])"
_MEASURE: Final = re.compile(
    rf"(?<![\d.a-z])(?P<number>{NUMBER})(?P<half>个?半)?\s*个?(?P<unit>{_UNIT})(?P<tail>半|多|左右|[一二三四五六七八九]{_NO_TENTH})?"
)
#: 80 × 40 × 85 cm: the unit is said once.
_SIZES: Final = re.compile(rf"(?P<first>(?:{NUMBER}\s*[×x*乘]\s*)+)(?:{NUMBER})\s*(?P<unit>{_UNIT})")
#: 2 到 5 岁, 60-200℃: both ends.
_RANGE: Final = re.compile(rf"(?P<low>{NUMBER})\s*(?:[-~–—±]|到|至)\s*{NUMBER}\s*(?P<unit>{_UNIT})")
_FRACTION: Final = re.compile(r"百分之(?P<number>[一二三四五六七八九十百零点两]+|\d+(?:\.\d+)?)")
# Amounts of daily life are no claims about the product.
_DAILY: Final = re.compile(
    r"每天|每日|每次|一天|一顿|一勺|一碗|一次|出门|走路|跑|上班|下班|加班|等|发货|送达|到货|之后|以后|前|泡|煮|炒|蒸|烤|焖|腌|冷藏|解冻|加热|"
    r"预热|水温|温水|热水|烫|兑|冲|倒|加[水入]|放|涂|敷|按摩|坚持|用了|喝了|吃了|买了|做了|戴了|穿了|站|坐|睡|零下|室温|气温|今天|岁|无理由|价保|运费|身高|体重|"
    r"我|你|妈|爸|好评|女|孩|以内|房间|客厅|平"
)
_COMPARED: Final = re.compile(
    r"不像|不是|比|普通|一般的|别的|别人|传统|那种|以前|其他|市面|换成|代替|告别|没有|不含|不用|不能|怕"
)
#: Dimensions in which people speak of their day: a claim only where the words around are those of the record.
_OF_THE_DAY: Final = frozenset({"time", "months", "days", "degree", "percent", "yarn", "levels", "area"})
#: Right behind an amount: what is in a pack (一斤半一袋).
_IN_PACK: Final = re.compile("(?:的)?[一每][袋罐盒瓶包箱桶听坛]")
_BARE_SIZE: Final = re.compile(rf"{NUMBER}(?:\s*[×x*乘]\s*{NUMBER})+")
#: What the record and a script may call the same thing by.
_TOPICS: Final = (
    re.compile("保温|保冷|续航|待机|播放|使用时间|充电|充满|快充|保鲜"),
    re.compile("保质期|质保|保修|换新"),
)
#: Metres and pounds are walked and carried all day; centimetres and grams are somebody's specification.
_FAR: Final = re.compile("(?<![厘毫])米|(?<!公)斤|里$")
_PIECES: Final = re.compile(rf"(?P<number>{NUMBER})\s*(?:[个种]?颜)?(?P<counter>[{COUNTERS}种页孔键抽节色])")
#: The name of something with its number: IPX4, SPF50.
_CODE: Final = re.compile(r"(?<![a-z\d])(?P<name>[a-z]{2,6})[ -]?(?P<number>\d{1,4}(?:\.\d)?)(?![a-z\d.])")
_TENTHS: Final = "零一二三四五六七八九"
_EMPTY: Final = re.compile(r"[的了是有我你这那个一也就都在不能可以和与，。：、；！？\s]")
_BESIDE: Final = 7


@dataclass(frozen=True, slots=True)
class _Amount:
    dimension: str
    value: float
    start: int
    end: int


def amount_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield the amounts, pieces and codes of a folded text that the record contradicts."""
    fields = fields_of(product)
    yield from _amounts_that_differ(text, fields)
    yield from _pieces_that_differ(text, fields)
    yield from _codes_that_differ(text, fields)
    yield from _sizes_that_differ(text, fields)


@lru_cache(maxsize=256)  # the fields of a record are read for each check of each draft
def _amounts(text: str) -> Sequence[_Amount]:
    return tuple(_found(text))


def _found(text: str) -> Iterator[_Amount]:
    for match in _MEASURE.finditer(text):
        value = parse_number(match.group("number"))
        if value is None:
            continue
        if match.group("half") or match.group("tail") == "半":
            value += 0.5
        elif match.group("tail") and match.group("tail") in _TENTHS:
            value += _TENTHS.index(match.group("tail")) / 10  # 一米二
        dimension, factor = _UNITS[match.group("unit")]
        yield _Amount(dimension, value * factor, match.start(), match.end())
    for pattern, group in ((_SIZES, "first"), (_RANGE, "low")):
        for match in pattern.finditer(text):
            dimension, factor = _UNITS[match.group("unit")]
            for number in re.finditer(NUMBER, match.group(group)):
                value = parse_number(number.group())
                if value is not None:
                    yield _Amount(dimension, value * factor, match.start(), match.end())
    for match in _FRACTION.finditer(text):
        value = parse_number(match.group("number"))
        if value is not None:
            yield _Amount("percent", value, match.start(), match.end())


def _amounts_that_differ(text: str, fields: Sequence[str]) -> Iterator[FactFault]:
    known: dict[str, list[tuple[_Amount, str]]] = {}
    for field in fields:
        for amount in _amounts(field):
            known.setdefault(amount.dimension, []).append((amount, field))
    sums = money_in(text)
    for amount in _amounts(text):
        recorded = known.get(amount.dimension)
        if not recorded or _borne_out(text, amount, {one.value for one, _ in recorded}):
            continue
        if any(re.fullmatch(r"\w{0,4}", text[amount.end : money.start]) for money in sums if money.start >= amount.end):
            continue  # 合一斤六块九: a share of the price
        same = any(_same_topic(text, amount, field, one) for one, field in recorded)
        if not same:
            low, high = clause(text, amount.start, amount.end)
            if (
                amount.dimension in _OF_THE_DAY
                or _FAR.search(text[amount.start : amount.end])
                or _DAILY.search(text[low:high])
            ):
                continue
            if _COMPARED.search(text[low : amount.start]):
                continue
        said = text[amount.start : amount.end]
        yield FactFault("FAC-004", amount.start, amount.end, f"“{said}”与商品资料不符", True, _only(recorded))


def _borne_out(text: str, amount: _Amount, values: set[float]) -> bool:
    """Tell whether an amount is on record; volumes and weights may also be those of several pieces."""
    if any(abs(amount.value - known) <= 0.005 * known for known in values):
        return True
    if amount.dimension not in ("volume", "weight"):
        return False
    several = counts_in(text[slice(*sentence(text, amount.start, amount.end))]) - {1}
    return any(abs(amount.value - known * count) < 0.001 * known for known in values for count in several)


def _same_topic(text: str, amount: _Amount, field: str, known: _Amount) -> bool:
    """Tell whether the words around an amount are those around the record's own: 晾足72小时 and 低温晾晒48小时."""
    low, high = sentence(text, amount.start, amount.end)
    around = text[low:high]
    if known.dimension in ("time", "months", "days") and any(
        words.search(around) and words.search(field) for words in _TOPICS
    ):
        return True
    begin, end = clause(text, amount.start, amount.end)
    alone = (begin, end) == (amount.start, amount.end)
    if alone and not _FAR.search(text[begin:end]) and amount.dimension not in ("time", "months", "days", "degree"):
        return True  # 十二个档, and nothing else in the clause
    if _IN_PACK.match(text, amount.end):
        return True
    begin = max(low, begin - _BESIDE) if amount.start - begin < 4 else begin
    near = text[max(begin, amount.start - _BESIDE) : amount.start], text[amount.end : min(end, amount.end + _BESIDE)]
    if _COMPARED.search(near[0]) and not re.search("换成", near[0]):
        return False
    wanted = _pairs(field[: known.start]) | _pairs(field[known.end :])
    return bool((_pairs(near[0]) | _pairs(near[1])) & wanted)


def _pairs(text: str) -> set[str]:
    """Return the pairs of characters that mean something; numbers are written one way."""
    plain = text.replace("°c", "度").translate(NUMERALS)
    parts = _EMPTY.split(re.sub(r"(\d)十(\d)", r"\1\2", plain))
    return {part[at : at + 2] for part in parts for at in range(len(part) - 1)}


def _only(recorded: Sequence[tuple[_Amount, str]]) -> str | None:
    said = {field[amount.start : amount.end] for amount, field in recorded}
    return said.pop() if len(said) == 1 else None


def _pieces_that_differ(text: str, fields: Sequence[str]) -> Iterator[FactFault]:
    """Find how many pieces are in a pack: 一瓶90片 where the record has 60."""
    known: dict[str, list[tuple[int, int, int, str]]] = {}
    for field in fields:
        for match in _PIECES.finditer(field):
            count = parse_number(match.group("number"))
            if count is not None and count >= 2 and count == int(count):
                known.setdefault(match.group("counter"), []).append((int(count), *match.span(), field))
    for match in _PIECES.finditer(text):
        said, recorded = parse_number(match.group("number")), known.get(match.group("counter"))
        if said is None or said < 10 or not recorded or _adds_up(int(said), [one[0] for one in recorded]):
            continue
        low, high = clause(text, *match.span())
        before, after = text[low : match.start()][-_BESIDE:], text[match.end() : high][:_BESIDE]
        in_pack = re.search(r"一[瓶盒袋包箱罐套](?:里|是|有|装|一共|总共)*$", before)
        near = _pairs(before) | _pairs(after)
        alone = low == match.start() and high == match.end()
        same = alone or any(near & (_pairs(field[:start]) | _pairs(field[end:])) for _, start, end, field in recorded)
        if (in_pack or same) and not _COMPARED.search(before) and not re.search("库存|后台|备|剩", before):
            right = f"{recorded[0][0]}{match.group('counter')}" if len({one[0] for one in recorded}) == 1 else None
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料不符", True, right)


def _adds_up(said: int, recorded: Sequence[int]) -> bool:
    sums = {one + other for one in recorded for other in recorded} | set(recorded)
    return any(said == one * times for one in sums for times in range(1, 13))


def _codes_that_differ(text: str, fields: Sequence[str]) -> Iterator[FactFault]:
    known: dict[str, set[str]] = {}
    for field in fields:
        for match in _CODE.finditer(field):
            known.setdefault(match.group("name"), set()).add(match.group("number"))
    for match in _CODE.finditer(text):
        recorded = known.get(match.group("name"))
        low, _ = clause(text, *match.span())
        if recorded and match.group("number") not in recorded and not _COMPARED.search(text[low : match.start()]):
            right = f"{match.group('name').upper()}{min(recorded)}" if len(recorded) == 1 else None
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料不符", True, right)


def _sizes_that_differ(text: str, fields: Sequence[str]) -> Iterator[FactFault]:
    """Find sizes told without a unit: 被套200乘230 where the record has 220 × 240 cm."""
    known = {value for field in fields for match in _BARE_SIZE.finditer(field) for value in _sides(match.group())}
    for match in _BARE_SIZE.finditer(text) if known else ():
        low, _ = clause(text, *match.span())
        strange = any(side not in known and side * 10 not in known for side in _sides(match.group()))
        measured = _amounts(text[match.start() : match.end() + 3])  # judged with its unit
        if strange and not measured and not _COMPARED.search(text[low : match.start()]):
            yield FactFault("FAC-004", *match.span(), f"尺寸“{match.group()}”与商品资料不符", True)


def _sides(size: str) -> list[float]:
    return [value for one in re.findall(NUMBER, size) if (value := parse_number(one)) is not None]
