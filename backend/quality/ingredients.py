"""Lists of ingredients read aloud (翻过来看配料表，苹果、胡萝卜、冰糖), and what is said to stand first in one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import rjieba

from backend.quality.backing import has_by_another_name
from backend.quality.normalize import fold
from backend.quality.numbers import NUMBER
from backend.quality.patterns import made
from backend.quality.record import FactFault, overlaps, record_text
from backend.quality.spans import is_aside

_FIELD: Final = re.compile("配料|原料|食材|(?<!面料)(?<!里料)成分")
#: A list that is not the whole of it: the first four, the main ones, and others.
_FIRST_ONES: Final = re.compile("前[一二两三四五六七八九十\\d]|主要|部分|核心")
_BRACKETS: Final = re.compile(r"[（(][^）)]*[）)]|\d+(?:\.\d+)?%?|≥|>|<")
_SPLIT: Final = re.compile("[、，,；;/]|以?及|和|与|跟")
#: A list that is read out, from the word for it on.
_READ_OUT: Final = re.compile(
    "(?:配料|成分|原料)(?:表|单|栏)?(?:里|上|那)?(?:头|面|栏|行)?"
    f"(?:就|也|都|只|总共|一共|统共|拢共|有|是|写着?|标着?|印着?|的|明明白白|清清楚楚|干净|干干净净|短|简单|很|特别|{NUMBER}[样种个味]|[：，])*"
    "(?P<items>[\u4e00-\u9fa5]{1,6}(?:[、和跟与][\u4e00-\u9fa5]{1,6}?)+)(?=[，。！；]|$|就这|没了|没别|再没)"
)
#: What stands first in a list: 配料表头一位是三文鱼, 配料表排第一的是冰糖.
_FIRST: Final = re.compile(
    "(?:配料|成分|原料)(?:表|单|栏)?(?:里|上|那)?(?:头|面)?[，]?(?:里|上)?"
    "(?:排(?:在)?(?:最前[面头]?|第一[位个名]?|头一?[位个名]|首位)|第一[位个样名]|头一?[位个样名]|打头|首位|开头|排头|最前[面头])"
    "(?:阵|儿)?(?:的|那个|那样|就|都|它|写的?|，)*(?:是|：|写着|叫|为)?(?P<said>[\u4e00-\u9fa5]{1,5}?)(?=[，。！；、]|$)"
)
#: What is on the back of a pack besides ingredients, and who reads it.
_NO_FOOD: Final = re.compile(
    "日期|产地|保质|期$|[表号厂]$|含量|营养|热量|能量|脂肪|碳水|价|工艺|包装|执行|标准|标签|品牌|名[称字]?$|老人|孩子|爸|妈|宝|家人|朋友|[人家们]$|"
    "第[一二三]|[样种个字行位]$|东西|字|心|眼|科技|添加|化学|成分|配料|原料"
)
#: How an item begins that is none.
_NO_ITEM: Final = re.compile("^[没无不零别少未非勿你您我咱他她它谁这那哪]")
_DRESS: Final = re.compile(
    "^(?:就是?|只有|有|是|写着|的|还有|外加|再加|加上|加|一点|少许|纯|新鲜|优质)+|(?:等|这些|了|而已|的|为主)$"
)


class _Listed(NamedTuple):
    """A record's list of ingredients."""

    told: str
    items: tuple[str, ...]
    #: Only so many of them are told: what stands behind is not known.
    open: bool


def ingredient_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield ingredients that a folded text reads out, or puts first, and the record's list has not (there)."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping) or not re.search("配料|成分|原料", text):
        return
    listed = _listed(tuple((fold(str(name)).text, fold(str(value)).text) for name, value in facts.items()))
    record = record_text(product)
    for one in listed:
        yield from _read_out_wrong(text, one, record)
        yield from _first_of_another(text, one, record)


@lru_cache(maxsize=256)
def _listed(fields: tuple[tuple[str, str], ...]) -> Sequence[_Listed]:
    found = []
    for name, value in fields:
        if _FIELD.search(name) is None or re.match("[不无零未]", value):
            continue
        items = tuple(item for part in _SPLIT.split(_BRACKETS.sub("", value)) if (item := _DRESS.sub("", part.strip())))
        opened = _FIRST_ONES.search(name) is not None or "等" in value
        found.append(_Listed(f"{name}：{value[:24]}", items, opened))
    return tuple(found)


def _read_out_wrong(text: str, listed: _Listed, record: str) -> Iterator[FactFault]:
    for match in _READ_OUT.finditer(text):
        parts = [_DRESS.sub("", one) for one in re.split("[、和跟与]", match["items"])]
        # Of the first four, what the script reads out behind them may be the fifth.
        parts = parts[: len(listed.items)] if listed.open else parts
        strange = [one for one in parts if one and not _is_known(one, record)]
        # 盐巴 where all but 食用盐 was read out: that one, as people call it.
        unsaid = [item for item in listed.items if not any(_is_known(one, item) for one in parts)]
        strange = [one for one in strange if not any(one.startswith(item[-1]) for item in unsaid)]
        if not strange or any(_NO_FOOD.search(one) or _NO_ITEM.search(one) for one in parts):
            continue
        if not all(_is_noun(one) for one in strange) or is_aside(text, *match.span()):
            continue
        for one in strange:
            at = text.index(one, match.start("items"))
            yield FactFault("FAC-001", at, at + len(one), f"“{one}”不在商品资料（{listed.told}）里", True)


def _first_of_another(text: str, listed: _Listed, record: str) -> Iterator[FactFault]:
    for match in _FIRST.finditer(text) if listed.items else ():
        said = _DRESS.sub("", match["said"])
        if not said or _is_known(said, listed.items[0]) or set(said) <= set(listed.items[0]):
            continue
        if _NO_FOOD.search(said) or _NO_ITEM.search(said) or not _is_noun(said) or is_aside(text, *match.span()):
            continue
        if re.search("第[二三四]", text[match.start() : match.start("said")]):
            continue
        problem = f"“{said}”不是配料的头一位（{listed.told}）"
        # What the list has further behind may have been called the first of another row.
        yield FactFault("FAC-001", *match.span("said"), problem, not _is_known(said, record))


def _is_known(said: str, record: str) -> bool:
    if said in record or overlaps(said, record) or has_by_another_name(said, record):
        return True
    # 白糖 is short for 白砂糖, 猪肉 for what is on record as 猪五花肉.
    spread = "[\u4e00-\u9fa5]{0,3}".join(map(re.escape, said))
    return made(spread).search(record) is not None


def _is_noun(said: str) -> bool:
    """Tell whether a word names a thing: 三文鱼, and not 干净 or 放心."""
    return all(tag.startswith("n") or len(word) == 1 for word, tag in rjieba.tag(said)) and not re.search(
        "[很真最太特更越]", said
    )
