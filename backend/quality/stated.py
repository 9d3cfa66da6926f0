"""What a script says of a fact by the fact's own name, in words: 品种是龙粳31号, 颜色有苔绿和沙色.

Figures behind a name are `named.py`'s, words of known classes `kinds.py`'s and `members.py`'s. Here nothing needs to be
known of the words: the record gives one value of a fact, the script another that shares nothing with it. Where the
shape of the two tells that they are alternatives it is certain, else a person has to look.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from backend.quality.normalize import fold
from backend.quality.numbers import NUMBER, parse_number
from backend.quality.patterns import behind, made, places_of
from backend.quality.record import FactFault, overlaps, record_text
from backend.quality.spans import COLOURS, is_aside

#: What a name may have in front and a host leaves out.
_FRONT: Final = re.compile("^(?:主要|产品|商品|整体|主|原始|是否|使用)")
_BACK: Final = re.compile("(?:信息|类型|种类|方式|说明|情况|标准)$")
#: Names that are said of anything, or whose values are told in many words.
_LOOSE: Final = re.compile(
    "^(?:颜色|适合|适用|规格|数量|包装|功能|特点|卖点|用途|场景|售后|服务|发货|物流|快递|活动|活动截止|优惠|质保|保修|使用|用法|食用|吃法|"
    "口感|质地|效果|清洗|洗涤|护理|保养|储存|贮存|保存|存放|形态|结构|设计|外观|手感|版型|重量|大小|尺寸|说明|备注|提示|注意|配件|安装|"
    "资质|证书|认证|报告|检测|编号|备案|批准|标准|执行|许可|生产|厂家|品牌|型号|名称|价格|售价|产品|商品|对象|人群|状态|味道|气味|名字|面料|配料|内容|材质)"
)
_IS: Final = (
    "(?:这块儿?|这里|上|呢|方面|我们|咱们?|它|这次|今天|就|都|全|一律|统一|用|选|写|标|做)*"
    "(?:是|为|选用|采用|用的?是?|选的?是?|叫|：)"
)
#: Right behind a fact's name: what is said of it.
_IS_SAID: Final = re.compile(rf"{_IS}(?P<said>[\u4e00-\u9fa5a-z0-9+.\-]{{2,10}}?)(?=[，。！；、]|的(?=[，。！；])|$)")
#: Before what is said: no part of the name of a thing.
_DRESS: Final = re.compile(
    "^(?:的|了|正宗|地道|纯正?|真正?|上好|上等|优质|天然|进口|新鲜|当地|本地|传统|经典|咱们?|我们|自家|那种|这种|一种|全|都|百分之百|最|老|大|小|好|整|一[个种款块条张])+"
)
#: What is no value of a fact: judgements, questions, cases.
_NO_VALUE: Final = re.compile(
    "[真很挺太特非超怎什谁哪吗呢吧么你您我他她它这那不没别会能可要想让把被给就也还又再更最像跟比如果多少几有人看听说问讲怕爱喜欢错]"
    "|关键|重点|核心|亮点|秘密|讲究|保证|底气|原因|因为|为了|一样|同款|固定|清楚|明白|透明|公开|过硬|出来|起来|下来|放心|在线"
)
_LISTING: Final = re.compile("颜色|[花墨配]色|色号|口味|味道|香型|香味|气味|款式|图案")
#: 颜色就两个，苔绿和沙色; 有雪松、无花果和栀子花三款.
_LIST: Final = re.compile(
    "(?P<what>颜色|配色|色号|花色|口味|味道|香味|香型|气味|款式|图案)(?:一共|总共|就|只|目前|现在|这次|给大家|我们|咱们?|分|备了|都|今天|有|是|：|得)*"
    f"(?:{NUMBER}[个种款])?(?:，|：)?(?:分别是?|有|是|：|选)(?P<list>[\u4e00-\u9fa5]{{1,6}}(?:(?:[、和跟与]|，?(?:还有|以及|外加|再加))+[\u4e00-\u9fa5]{{1,6}}?)*)(?=[，。！；？]|$)"
)
_CHOSEN: Final = re.compile(
    "(?:有|是|分|选|出了|[：，。！？；]|^)(?P<list>[\u4e00-\u9fa5]{2,5}(?:(?:[、和跟与]|，?(?:还有|以及))+[\u4e00-\u9fa5]{1,5}?)+)"
    f"(?:这)?(?P<number>{NUMBER})(?:个|种|款)(?:颜色|色|口味|味道|味|香味|香型|香|款式|图案|可选|随便|任选|都有|选择)?(?=[，。！；？的可任随都]|$)"
)
_SPLIT: Final = re.compile("[、和跟与及，]|还有|以及|或者|再加|外加")
_TRIM: Final = re.compile(
    "^(?:有|是|和|还|一个|一款|个|就|分别|那|款|的)+|(?:[色味香款]|的|这?[两三四五六七八九][个种款]?|都有|可选|任选|随便选?|随便挑|两个)+$"
)
_COLOUR: Final = re.compile("[红橙黄绿青蓝紫粉白黑灰棕咖米杏卡驼金银裸藕褐靛]|色$")


def stated_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield values of facts in a folded text, told by the fact's name, that the record gives otherwise."""
    facts = product.get("facts")
    yield from _brands_that_differ(text, product)
    if not isinstance(facts, Mapping) or not facts:
        return
    fields = tuple((fold(str(name)).text, fold(str(value)).text) for name, value in facts.items())
    record = record_text(product)
    yield from _values_that_differ(text, fields, record)
    yield from _choices_that_differ(text, fields, record)


@lru_cache(maxsize=512)
def _names(name: str) -> Sequence[str]:
    bare = re.sub(r"[（(].*$|[^\u4e00-\u9fa5]", "", name)
    forms = {bare, _FRONT.sub("", bare), _BACK.sub("", bare), _BACK.sub("", _FRONT.sub("", bare))}
    return sorted((one for one in forms if len(one) >= 2 and not _LOOSE.match(one)), key=len, reverse=True)


def _values_that_differ(text: str, fields: Sequence[tuple[str, str]], record: str) -> Iterator[FactFault]:
    for name, value in fields:
        names = [one for one in _names(name) if one in text]
        if not names or not re.search("[\u4e00-\u9fa5a-z]", value):
            continue
        for start, match in behind(text, names, _IS_SAID):
            said = _DRESS.sub("", match["said"])
            said = said.removeprefix("正负").removeprefix("上下")  # a figure, however it is off
            if len(said) < 2 or _NO_VALUE.search(said) or re.match(NUMBER, said) or overlaps(said, record):
                continue
            if said[-1] in "的了" or ((set(said) & set(value) - set("的大小中新老")) and len(said) <= 2):
                continue
            if not is_aside(text, start, match.end()):
                problem = f"“{name}”说成了{said}，资料是{value[:24]}"
                yield FactFault("FAC-004", *match.span("said"), problem, _is_alike(said, value))


def _is_alike(said: str, value: str) -> bool:
    """Tell whether two values are of one shape: 龙粳31号 and 稻花香2号, e1级 and e0级, 六窨一提 and 九窨一提."""
    return len(said) >= 2 and said[-1] == re.split("[，。；、（(]", value)[0][-1:]


def _choices_that_differ(text: str, fields: Sequence[tuple[str, str]], record: str) -> Iterator[FactFault]:
    """Find, in a list of what there is to choose from, what the record has not."""
    listed = [
        (name, value, [one for part in re.split("[、,，/；;]|和|及", value) if (one := part.strip())])
        for name, value in fields
        if _LISTING.search(name)
    ]
    for match in (*_LIST.finditer(text), *_CHOSEN.finditer(text)) if listed else ():
        parts = [one for part in _SPLIT.split(match["list"]) if (one := _TRIM.sub("", part))]
        told = match.groupdict().get("what")
        for name, value, items in listed:
            if told and (COLOURS.search(told) is None) != (COLOURS.search(name) is None):
                continue
            known = [one for one in parts if _is_among(one, items)]
            if not told and not known:
                continue
            for one in parts:
                if _is_among(one, items) or one in record or _NO_VALUE.search(one) or parse_number(one) is not None:
                    continue
                colour = COLOURS.search(name) is not None
                if colour and not _COLOUR.search(one) and not known:
                    continue
                at = text.find(one, match.start("list"))
                if at >= 0 and not is_aside(text, at, at + len(one)):
                    problem = f"“{one}”不在商品资料里（{name}：{value[:24]}）"
                    # 沙橙跟沙子一个色 chooses from nothing.
                    number = parse_number(match.groupdict().get("number") or "")
                    counted = told is not None or number == len(parts)
                    yield FactFault("FAC-004", at, at + len(one), problem, bool(known) and counted)
            break


def _is_among(said: str, items: Sequence[str]) -> bool:
    bare = re.sub("[色味香款]+$", "", said)
    return any(
        bare in item
        or re.sub("[色味香款]+$", "", item) in said
        or (len(bare) == 1 and bare in item)
        or overlaps(bare, item)
        for item in items
    )


#: Who is no brand: 我们家的, 人家的, 老字号.
_ANYBODY: Final = re.compile(
    "我|咱|你|您|他|她|它|人|别|大|自|谁|哪|这|那|每|各|全|国|专|独|皇|农|商|厂|东|店|本|老字|邻|隔壁|楼|对门|朋友|同|友|名|品|招|杂|冒|正|好|新|旧|一|两|几|多|某|其|居|回|在|到|搬|成|当|起|安|离|想|持|养"
)
_OF_HOUSE: Final = (
    "(?P<brand>(?:(?![是叫选买认用喝吃穿的这那个款])[\u4e00-\u9fa5]){2,4}?)(?:家的?|牌的?|这个牌子的?)"
    "(?:这[款个只瓶盒罐袋条件双])?[^，。！？；不没]{0,8}?"
)

#: One of these stands in it, at most so many characters before the noun.
_HOUSE, _FROM_HOUSE = frozenset("家牌"), 16


def _brands_that_differ(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Find whose goods these are said to be, where the record names another maker: 老韩家的牛肉干."""
    brand = fold(str(product.get("brand") or "")).text.strip()
    name = fold(str(product.get("name") or "")).text.strip()
    if len(brand) < 2 or not re.search("[\u4e00-\u9fa5]", brand):
        return
    noun = re.findall("[\u4e00-\u9fa5]{2}(?=[^\u4e00-\u9fa5]*$)", name)
    record = record_text(product)
    found: list[tuple[int, int, str, bool]] = []
    # Before the noun, the word of a house: without it no pattern is made.
    if noun and any(not _HOUSE.isdisjoint(text[max(0, at - _FROM_HOUSE) : at]) for at in places_of(text, noun[0])):
        for match in made(rf"{_OF_HOUSE}{re.escape(noun[0])}").finditer(text):
            found.append((*match.span("brand"), match["brand"], False))
    # The goods by their own full name, and something else where the brand stands.
    rest = name.removeprefix(brand)
    if name.startswith(brand) and len(rest) >= 4 and rest in text:
        for match in made(
            rf"(?:^|(?<=[，。！？；、是的叫款瓶盒个支]))(?P<brand>[\u4e00-\u9fa5]{{{len(brand)}}}){re.escape(rest)}"
        ).finditer(text):
            found.append((*match.span("brand"), match["brand"], True))
    for match in re.finditer("(?:品牌|牌子)(?:就?是|叫|：)(?P<brand>[\u4e00-\u9fa5a-z]{2,6}?)(?=[，。！；的]|$)", text):
        found.append((*match.span("brand"), match["brand"], True))
    for start, end, said, certain in found:
        if said in record or brand in said or said in brand or _ANYBODY.search(said) or _NO_VALUE.search(said):
            continue
        if not is_aside(text, start, end):
            yield FactFault("FAC-004", start, end, f"品牌“{said}”与商品资料（{brand}）不符", certain)
