"""What is not to be told at all: a matter (材质, 产地, 重量) instead of a word, however it is put.

Who does not want the material told does not want 316不锈钢 told either. The record says by the names of its facts what
tells a matter; units, materials and colours tell some of them without a record.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from backend.quality.materials import MATERIALS
from backend.quality.normalize import fold
from backend.quality.numbers import COUNTERS, NUMBER, money_in, parse_number
from backend.quality.sums import is_no_price
from backend.quality.units import UNITS


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter: how requests call it, which facts of a record tell it, and what else does."""

    #: The first is its own name; all of them speak of it where they stand in a text.
    words: tuple[str, ...]
    #: Names of facts that tell it, by a part of theirs.
    facts: str
    #: Fields of a record beside its facts that tell it.
    fields: tuple[str, ...] = ()
    #: Dimensions of measures that tell it (see `units.UNITS`).
    dimensions: tuple[str, ...] = ()
    #: What tells it in any text.
    shown: str = ""
    #: How a request calls it, where a text that says so tells nothing of it.
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """Where a folded text tells a matter. `certain`: in the record's own words or figures."""

    start: int
    end: int
    matter: str
    certain: bool


_ANY_MATERIAL: Final = "|".join(map(re.escape, sorted(MATERIALS, key=len, reverse=True)))
_MATTERS: Final = (
    Matter(
        ("材质", "材料", "面料", "用料", "料子", "质地"),
        "材[质料]|[面里用填底]料|质地|成分|内胆|填充|涂层",
        shown=_ANY_MATERIAL,
        asked=("什么做的", "用的什么料", "什么料"),
    ),
    Matter(("成分", "配料", "原料", "配方"), "成分|配料|原料|配方|主料|添加"),
    Matter(
        ("产地", "产区", "原产地"),
        "产地|产区|原产|来源|水源地?|牧场|奶源",
        shown="产自|原产于?",
        asked=("哪里产的", "哪产的", "出产地"),
    ),
    Matter(
        ("重量", "净重", "克重", "份量", "净含量"),
        "重量?$|净含量|克重|份量|分量",
        dimensions=("weight",),
        asked=("多重", "分量", "斤两"),
    ),
    Matter(
        ("尺寸", "尺码", "长宽高"),
        "尺[寸码]|长宽|[长宽高厚]度|大小|直径|周长|口径",
        dimensions=("length", "inch"),
        asked=("大小", "多大"),
    ),
    Matter(("容量", "容积"), "容[量积]", dimensions=("volume",), asked=("装多少",)),
    Matter(
        ("颜色", "配色", "色号", "花色"),
        "颜色|[配花]色|色号|色系",
        shown="[白黑灰粉红橙黄绿蓝紫棕银金咖米杏青]色",
        asked=("什么色",),
    ),
    Matter(("功率", "瓦数"), "功率|瓦数", dimensions=("power",)),
    Matter(("续航", "电池"), "续航|电池|待机", dimensions=("battery",)),
    Matter(("保质期", "赏味期", "生产日期"), "保质|赏味|生产日期|有效期", asked=("日期", "到期时间")),
    Matter(("口味", "味型"), "口味|味[型道]|风味", asked=("味道",)),
    Matter(("质保", "保修", "三包"), "质保|保修|三包|售后", asked=("售后",)),
    Matter(("工艺", "做工"), "工艺|做工|制法|织法"),
    Matter(("品牌", "牌子", "商标"), "品牌|牌子|商标", fields=("brand",)),
    Matter(("赠品", "礼品", "附赠"), "赠|礼品", fields=("gifts",), asked=("送什么", "送的东西", "送的")),
    Matter(("库存", "存货"), "库存|存货|现货", fields=("stock",), asked=("剩多少", "还有多少")),
    Matter(
        ("检测报告", "证书", "认证", "检测"),
        "检测|报告|证书|认证|资质|执行标准",
        fields=("evidence",),
        asked=("报告", "资质", "证明", "依据"),
    ),
    Matter(
        ("原价", "标价", "划线价", "吊牌价"),
        "原价|标价|划线价|吊牌价",
        fields=("list_price",),
        asked=("专柜价", "门店价", "市场价"),
    ),
    Matter(
        ("价格", "价钱", "售价", "到手价", "价位"),
        "价格|价钱|售价|价位|单价",
        fields=("price", "list_price", "price_ladder"),
        asked=("价", "多少钱", "报价", "金额", "单价"),
    ),
)
_ABOUT: Final = re.compile(
    "^(?:具体|详细|任何|所有|一切|关于|有关|它的?|他的?|产品的?|商品的?|这款的?)+|"
    "的?(?:信息|问题|方面|情况|部分|内容|数[据值]|参数|细节|话题|这块儿?|那块儿?|这事儿?|的?事儿?|是多少|是什么)$"
)
#: Behind a fact's name: the same, asked for.
_HOW_MUCH: Final = re.compile(
    "的?(?:多[少久大长高重]|几[年个天]|[长大多高]短?小?少?低?|年限|时[长间]|怎么样|如何|什么|期限?|度)?"
)
#: Longer words are no matter but what is to be left out as it stands.
_LONGEST: Final = 8
#: 新疆和田 and 呼和浩特 are one place each.
_PARTS: Final = re.compile(
    "[，。、；：,;:/|()（）+＋\\s]+|(?<=[\u4e00-\u9fa5]{2})(?:和(?![田平龙县硕静顺])|与|以?及)(?=[\u4e00-\u9fa5]{2})"
)
#: What stands before a gift's thing: 价值59元, 2支.
_BEFORE_A_GIFT: Final = re.compile(rf"^(?:(?:价值|市价|原价)?{NUMBER}[元块](?:的)?)?(?:{NUMBER}[{COUNTERS}])?")
_LEAD: Final = re.compile(
    "^(?:约|采用|选用|使用|为|是|有|带|含|全|整|特级|优质|精选)+|(?:左右|以上|以内|等|制成|制作|材质|面料|产区|产地)+$"
)
#: Values that are said of anything.
_NOTHING: Final = re.compile(
    "^(?:支持|可选|多种|其他|如图|见详情页?|有|无|是|否|均码|常规|标准|普通|国产|进口|通用|正常)$"
)
_PROVINCES: Final = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|"
    "甘肃|青海|台湾|内蒙古?|广西|西藏|宁夏|新疆|香港|澳门|中国"
)
_PLACE_END: Final = re.compile("省|市|县|区|镇|乡|村|州|盟|旗|岛|自治")
_MEASURE: Final = re.compile(
    rf"({NUMBER})\s*({'|'.join(map(re.escape, sorted(UNITS, key=len, reverse=True)))})(?![a-z])"
)
_GRADE: Final = re.compile(r"(?<!\d)\d{3}(?=[^\d.]|$)")


def matters_of(unwanted: Iterable[str], product: Mapping[str, Any] | None) -> Sequence[Matter]:
    """Return the matters that words which are not to be said name; a word that only stands for itself names none.

    A fact of the record is a matter by its own name: 弹性, 保温时间.
    """
    return tuple(dict.fromkeys(found for word in unwanted for found in _named(word, product)))


def tells(word: str, text: str, product: Mapping[str, Any] | None) -> bool:
    """Tell whether a folded text tells the matter that `word` names (价格, 赠品) in the record's words or figures."""
    known = [matter for matter in _MATTERS if fold(word).text.strip() in (*matter.words, *matter.asked)]
    return any(certain for matter in known for *_, certain in _places(matter, text, product))


def is_held(word: str, product: Mapping[str, Any] | None) -> bool:
    """Tell whether a record has something on the matter that `word` names: 产地, 赠品, 保温时间."""
    for matter in _named(word, product):
        if any((product or {}).get(field) for field in matter.fields) or _values(matter, product):
            return True
    return False


def _named(word: str, product: Mapping[str, Any] | None) -> Iterator[Matter]:
    core = _ABOUT.sub("", fold(word).text.strip())
    if not core or len(core) > _LONGEST:
        return
    known = next((one for one in _MATTERS if core in one.words or core in one.asked), None)
    if known is not None:
        yield known
        return
    names = [fold(name).text for name in _facts(product)] if len(core) >= 2 else []
    own = [name for name in names if len(name) >= 2 and (core in name or _is_name(core, name))]
    if own:
        yield Matter((core,), "|".join(f"^{re.escape(name)}$" for name in own))


def _is_name(core: str, name: str) -> bool:
    """Tell whether a word is a fact's name and no more: 保温多久 of 保温.

    终身质保 of 质保 says something of it instead, and is only to be left out as it stands.
    """
    head, found, tail = core.partition(name)
    return bool(found) and not head and _HOW_MUCH.fullmatch(tail) is not None


def words_of(unwanted: Iterable[str], product: Mapping[str, Any] | None) -> Sequence[str]:
    """Return all that must not be written when `unwanted` is not to be told: those words, and what tells the same."""
    said = list(unwanted)
    name = _name(product)
    for matter in matters_of(said, product):
        said += [*matter.words, *(term for term in _terms(matter, product) if term not in name)]
    return tuple(dict.fromkeys(said))


def told(unwanted: Sequence[str], text: str, product: Mapping[str, Any] | None) -> Iterator[Told]:
    """Yield where a folded text tells a matter that is not to be told, other than by the words of `unwanted`.

    What the goods' own name says cannot be left out.
    """
    matters = matters_of(unwanted, product)
    if not matters:
        return
    names = [_name(product), *(fold(str(one)).text for one in (product or {}).get("aliases") or ())]
    named = [match.span() for name in names if len(name) >= 2 for match in re.finditer(re.escape(name), text)]
    plain = {fold(word).text for word in unwanted}
    for matter in matters:
        taken: list[tuple[int, int]] = []
        for start, end, certain in _places(matter, text, product):
            if text[start:end] in plain or any(low <= start and end <= high for low, high in (*named, *taken)):
                continue
            taken.append((start, end))
            yield Told(start, end, matter.words[0], certain)


def without(unwanted: Sequence[str], product: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record without what would tell the matters; what the law wants said and the name stay."""
    kept = dict(product)
    for matter in matters_of(unwanted, product):
        for field in matter.fields:
            kept.pop(field, None)

        def tells(text: object, matter: Matter = matter) -> bool:
            return next(_places(matter, fold(str(text)).text, product), None) is not None

        own = re.compile(matter.facts)
        if isinstance(facts := kept.get("facts"), Mapping):
            kept["facts"] = {
                name: value
                for name, value in facts.items()
                if not own.search(fold(str(name)).text) and not tells(value)
            }
        for field in ("gifts", "evidence", "claims"):
            if isinstance(items := kept.get(field), (list, tuple)):
                kept[field] = [one for one in items if not tells(one)]
        if isinstance(points := kept.get("points"), (list, tuple)):
            kept["points"] = [point for one in points if (point := _point_without(one, tells)) is not None]
    return kept


def _point_without(point: Any, tells: Any) -> Any:
    if not isinstance(point, Mapping):
        return None if tells(point) else point
    # A benefit whose feature may not be said would hang in the air.
    if tells(point.get("feature") or ""):
        return None
    return {key: value for key, value in point.items() if key == "feature" or not tells(value)}


def _places(matter: Matter, text: str, product: Mapping[str, Any] | None) -> Iterator[tuple[int, int, bool]]:
    """Yield where a folded text tells a matter, in the record's words first."""
    for term in _terms(matter, product):
        for match in re.finditer(re.escape(term), text):
            yield *match.span(), True
    recorded = {measure for value in _values(matter, product) for *_, measure in _measures(value)}
    for start, end, measure in _measures(text):
        if measure in recorded or measure[0] in matter.dimensions:
            yield start, end, measure in recorded
    if "price" in matter.fields:
        yield from ((one.start, one.end, True) for one in money_in(text) if not is_no_price(text, one))
    elif "list_price" in matter.fields and (product or {}).get("list_price") is not None:
        figure = float(str((product or {})["list_price"]))
        for money in money_in(text):
            if money.value == figure:
                yield money.start, money.end, True
    for word in matter.words:
        for match in re.finditer(re.escape(word), text):
            yield *match.span(), False
    for match in re.finditer(matter.shown, text) if matter.shown else ():
        yield *match.span(), False


def _measures(text: str) -> Iterator[tuple[int, int, tuple[str, float]]]:
    for match in _MEASURE.finditer(text):
        value = parse_number(match[1])
        if value is not None:
            dimension, factor = UNITS[match[2]]
            yield *match.span(), (dimension, round(value * factor, 4))


def _facts(product: Mapping[str, Any] | None) -> Mapping[str, Any]:
    facts = (product or {}).get("facts")
    return {str(name): value for name, value in facts.items()} if isinstance(facts, Mapping) else {}


def _values(matter: Matter, product: Mapping[str, Any] | None) -> Sequence[str]:
    own = re.compile(matter.facts)
    return [fold(str(value)).text for name, value in _facts(product).items() if own.search(fold(name).text)]


def _terms(matter: Matter, product: Mapping[str, Any] | None) -> Sequence[str]:
    """Return the record's own words for a matter, the longest first."""
    found: list[str] = []
    for field in matter.fields:
        value = (product or {}).get(field)
        items = value if isinstance(value, (list, tuple)) else [value]
        # A gift is its thing: 杯刷1支 is told as 杯刷.
        found += [
            re.split(r"[\d\s]", _BEFORE_A_GIFT.sub("", fold(one).text))[0] for one in items if isinstance(one, str)
        ]
    for value in _values(matter, product):
        found += _split(value, place="产地" in matter.words, material="材质" in matter.words)
    name = _name(product)
    return sorted({one for one in found if len(one) >= 2 and one not in name}, key=len, reverse=True)


@lru_cache(maxsize=512)
def _split(value: str, *, place: bool, material: bool) -> Sequence[str]:
    """Return the words of a fact's value that tell it wherever they stand."""
    parts = [_LEAD.sub("", part) for part in _PARTS.split(value)]
    parts = [part for part in parts if len(part) >= 2 and not _NOTHING.match(part)]
    found = [part for part in parts if not _MEASURE.fullmatch(part) and not part.isdigit()]
    if place:
        for part in parts:
            found += [one for one in _PLACE_END.split(part) if len(one) >= 2]
            if province := re.match(_PROVINCES, part):
                found += [province[0], _PLACE_END.split(part[province.end() :])[0]]
    if material:
        found += [match[0] for part in parts for match in re.finditer(_ANY_MATERIAL, part)]
        found += [match[0] for part in parts for match in _GRADE.finditer(part)]
    return [one for one in found if len(one) >= 2]


def _name(product: Mapping[str, Any] | None) -> str:
    return fold(str((product or {}).get("name") or "")).text
