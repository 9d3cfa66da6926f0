"""Where goods come from: places in a script that are none of the record's."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backend.quality.context import clause, sentence
from backend.quality.heads import headed
from backend.quality.normalize import fold
from backend.quality.opposites import is_claimed
from backend.quality.record import FactFault, overlaps, record_text
from backend.quality.subject import COMPARED

_ORIGIN_FIELD: Final = re.compile(r"产地|原产|产区|奶源|origin")
_ORIGIN: Final = re.compile(
    r"(?:产自|原产于?|来自|产地(?:是|在|为)?|源自)(?P<place>[\u4e00-\u9fa5]{2,6})|"
    r"(?P<made>[\u4e00-\u9fa5]{2,3})(?:原装)?(?:进口|制造|原产|直采)"
)
_COUNTRIES: Final = (
    "日本|韩国|德国|法国|意大利|美国|英国|澳洲|澳大利亚|新西兰|泰国|瑞士|埃及|荷兰|西班牙|智利|越南|马来西亚|丹麦|巴西|加拿大|俄罗斯|挪威|比利时|印尼|菲律宾|土耳其|以色列|瑞"
    "典|奥地利|爱尔兰|阿根廷|埃塞俄比亚|肯尼亚|哥伦比亚|危地马拉|哥斯达黎加|巴拿马|牙买加|印度|斯里兰卡|秘鲁|厄瓜多尔|墨西哥|葡萄牙|希腊|波兰|"
    "捷克|匈牙利|乌克兰|俄国|伊朗|摩洛哥|南非|柬埔寨|缅甸|老挝|孟加拉|巴基斯坦|尼泊尔|古巴|乌拉圭|格鲁吉亚|芬兰|冰岛|朝鲜"
)
_PROVINCES: Final = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|"
    "内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
_GROWN: Final = re.compile(
    rf"(?P<province>{_PROVINCES})(?:省|市|自治区)?[\u4e00-\u9fa5]{{0,4}}(?:产的?|种的?|采的?|来的|出的|直发|基地|茶园|果园|大山)"
)
#: 江苏的太湖湖心岛养的.
_RAISED: Final = re.compile(
    "(?<=[，。！？；、的是在用])(?P<place>[\u4e00-\u9fa5]{1,4}[湖岛山江河海镇村乡县市湾沟坝坪岭寨港滩原园])(?:里|上|边)?(?:养|产|种|捞|采|钓|收|摘|挖|酿)(?:出来|出|来)?的(?!时|人)"
)
#: Who makes such things, and where they are made.
_WORKS: Final = (
    "老?师傅|老?作坊|工坊|[酒茶染纸瓷笔]?厂子?里?|工厂|[茶果棉花]农|农户|老?匠人|手艺人|老艺人|村民|渔民|"
    "老?窑[里口]?|镇上|村里|大山|老坊"
)
#: 浙江湖州的师傅扎的; 做笔的师傅在浙江; 从江西的厂里出来.
_MADE_THERE: Final = headed(
    rf"(?P<province>{_PROVINCES})(?:省|市)?[\u4e00-\u9fa5]{{0,8}}?(?:{_WORKS})[^，。！？]{{0,8}}?[做扎炒打烧编织酿摘捞养缝雕磨刻晒熬榨吹绣]|"
    rf"(?:{_WORKS}|窑口?|茶园|果园|基地|地里|田里|牧场|渔场|养殖场)[^，。！？]{{0,2}}[就都]?在(?P<there>{_PROVINCES})|"
    rf"从(?P<out_of>{_PROVINCES})[^，。！？]{{1,10}}?(?:{_WORKS}|地里|山上|湖里|海边)[^，。！？]{{0,2}}(?:出来|运来|拉来|发来|收来|进的|来的)"
)


def origin_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield places in a folded text that the goods are said to come from, and that the record has not."""
    facts = product.get("facts") or {}
    origin = fold("".join(str(v) for k, v in facts.items() if _ORIGIN_FIELD.search(str(k)))).text
    # A place may stand in any field: 面料 100%新疆长绒棉.
    origin = origin or "、".join(dict.fromkeys(re.findall(f"{_COUNTRIES}|{_PROVINCES}", fold(str(facts)).text)))
    if not origin:
        return
    whole = record_text(product)
    foreign = re.search(_COUNTRIES, origin) or "进口" in whole
    for match in re.finditer(
        rf"(?P<country>{_COUNTRIES})(?:原装)?(?:进口)?|原装进口|纯进口|(?:(?<=[是，。！用的])[\u4e00-\u9fa5]{{2,3}})?进口",
        text,
    ):
        low, high = clause(text, match.start(), match.end())
        claimed = match.group()
        if (match.group("country") or claimed) in whole or (not match.group("country") and foreign):
            continue
        if "进口" not in claimed and not re.search(
            r"进口|制造|原产|产自|产的|工厂|直采|直邮|原装|空运|奶源|产地|来自|工艺|生产|[\u4e00-\u9fa5](?:是|用的?)(?:从)?[\u4e00-\u9fa5]{2,4}的$",
            text[low:high],
        ):
            continue
        if not COMPARED.search(text[low : match.start()]):
            yield FactFault(
                "FAC-005",
                match.start(),
                match.end(),
                f"产地“{claimed}”与商品资料（{origin}）不符",
                True,
                origin if len(origin) <= 12 else None,
            )
    for match in _GROWN.finditer(text):
        province = match.group("province")
        low, _ = clause(text, match.start(), match.end())
        near = re.search(_PROVINCES, origin) or (re.search(_COUNTRIES, origin) and match.group()[-1] in "产种采的")
        if province not in whole and near and not COMPARED.search(text[low : match.start()]):
            problem = f"产地“{province}”与商品资料（{origin}）不符"
            yield FactFault("FAC-005", match.start(), match.end("province"), problem, True, origin[:12])
    for match in _RAISED.finditer(text):
        low, _ = clause(text, *match.span())
        known = any(match["place"][at : at + 2] in whole for at in range(len(match["place"]) - 1))
        if not known and not COMPARED.search(text, low, match.start()):
            yield FactFault("FAC-005", *match.span(), f"产地“{match['place']}”不在商品资料里（{origin}）", False)
    for match in _ORIGIN.finditer(text):
        place = match.group("place")
        if (
            place
            and not re.search(_COUNTRIES, place)
            and re.search(rf"省|市|县|区|山|岛|江|州|{_PROVINCES}", place)
            and not overlaps(place, whole)
        ):
            yield FactFault("FAC-005", match.start(), match.end(), f"产地“{place}”与商品资料（{origin}）不符", True)


def maker_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield provinces in a folded text where somebody is said to make the goods, and the record has another one.

    A sentence that names the record's own place as well holds the two against each other.
    """
    facts = product.get("facts")
    fields = facts.items() if isinstance(facts, Mapping) else ()
    origin = fold("".join(str(value) for name, value in fields if _ORIGIN_FIELD.search(str(name)))).text
    if not re.search(_PROVINCES, origin):
        return
    whole = record_text(product)
    for match in _MADE_THERE.finditer(text):
        province = match["province"] or match["there"] or match["out_of"]
        low, high = sentence(text, *match.span())
        if province in whole or not is_claimed(text, *match.span()) or is_own_place_told(text[low:high], origin):
            continue
        begin, _ = clause(text, *match.span())
        if not COMPARED.search(text, begin, match.start()):
            problem = f"产地“{province}”与商品资料（{origin}）不符"
            yield FactFault("FAC-005", *match.span(), problem, True, origin[:12])


def is_own_place_told(said: str, origin: str) -> bool:
    """Tell whether words name a place on record: 湖笔是浙江的，这支是衡水的, where the record has 河北衡水."""
    return any(origin[at : at + 2] in said for at in range(len(origin) - 1))
