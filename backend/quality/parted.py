"""How many of each part are in a set: what a script gives against the list on record (套筒32个，万向节1个)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from backend.quality.context import clause, sentence
from backend.quality.normalize import fold
from backend.quality.numbers import NUMBER, parse_number
from backend.quality.opposites import is_claimed
from backend.quality.patterns import made
from backend.quality.record import FactFault
from backend.quality.subject import is_of_another, is_told_of_somebody, is_unsure

_COUNTER: Final = "[个只把根支条颗件块张枚片套副双本台包袋瓶盒卷粒节头节枝串对]"
#: 套筒32个, 螺丝×4: what a list has, and how many.
_ITEM: Final = re.compile(
    rf"(?P<name>[\u4e00-\u9fa5a-z]{{2,8}}?)\s*[×x*]?\s*(?P<number>\d+)\s*(?P<counter>{_COUNTER})?(?:[（(][^）)]*[）)])?"
)
_NUMBER_FIRST: Final = re.compile(rf"(?P<number>\d+)\s*(?P<counter>{_COUNTER})\s*(?P<name>[\u4e00-\u9fa5a-z]{{2,8}})")
_TOTAL: Final = re.compile(rf"(?:合计|共计|总计|一共|共)\s*(?P<number>\d+)\s*{_COUNTER}")
_ALL_OF: Final = re.compile(rf"(?P<number>\d+){_COUNTER}：")
#: Facts that list what is in the box; of others a pair of counts may be a choice (单人枕1个/双人枕2个).
_LISTS: Final = re.compile("清单|配件|包装|内含|包含|套装|部件|附件|零件|件数|组成|配置|内容|套餐|规格")
_EITHER: Final = re.compile("[/或]|可选|任选|款式|版")
#: Behind a part's name: it is given, or there is so much of it.
_GIVEN: Final = (
    "(?:呢|也|都|还|再|另外|一共|总共|足足|整整|直接|全|就|咱们?|我们?|里头?|这里)*(?:，(?=[给配带送放]))?"
    "(?P<given>(?:(?:给|配|带|有|送|放|装|备|是|共)(?:了|的|上|足|到|你们?|您|大家|齐|个|足足|整整|一共)*){1,3})?"
)
#: In front of how many of a part: it is given with the goods.
_IN_HERE: Final = re.compile(
    "(?:里头?|里面|里边|箱里|盒里|包里|套里|配|给|带|送|放|装|附|有|含)(?:了|着|的是|的|有|是|上|你们?|您|大家|到|就|一共|足足|整整|都)*$"
)
#: What may stand before a part's name that makes no other part of it: 里头万向节, 还有接杆.
_BEGINS: Final = tuple("里头面这光的有和跟加送给配是了个把根颗只条套盒箱带放还外那")
_SET: Final = (
    rf"(?:[一整这每全][个]?[套箱盒包组]|里[头面]|打开|拆开|连[^，。！？]{{1,8}}在内)[^，。！？]{{0,8}}?(?:加起来|加一起|拢共|一共|总共|合计|统共|共)(?:就|是|有|足足|整整)*"
    rf"(?P<number>{NUMBER})(?:来|多)?(?:件|个零件|个配件|样)(?![一二两三四五六七八九十\d月小])"
)
_SETS: Final = re.compile(r"(?P<number>[两俩三四五六七八九十]|\d+)(?:套|箱|盒|个架|组)")


def part_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield how many of a part, or of all parts, a folded text gives where the record's list has another number."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping) or not facts:
        return
    fields = tuple((fold(str(name)).text, fold(str(value)).text) for name, value in facts.items())
    listed, totals = _lists(fields)
    gifts = fold("".join(map(str, product.get("gifts") or ()))).text
    for name, (known, told) in listed.items():
        if name not in text or name in gifts:
            continue
        # 公道杯，配六只品茗杯: whose number it is, stands behind it.
        others = "|".join(re.escape(one) for one in listed if one != name) or "$^"
        for start, end, said in _counts_of(text, name, known, others):
            if said != known and not _is_aside(text, start, end) and not _is_of_more_sets(text, start, said, known):
                yield FactFault("FAC-004", start, end, f"“{text[start:end]}”与商品资料（{told}）不符", True)
    for match in made(_SET).finditer(text) if totals else ():
        counted, whole = parse_number(match["number"]), totals[0]
        if counted is None or counted <= 1 or counted in totals or _is_aside(text, *match.span()):
            continue
        if not _is_of_more_sets(text, match.start(), counted, whole):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料（共{whole:g}件）不符", True)


@lru_cache(maxsize=256)
def _lists(fields: tuple[tuple[str, str], ...]) -> tuple[Mapping[str, tuple[float, str]], Sequence[float]]:
    """Return how many of each part there are, with the fact that tells it, and how many of all."""
    parts: dict[str, tuple[float, str]] = {}
    totals: list[float] = []
    doubled: set[str] = set()
    for name, value in fields:
        if not _LISTS.search(name) or _EITHER.search(name):
            continue
        total = _TOTAL.search(value)
        bare = _TOTAL.sub("", value)
        if headed_by := _ALL_OF.match(bare):
            bare = bare[headed_by.end() :]
            totals.append(float(headed_by["number"]))
        items = [one.strip() for one in re.split("[，,、；;+＋\n]|(?<=\\d[个只把根支条颗件块张片])[和及]", bare)]
        items = [one for one in (re.sub("[（(][）)]?$|[。.]$", "", one) for one in items) if one]
        read = [_ITEM.fullmatch(one) or _NUMBER_FIRST.fullmatch(one) for one in items]
        found = [match for match in read if match is not None]
        if len(found) < 2 or _EITHER.search(value):
            continue
        for match in found:
            if match["name"] in parts:
                doubled.add(match["name"])
            parts[match["name"]] = (
                float(match["number"]),
                f"{match['name']}{match['number']}{match['counter'] or '个'}",
            )
        if total:
            totals.append(float(total["number"]))
        if len(found) == len(items):
            totals.append(sum(float(match["number"]) for match in found))
    # 杯子 of 杯子盖: whose name is in another's is told by no name.
    unsure = {one for one in parts if any(one != other and one in other for other in parts)}
    return {one: told for one, told in parts.items() if one not in doubled | unsure}, totals


def _counts_of(text: str, name: str, known: float, others: str) -> Iterator[tuple[int, int, float]]:
    """Yield where how many of a part there are is told, and the number."""
    behind = rf"{re.escape(name)}{_GIVEN}(?:(?P<number>{NUMBER}){_COUNTER}(?!月|小时|人)|(?P<pair>[俩仨]))"
    for match in made(f"{behind}(?!的?(?:{others}))").finditer(text):
        said = parse_number(match["number"] or match["pair"])
        before = text[match.start() - 1 : match.start()]
        if said is None or (re.match("[\u4e00-\u9fa5]", before) and before not in _BEGINS):
            continue
        # 螺丝两颗就够了: of many some are enough.
        if said > known or match["given"]:
            yield *match.span(), said
    before_name = rf"(?P<number>{NUMBER}){_COUNTER}(?:小|大|的)?{re.escape(name)}(?![\u4e00-\u9fa5]?[盒袋包箱])"
    for match in made(before_name).finditer(text):
        said = parse_number(match["number"])
        low, _ = clause(text, *match.span())
        given = _IN_HERE.search(text, low, match.start()) is not None or match.start() == low
        if said is not None and said > 1 and given and (said > known or match.start() > low):
            yield *match.span(), said


def _is_aside(text: str, start: int, end: int) -> bool:
    low, high = clause(text, start, end)
    return (
        text[high : high + 1] == "？"
        or re.search(
            "不是|另外?(?:买|配|加)|单买|多买|加购|自己|[我你您他她]家|家里|手头|送|赠|客人|拿出|摆出来|别人",
            text[low:high],
        )
        is not None
        or is_of_another(text, start, end)
        or is_unsure(text, start, end)
        or is_told_of_somebody(text, start, end, portions=False)
        or not is_claimed(text, start, end)
    )


def _is_of_more_sets(text: str, start: int, said: float, known: float) -> bool:
    """Tell whether so many sets are spoken of that it is right of all of them: 买两套就是十二只."""
    begin, _ = sentence(text, start, start)
    sets = {parse_number(match["number"].replace("俩", "两")) for match in _SETS.finditer(text, begin, start)}
    return bool(known) and said / known in sets
