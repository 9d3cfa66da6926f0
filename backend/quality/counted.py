"""How many are in a pack, of each kind and of a part: what a script counts against the record's own count."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backend.quality.context import clause
from backend.quality.normalize import fold
from backend.quality.numbers import NUMBER, parse_number
from backend.quality.opposites import is_claimed
from backend.quality.patterns import made
from backend.quality.record import FactFault, record_text
from backend.quality.subject import is_of_another

_PIECE: Final = "[瓶罐袋支盒包片枚条听杯只颗粒块个卷张双根套件份朵枝株头尾]"
#: 550ml×24, 公4母4, 24瓶/箱.
_TIMES: Final = re.compile(
    rf"[×x*](?P<times>\d+)(?!\s*(?:[×x*.\d]|cm|mm|厘米|毫米|米))|(?P<each>\d+){_PIECE}[/每一](?:箱|件|盒|提|套|包|袋)"
)
_KINDS: Final = re.compile(r"公(?P<male>\d+)(?:只)?[、,，]?母(?P<female>\d+)(?:只)?(?!\.|两|\d)")
_IN_A_PACK: Final = re.compile(
    rf"(?<![两二三四五六七八九十几])(?:一|每|整)(?:整)?[箱件盒提套包袋](?:里[头面]?|是|有|装|就是|一共|总共|足足|整整)*(?P<number>{NUMBER})(?:大|小)?(?!块){_PIECE}(?![一每]|装)"
)
#: 公蟹四两 where the record has 公3.5两: what is told of one kind, with its unit.
_OF_A_KIND: Final = re.compile(
    r"(?P<kind>[公母大中小内外上下前后左右主副长短高矮厚薄])(?P<number>\d+(?:\.\d+)?)(?P<unit>两|斤|克|g|厘米|cm|毫米|mm|米|升|ml|毫升|寸|只|个|片)"
)
#: A count that is a fact by itself: 配料包：7包, 抽屉：1个.
_COUNT: Final = re.compile(rf"^[约共]?(?P<number>{NUMBER}){_PIECE}?$")
#: How long it was kept, as a fact: 年份：5年.
_AGED: Final = re.compile(rf"^(?P<number>{NUMBER})年(?:陈|以上)?$")

#: 四档调光, 三档可调: how many levels there are. 调到四档 and 三档就够 are levels that are used.
_LEVELS: Final = re.compile(
    rf"(?P<number>{NUMBER})个?[档挡](?=的?(?:可调|可选|调[光温速节]|变[速档]|[风火]?[速力]|亮度|力度|模式|切换|自由|无级|温度|温控|水温|色温|振动|强度|档位))"
)
_A_LEVEL: Final = re.compile(rf"(?P<number>{NUMBER})个?[档挡](?!次)")


def _levels(text: str, fields: list[tuple[str, str]]) -> Iterator[tuple[int, int, str]]:
    known = {
        parse_number(match["number"]): f"{name}：{value[:20]}"
        for name, value in fields
        for match in _A_LEVEL.finditer(value)
    }
    if len(known) != 1:
        return  # 三档风力，五档亮度: which of them is told nobody knows
    for match in _LEVELS.finditer(text):
        said = parse_number(match["number"])
        if said is not None and said not in known:
            yield match.start(), match.end(), next(iter(known.values()))


def counted_in_pack_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield counts of a folded text that differ from how many the record has in a pack, of a kind, of a part."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping) or not facts:
        return
    fields = [(fold(str(name)).text, fold(str(value)).text) for name, value in facts.items()]
    numbers = {parse_number(one) for one in re.findall(NUMBER, record_text(product))}
    for start, end, told in (
        *_packs(text, fields, numbers),
        *_kinds(text, fields),
        *_parts(text, fields, numbers),
        *_levels(text, fields),
    ):
        low, high = clause(text, start, end)
        asked = text[high : high + 1] == "？" or re.search("[两二三四五六七八九十][箱盒提套]|送|赠|另", text[low:high])
        if not asked and is_claimed(text, start, end) and not is_of_another(text, start, end):
            yield FactFault("FAC-004", start, end, f"“{text[start:end]}”与商品资料（{told}）不符", True)


def _packs(text: str, fields: list[tuple[str, str]], numbers: set[float | None]) -> Iterator[tuple[int, int, str]]:
    known: dict[float, str] = {}
    for name, value in fields:
        for match in _TIMES.finditer(value):
            known[float(match["times"] or match["each"])] = f"{name}：{value[:20]}"
        for match in _KINDS.finditer(value):
            known[float(match["male"]) + float(match["female"])] = f"{name}：{value[:20]}"
    for match in _IN_A_PACK.finditer(text) if known else ():
        said = parse_number(match["number"])
        if said is not None and said > 1 and said not in known and said not in numbers:
            yield *match.span(), next(iter(known.values()))


def _kinds(text: str, fields: list[tuple[str, str]]) -> Iterator[tuple[int, int, str]]:
    known: dict[tuple[str, str], set[float]] = {}
    for _, value in fields:
        for match in _OF_A_KIND.finditer(value):
            known.setdefault((match["kind"], match["unit"]), set()).add(float(match["number"]))
    for (kind, unit), right in known.items() if len({kind for kind, _ in known}) > 1 else ():
        said_of = (
            rf"{kind}(?:的|蟹|号|件|款|份|个|层|只|袋|瓶)?"
            rf"(?:的|是|有|足足|都|每只|一只|就)*(?P<number>{NUMBER}){unit}(?P<half>半)?"
        )
        for match in made(said_of).finditer(text) if kind in text else ():
            said = parse_number(match["number"])
            if said is not None and said + (0.5 if match["half"] else 0) not in right:
                yield *match.span(), f"{kind}{'、'.join(f'{one:g}' for one in sorted(right))}{unit}"


def _parts(text: str, fields: list[tuple[str, str]], numbers: set[float | None]) -> Iterator[tuple[int, int, str]]:
    for name, value in fields:
        counted, aged = _COUNT.match(value), _AGED.match(value)
        if counted and len(name) >= 2 and re.fullmatch("[\u4e00-\u9fa5]+", name) and name[-1] not in "数量格格装":
            if name[-2:] not in text:
                continue
            said_of = rf"(?P<number>{NUMBER}){_PIECE}(?:小|大)?(?:{re.escape(name[-2:])})"
        elif aged and re.search("年份|陈|窖|树龄|藏", name):
            said_of = rf"(?P<number>{NUMBER})年(?:多)?的?(?:老?陈|老|窖|藏|陈)"
        else:
            continue
        for match in made(said_of).finditer(text):
            said = parse_number(match["number"])
            if said is not None and said > 1 and said not in numbers:
                yield *match.span(), f"{name}：{value}"
