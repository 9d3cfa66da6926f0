"""Figures told by the name of a fact (色温四千K, 蓝牙五点四, 显指八十) against the record's fact of that name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from backend.quality.amounts import RANGE, amounts
from backend.quality.context import clause
from backend.quality.heads import headed
from backend.quality.measured import Amount
from backend.quality.normalize import fold
from backend.quality.numbers import NUMBER, money_in, parse_number
from backend.quality.patterns import made
from backend.quality.record import FactFault, fields_of
from backend.quality.subject import COMPARED

#: What a fact's name may end in and a host leaves out: 蓝牙版本 is 蓝牙.
_ENDINGS: Final = headed(
    "(?:版本|系数|指数|含量|系列|等级|参数|范围|数值|数量|大小|长度|高度|深度|厚度|宽度|直径|尺寸|规格|功能|性能|值|数|[长宽高厚重])$"
)
#: How many of it there are: 内袋 3个, 琴弦 4根尼龙弦.
_COUNTED: Final = re.compile(rf"^[约共]?(?P<number>{NUMBER})(?P<counter>[个只条块片口层根段棵枚颗支张道圈排])")
#: Between a name and its figure.
_BETWEEN: Final = (
    r"(?:[是有为在从到达约才就：:]|达到|做到|只有|大概|大约|差不多|可以|可调|能到|能达到|"
    r"最[大高长多低小]|足足|高达|额定|标的?)*"
)
_STRETCH: Final = rf"{_BETWEEN}(?P<number>{NUMBER})"
#: Names that are words of every day: what stands behind them is told of anything.
#: Behind a figure without a unit.
_AFTER: Final = tuple("，。！？；、的多到至-")
#: Behind a one: what one of something costs or saves.
_FOR_ONE: Final = re.compile(
    rf"[\u4e00-\u9fa5]{{1,2}}(?:就|才|只|还|能|要|能省|可以|正好|大概|差不多)*(?:[省合便多少贵卖划摊]|{NUMBER}(?:块|元|毛|角))"
)
_COMMON: Final = frozenset(
    {"颜色", "适合", "适用", "规格", "数量", "套装", "包装", "产品", "使用", "功能", "品牌", "型号", "产地"}
)


_CHOICES: Final = headed(rf"(?P<number>{NUMBER})[个种](?:颜色|色|口味|味道|花色|味)")
#: 一级 of 一级棒 and 三级台阶 is no grade.
_GRADE: Final = headed(
    "(?:等级|级别|品级|能效|质量)[是为：达到的]*(?P<grade>[特优一二三四五六七八九\\d])[级等](?![棒台])|(?P<grade2>[特优])级|(?<=[，。！？；是])(?P<grade3>[一二三四])级(?=[，。！；的茶米果品油面粉豆参枣]|$)"
)

#: The best grade in other words.
_BEST: Final = re.compile("特[优等选a]|头等|顶级|珍品|极品|extra|supreme|fancy|(?<![a-z])a{3}(?![a-z])|至尊")


def named_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield the figures of a folded text that stand behind a fact's name and are none of that fact's."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping):
        return
    read = [(fold(str(name)).text, fold(str(value)).text) for name, value in facts.items()]
    sums = {money.start for money in money_in(text)}
    prices = {money.value for field in fields_of(product) for money in money_in(field)} | {
        float(one) for one in (product.get("price"), product.get("list_price")) if isinstance(one, int | float) and one
    }
    for name, value in read:
        numbers = _numbers(value)
        if not numbers:
            continue
        # Two facts may share a short name (保温, 保温时间): what one of them bears out is right.
        for match in _pattern(name).finditer(text) if any(one in text for one in _variants(name)) else ():
            said, at = parse_number(match.group("number")), match.start("number")
            if said == 1 and _FOR_ONE.match(text, match.end()):
                continue  # 大箱一斤省六毛八
            if said is None or at in sums or _is_compared(text, match.start(), at):
                continue
            if any(said == price * count for price in prices for count in (1, 2, 3, 4)):
                continue  # 两张单人二百五十八, of 129 each
            # 更换：奶嘴建议每2个月更换 speaks of the 奶嘴 as well.
            said_of = match.group("name")
            kin = "。".join(other for known, other in read if said_of in known or known == name or said_of in other)
            amount = next((one for one in amounts(text) if one.start == at), None)
            if amount is not None and amount.end > match.end():
                wrong = _contradicts_amount(amount, kin, said)
                end = amount.end
            else:
                wrong = _stands_alone(text, match.end(), value) and not _bears_out(kin, said)
                end = match.end()
            if wrong:
                yield FactFault("FAC-004", at, end, f"“{name}”说成了{text[at:end]}，资料是{value}", True)


def counted_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield how many a folded text says there are of something that the record counts: 六个内袋, 三十段, 六根弦."""
    facts = product.get("facts")
    for name, said in facts.items() if isinstance(facts, Mapping) else ():
        value, bare = fold(str(said)).text, fold(str(name)).text
        counted = _COUNTED.match(value)
        known = parse_number(counted["number"]) if counted else None
        if counted is None or known is None or RANGE.search(value):
            continue
        if len(_numbers(value)) > 1:
            continue  # 2个USB-C、1个USB-A
        if re.fullmatch("[\u4e00-\u9fa5]数", bare):
            pattern = rf"(?P<number>{NUMBER})[{counted['counter']}{bare[0]}](?!味|道理)"
            is_there = counted["counter"] in text or bare[0] in text
        else:
            noun = rf"(?:{re.escape(bare)}|{re.escape(bare[-1])}(?=[，。！？；]))"
            pattern = rf"(?P<number>{NUMBER}){counted['counter']}[\u4e00-\u9fa5]{{0,2}}?{noun}"
            is_there = counted["counter"] in text and bare[-1] in text
        for match in made(pattern).finditer(text) if is_there else ():
            told = parse_number(match["number"])
            if told is None or told == known or told < 2 or _is_compared(text, match.start(), match.end()):
                continue
            if f"{told:g}" not in value and told not in _numbers(value):
                yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料（{name}：{said}）不符", True)


@lru_cache(maxsize=512)
def _variants(name: str) -> Sequence[str]:
    """Return what a host may call a fact: its name, without the ending, and its abbreviation (显色指数: 显指)."""
    bare = re.sub(r"[（(].*$|[^\u4e00-\u9fa5a-z]", "", name)
    forms = {bare, _ENDINGS.sub("", bare)}
    if len(bare) == 4:
        forms.add(bare[0] + bare[2])
    return sorted((form for form in forms if len(form) >= 2 and form not in _COMMON), key=len, reverse=True)


@lru_cache(maxsize=512)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(f"(?P<name>{'|'.join(map(re.escape, _variants(name)))}){_STRETCH}")


def _numbers(text: str) -> list[float]:
    return [value for one in re.findall(NUMBER, text) if (value := parse_number(one)) is not None]


def _bears_out(value: str, said: float) -> bool:
    if any(abs(said - known) < 1e-9 for known in _numbers(value)):
        return True
    ends = (_numbers(match.group()) for match in RANGE.finditer(value))
    return any(len(pair) >= 2 and pair[0] <= said <= pair[-1] for pair in ends)


def _contradicts_amount(amount: Amount, value: str, said: float) -> bool:
    known = [one.value for one in amounts(value) if one.dimension == amount.dimension]
    if not known:
        # 保温杯三百毫升 is told of something else; 度 is said of many scales (12°P).
        return amount.dimension == "degree" and not _bears_out(value, said)
    within = min(known) <= amount.value <= max(known) and RANGE.search(value) is not None
    return not within and not _bears_out(value, said) and all(abs(amount.value - one) > 0.005 * one for one in known)


def _stands_alone(text: str, end: int, value: str) -> bool:
    """Tell whether a figure has no unit that would make it one of something else, or the fact's own (防泼水5级)."""
    after = text[end : end + 1]
    return not after or after in _AFTER or re.search(rf"{NUMBER}{re.escape(after)}", value) is not None


def grade_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield grades (特级, 一级) of a folded text that no fact of the record bears out, where a fact gives one."""
    facts = product.get("facts")
    told = [
        fold(f"等级{value}").text
        for name, value in (facts.items() if isinstance(facts, Mapping) else ())
        if re.search("等级|级别|品级|能效|标准|质量|^[级等]$", str(name))
    ]
    known = {
        _grade(match["grade"] or match["grade2"] or match["grade3"]) for one in told for match in _GRADE.finditer(one)
    }
    if known and any(_BEST.search(one) for one in told):
        known.add("特")  # 国标一级，头等: the best grade has many names
    for match in _GRADE.finditer(text) if known else ():
        if _grade(match["grade"] or match["grade2"] or match["grade3"]) not in known and not _is_compared(
            text, match.start(), match.end()
        ):
            yield FactFault("FAC-004", *match.span(), f"等级“{match.group()}”与商品资料不符", True)


def _grade(said: str) -> str:
    value = parse_number(said)
    return said if value is None else f"{value:g}"


#: 它上头还有个特级: another grade than that of these goods.
_ABOVE: Final = re.compile("(?:上[头面]|往上|更高|再高)[^，。！？]{0,5}有[个一]{0,2}$")


def _is_compared(text: str, start: int, end: int) -> bool:
    low, _ = clause(text, start, end)
    return COMPARED.search(text[low:start]) is not None or _ABOVE.search(text, low, start) is not None


def _how_many(value: str) -> int:
    """Return how many a list holds, or says that it holds: 豆沙、番茄红等5色."""
    told = re.search(rf"(?:等|共|计|有)\s*({NUMBER})\s*[色款种个味]", fold(value).text)
    number = parse_number(told[1]) if told is not None else None
    return max(len(re.split("[、,，/和]", value)), int(number or 0))


def choice_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield how many colours or flavours a folded text offers where the record lists fewer."""
    facts = product.get("facts")
    listed = [
        _how_many(str(value))
        for name, value in (facts.items() if isinstance(facts, Mapping) else ())
        if re.search("颜色|[花墨配]色|色号|口味|味道", str(name)) and re.search("[、,，/]", str(value))
    ]
    for match in _CHOICES.finditer(text) if listed else ():
        said = parse_number(match["number"])
        if said is not None and said > max(listed) and not _is_compared(text, match.start(), match.end()):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”比商品资料里的多", True)
