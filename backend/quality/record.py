"""A product's record as text: what it says, field by field, and a fault of a script against it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

from backend.quality.normalize import fold
from backend.quality.numbers import NUMBER, parse_number


@dataclass(frozen=True, slots=True)
class FactFault:
    """Something that the record does not bear out; the span is in the folded text."""

    rule: str
    start: int
    end: int
    problem: str
    #: Whether the record denies it, or only knows nothing of it.
    grave: bool
    right: str | None = None
    #: Which reading found it: "amount", "material", …
    by: str = ""
    #: Whether it is grave, and what it is told of is named: then it holds a text up (`certainty.py`).
    certain: bool = False


class Record(dict[str, Any]):
    """A record that nobody changes any more: many checks of a script look claims up in the same text of it."""

    @cached_property
    def text(self) -> str:
        return fold("。".join(_texts(self))).text


#: Facts that tell what the record has a field for: which team writes what where differs.
_FIELD_OF: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "gifts": re.compile("(?:随单|下单|直播间?|本场)?(?:赠品|礼品|赠送|随赠|附赠)(?:清单|内容)?"),
        "stock": re.compile("(?:现货|剩余|可售|当前|总)?库存(?:量|数|件数)?|现货(?:量|数)?"),
        "list_price": re.compile("(?:原价|划线价|吊牌价|市场价|日常价|专柜价|门店价)"),
    }
)
#: Nothing is given.
_NONE: Final = re.compile("(?:无|没有|暂无|不送|-|—)*")
_BETWEEN_GIFTS: Final = re.compile("[、，,；;+＋\n]|(?<=[\u4e00-\u9fa5）)])[和与及](?=[\u4e00-\u9fa5])")


def with_fields(product: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record whose gifts, stock and crossed-out price stand in their fields, also if facts tell them.

    What a field says already stays; a fact that is taken stays a fact as well.
    """
    facts = product.get("facts")
    told = dict(product)
    for name, value in facts.items() if isinstance(facts, Mapping) else ():
        for field, called in _FIELD_OF.items():
            if product.get(field) in (None, "", [], ()) and called.fullmatch(str(name).strip()):
                taken = _as_field(field, str(value))
                if taken is not None:
                    told[field] = taken
    return told


def _as_field(field: str, value: str) -> Any:
    if field == "gifts":
        if _NONE.fullmatch(value.strip()):
            return None
        return [one.strip() for one in _BETWEEN_GIFTS.split(value) if one.strip()]
    number = re.match(rf"\s*[¥￥]?\s*({NUMBER})\s*[\u4e00-\u9fa5]{{0,2}}\s*$", fold(value).text)
    found = parse_number(number[1]) if number is not None else None
    if found is None:
        return None
    return int(found) if field == "stock" else found


def record_text(product: Mapping[str, Any]) -> str:
    """Return everything the record says, folded, for looking claims up."""
    return (product if isinstance(product, Record) else Record(product)).text


def _texts(field: Any) -> Iterator[str]:
    if isinstance(field, str):
        yield field
    elif isinstance(field, Mapping):
        for name, value in field.items():
            for text in _texts(value):
                yield f"{name}：{text}"
    elif isinstance(field, (list, tuple)):
        for value in field:
            yield from _texts(value)


def fields_of(product: Mapping[str, Any]) -> Sequence[str]:
    """Return what the record says, folded, a field at a time (a fact with its name)."""
    return [fold(text).text for text in _texts(product)]


def overlaps(said: str, record: str) -> bool:
    """Tell whether two running characters of what is said stand in the record."""
    return any(said[at : at + 2] in record for at in range(len(said) - 1))
