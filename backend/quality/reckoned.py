"""Sums that some reckoning comes to: of the record's figures, and of those of the text that follow from them.

A host adds, takes off, halves and shares out aloud in more ways than can be told by words. What any short reckoning
comes to may be wrong where it stands, but it is not made up: a person has to look, and nothing is certain.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement
from typing import Final

from backend.quality.amounts import amounts
from backend.quality.context import clause, sentence
from backend.quality.ladder import bought_apart
from backend.quality.numbers import Money, counts_in, parse_number
from backend.quality.worked_out import Basis, nearly, readings

#: What a record takes off for one of several: 第二支半价, 第二件8折.
_TAKEN_OFF: Final = re.compile(
    r"(?P<half>半价|对半|一半)|(?P<tenths>\d(?:\.\d)?|[一二三四五六七八九])(?P<hundredths>[一二三四五六七八九\d])?折"
)
#: 加49, 加起来: 加长款 and 加急 are names.
_ADDED: Final = "加(?=[上起一二两三四五六七八九十百千\\d])"
#: In the clause up to a sum: by how much it is less or more; in the sentence: what is put together or taken off.
_BY_SO_MUCH: Final = re.compile(f"[省少差减剩找多贵低]|便宜|等于|{_ADDED}")
_PUT_TOGETHER: Final = re.compile(
    f"{_ADDED}|[抵扣返领券]|一共|总共|拢共|合计|统共|半价|(?<![打骨对])折(?![叠合磨扣痕返腾线纸射腰中])|满|分开|拆开|"
    "(?<!别)单[买拍独]|再减|立减|第[二三2-3]"
)
#: What makes several cost something else than the record has for so many.
_TAKEN_OFF_ALL: Final = re.compile("[抵扣返领券减满]|半价|分开|拆开|(?<![打骨对])折(?![叠合磨扣痕返腾线纸射腰中])")
_SHARED: Final = re.compile("合|摊|平均|均|除|折(?:下来|算)|算下来|相当于|每|一(?![共起])")
#: A clause that only sums up: how many, is said before it.
_TOTAL: Final = re.compile("(?:一共|总共|拢共|合计|统共|加起来|就是|是)")
#: No host multiplies by more, aloud.
_MOST: Final = 12
#: Sums of the record that are reckoned with; a record of more is a list of prices.
_SUMS: Final = 16


def is_reckoned(text: str, money: Money, borne_out: Sequence[Money], basis: Basis) -> bool:
    """Tell whether a sum is what up to three of the known ones come to, or what one of something costs by them.

    Only where words say that somebody reckons: 两份一百九十八 is a price, and has to be the record's. `borne_out` are
    sums of the text that follow from the record: what was made up explains nothing.
    """
    low, _ = clause(text, money.start, money.end)
    begin, _ = sentence(text, money.start, money.end)
    shared = _SHARED.search(text, low, money.start) is not None
    told = _BY_SO_MUCH.search(text, low, money.start) or _PUT_TOGETHER.search(text, begin, money.start)
    if not shared and told is None:
        return False
    # 两个一共258: what so many cost together is on record.
    since = begin if _TOTAL.match(text, low) else low
    slot = counts_in(text[since : money.start]) & basis.steps.keys() and not bought_apart(text, money.start)
    by_how_much = _BY_SO_MUCH.search(text, low, money.start) is not None
    if slot and not shared and not by_how_much and _TAKEN_OFF_ALL.search(text, begin, money.start) is None:
        return False
    atoms = _atoms(borne_out, basis)
    counts = sorted({1, *(count for count in counts_in(text) if 1 < count <= _MOST)})
    wholes = {round(count * one, 4) for one in atoms for count in counts}
    said = list(readings(text, money))
    if told is not None and any(_is_among(value, atoms, wholes) for value in said):
        return True
    parts = set(_parts(text, money, basis))
    totals = {*atoms, *wholes}
    return any(nearly(value, whole / part, money) for value in said for part in parts for whole in totals)


def _atoms(borne_out: Sequence[Money], basis: Basis) -> list[float]:
    known = dict.fromkeys([*basis.prices[:_SUMS], *basis.steps.values(), *(one.value for one in borne_out)])
    for match in _TAKEN_OFF.finditer(basis.record):
        tenths = (
            5.0
            if match["half"]
            else (parse_number(match["tenths"]) or 0) + (parse_number(match["hundredths"] or "零") or 0) / 10
        )
        known |= dict.fromkeys(round(one * tenths / 10, 4) for one in (basis.price, basis.list_price) if one)
    return [one for one in known if one > 0]


def _is_among(value: float, atoms: Sequence[float], wholes: set[float]) -> bool:
    """Tell whether a value is one of the sums, or up to three of them added and taken from each other."""
    if any(_equal(value, one) for one in wholes):
        return True
    for one in wholes:
        # What is left to be made of one or two others.
        rests = (value - one, one - value)
        if any(_equal(rest, other) for rest in rests for other in wholes):
            return True
        for rest in rests:
            for first, second in combinations_with_replacement(atoms, 2):
                if _equal(rest, first + second) or _equal(rest, first - second) or _equal(rest, second - first):
                    return True
    return False


def _parts(text: str, money: Money, basis: Basis) -> Iterator[float]:
    """Yield into how many parts a sum is shared by what stands beside it: 合一百克九块两毛八."""
    low, high = clause(text, money.start, money.end)
    for one in amounts(text[low:high]):
        for source in (text, basis.record):
            yield from (
                whole.value / one.value
                for whole in amounts(source)
                if whole.dimension == one.dimension and whole.value > one.value > 0
            )


def _equal(one: float, other: float) -> bool:
    return abs(one - other) < 0.006
