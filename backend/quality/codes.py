"""Figures without a unit of their own (IPX4, 200乘230, 八十支): what a script says against the product's record."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from backend.quality.amounts import amounts
from backend.quality.context import clause
from backend.quality.numbers import NUMBER, parse_number
from backend.quality.record import FactFault, fields_of
from backend.quality.subject import COMPARED

_BARE_SIZE: Final = re.compile(rf"(?<![米\d.点十百]){NUMBER}(?:\s*[×x*乘]\s*{NUMBER})+")
_COMES_TO: Final = re.compile(rf"[，。]?(?:就|也)?(?:是|等于|得|合|一共)*(?P<number>{NUMBER})")
_YARN: Final = re.compile(
    rf"(?P<number>{NUMBER})支(?=[纱双高精的]{{0,2}}(?:全棉|纯棉|棉|天丝|莱赛尔|长绒|亚麻|桑蚕|真丝|贡缎|面料|纱))|"
    rf"(?:纱支|支数|纱线)：\D{{0,4}}(?P<named>{NUMBER})"
)
#: The name of something with its number: IPX4, SPF50.
_CODE: Final = re.compile(
    r"(?<![a-z\d])(?P<name>[a-z]{2,6})[ -]?(?P<number>\d{1,4}(?:\.\d)?|[一二三四五六七八九十百]{2,5})"
    r"(?![a-z\d.零一二三四五六七八九十百千万])"
)


def code_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield the codes, sizes and yarn counts of a folded text that the record contradicts."""
    fields = fields_of(product)
    yield from _codes_that_differ(text, fields)
    yield from _sizes_that_differ(text, fields)
    yield from _yarns_that_differ(text, fields)


def _codes_that_differ(text: str, fields: Sequence[str]) -> Iterator[FactFault]:
    known: dict[str, set[str]] = {}
    for field in fields:
        for match in _CODE.finditer(field):
            known.setdefault(match.group("name"), set()).add(_plain(match.group("number")))
    for match in _CODE.finditer(text):
        recorded = known.get(match.group("name"))
        low, _ = clause(text, *match.span())
        if (
            recorded
            and _plain(match.group("number")) not in recorded
            and not COMPARED.search(text[low : match.start()])
        ):
            right = f"{match.group('name').upper()}{min(recorded)}" if len(recorded) == 1 else None
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料不符", True, right)


def _plain(number: str) -> str:
    value = parse_number(number)
    return number if value is None else f"{value:g}"


def _sizes_that_differ(text: str, fields: Sequence[str]) -> Iterator[FactFault]:
    """Find sizes told without a unit: 被套200乘230 where the record has 220 × 240 cm."""
    known = {value for field in fields for match in _BARE_SIZE.finditer(field) for value in _sides(match.group())}
    for match in _BARE_SIZE.finditer(text) if known else ():
        low, _ = clause(text, *match.span())
        strange = any(side not in known and side * 10 not in known for side in _sides(match.group()))
        measured = amounts(text[match.start() : match.end() + 3])  # judged with its unit
        if _is_a_sum(text, match):
            continue
        if strange and not measured and not COMPARED.search(text[low : match.start()]):
            yield FactFault("FAC-004", *match.span(), f"尺寸“{match.group()}”与商品资料不符", True)


def _is_a_sum(text: str, match: re.Match[str]) -> bool:
    """Tell whether a product is worked out aloud, and no size: 六十九乘二是一百三十八."""
    sides = _sides(match.group())
    result = _COMES_TO.match(text, match.end())
    return result is not None and len(sides) == 2 and parse_number(result["number"]) == sides[0] * sides[1]


def _yarns_that_differ(text: str, fields: Sequence[str]) -> Iterator[FactFault]:
    """Find how fine a cloth is said to be (八十支); 支 counts pens as well, so the record must speak of yarn."""
    known = {value for field in fields for match in _YARN.finditer(field) if (value := _count_of(match)) is not None}
    for match in re.finditer(rf"(?P<number>{NUMBER})支", text) if known else ():
        said = parse_number(match["number"])
        low, _ = clause(text, *match.span())
        if said is not None and said >= 16 and said not in known and not COMPARED.search(text[low : match.start()]):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料不符", True)


def _count_of(match: re.Match[str]) -> float | None:
    return parse_number(match["number"] or match["named"])


def _sides(size: str) -> list[float]:
    return [value for one in re.findall(NUMBER, size) if (value := parse_number(one)) is not None]
