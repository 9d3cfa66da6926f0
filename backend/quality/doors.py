"""Where somebody lives: towns, streets, estates, villages, and the door in them."""

import re
from collections.abc import Iterator
from typing import Final

from backend.quality.heads import headed
from backend.quality.shapes import shape

#: What follows the number of a house: court, block, unit, floor, and a room that may have no word behind it.
_ROOMS: Final = (
    # 211号之三401: a part of a house that was divided
    r"(?:之[\d一二三四五六七八九十]{1,2})?"
    r"(?:院?[，,\s]{0,2}[\u4e00-\u9fa5a-z]{0,10}?\s?[\da-z一二三四五六七八九十零〇\-]{1,6}(?:号楼?|栋|幢|"
    r"座|单元|室|楼|层|户|门(?=[\d零〇一二三四五六七八九十]{3})))*"
    # 2-7-1: block, floor, room
    r"(?:(?:\d{1,3}(?:-\d{1,4}){1,3}|[，,\s]?(?:\d{2,4}|[零〇一二三四五六七八九十]{2,5}))(?![\d元块个万]))?室?"
)
#: A building of several; a number alone may be a stall's or a gate's.
_BUILDING: Final = (
    r"(?:(?:\d{1,4}|[一二三四五六七八九十]{1,3})[a-z]?\s?"
    r"(?:号楼|号院|栋|幢|座|单元[\s，,]?[\d零一二三四五六七八九十])|[a-z]\s?[座栋幢])"
)


def _address(match: re.Match[str], _before: str) -> str | None:
    return match.group("area") + "****"


#: A town, a street and a door, each with the word for it.
_WRITTEN: Final = (
    shape(
        "address",
        r"(?P<area>(?:[\u4e00-\u9fa5]{2,8}?(?:省|自治区))?(?:[\u4e00-\u9fa5]{1,8}?(?:市|州|"
        r"盟))?(?:[\u4e00-\u9fa5]{1,8}?(?:市|区|县|旗)))[，,、\s]?"
        r"[\u4e00-\u9fa50-9]{0,20}(?:路|街道?|大道|巷|弄|村|镇|小区|花园|大厦|公寓|家园|苑|胡同|里|园|城)"
        r"[\u4e00-\u9fa50-9a-z\-]{0,14}?"
        # Behind a comma only what is a building's: 那条路，3号门口见 is no door.
        rf"(?:\s{{1,2}}|[，,、]\s?[\u4e00-\u9fa50-9]{{0,10}}?(?={_BUILDING}))?"
        rf"(?:(?:\d|[一二三四五六七八九十百]{{1,4}})[\da-z\-]*\s?(?:号楼?|栋|幢|座|单元|室|楼|弄|#)|"
        rf"[a-z]\s?[座栋幢]){_ROOMS}",
        _address,
        needs=r"[号栋幢座室楼弄#]|单元",
    ),
    # A block and a room of an estate are somebody's door without the town before them.
    shape(
        "address",
        r"(?P<area>)[\u4e00-\u9fa5]{2,8}(?:小区|花园|公寓|家园|佳苑|新苑|苑|府|新村|新城|庭|湾|大厦|公馆|名都|雅居|"
        r"(?:路|街|大道|巷|胡同|弄|里)\s?(?:\d{1,5}|"
        r"[一二三四五六七八九十百]{1,5})号院?(?:[，,\s]?[\u4e00-\u9fa5]{2,10}?)?)[，,\s]?"
        r"(?:\d{1,4}|[一二三四五六七八九十]{1,3})[a-z]?\s?(?:号楼|栋|幢|座)[，,\s]?"
        r"(?:(?:\d{1,2}|[一二三四五六七八九十]{1,2})单元[，,\s]?)?"
        r"(?:\d{3,4}|[零〇一二三四五六七八九十]{2,5})(?![\d元块个])(?:室|号|户)?",
        _address,
        needs=r"号[楼院]|[栋幢座]",
    ),
    shape(
        "address",
        r"(?<![a-z])(?P<area>)(?:room|rm|apt|unit|flat|suite|no)\.?\s?\d{1,5}[a-z]?"
        r"(?:[,\s]{1,2}(?:building|bldg|block|tower|unit|lane|no|alley|floor)\.?\s?\d{1,5}[a-z]?){0,4}"
        r"[,\s]{1,2}(?:\d{1,5}\s)?[a-z]+(?:\s[a-z]+){0,3}\s(?:road|rd|street|st|avenue|ave|lane|boulevard|"
        r"blvd)\.?(?![a-z])"
        r"(?:,?\s(?:room|rm|apt|unit|flat|suite|building|bldg|floor)\.?\s?\d{1,5}[a-z]?){0,3}",
        _address,
        needs=r"(?:road|rd|street|st|avenue|ave|lane|boulevard|blvd)(?![a-z])",
    ),
)

#: How doors are counted: the block, its stair, its floor, the room; in villages the group.
_NUM: Final = r"(?:[甲乙丙丁]?[a-z]?\d{1,5}[a-z]?|[零〇一二三四五六七八九十百]{1,5}|[甲乙丙丁东西南北中](?=单元)|[a-z])"
_SURE: Final = r"(?:号楼|号院|栋|幢|座|单元|室|号?宿舍楼?|舍|号?床|号板房|号房|#楼?)"
_STEP: Final = (
    rf"(?:门牌号?(?:是|为)?[:：\s]?\d{{1,5}}(?![\d元块款])|{_NUM}\s?(?:{_SURE}|号门|号|楼|层|户|排|弄|期|门|"
    rf"[村居]?民?组|生产队|队|社|屯|巷))"
)
#: Names of what people live in, beside a street.
_ESTATE: Final = (
    "(?:小区|社区|花园|公寓|家园|佳苑|新苑|苑|府|新村|新城|城|庭|湾|大厦|公馆|名都|雅居|中心|广场|国际|豪庭|"
    "华庭|家属院|大院|院|园|校区|住院部|项目部|工地|里)"
)
_ROOM: Final = r"(?:[东西南北中]?\d{3,4}(?![\d元块个万套件年月份人米斤克%:：.])(?!-\d)(?:室|号|户|房)?)"
_CHAIN: Final = headed(
    rf"(?<![\da-z.\-])(?:{_STEP}(?:[，,、\s\-]{{0,2}}(?:[\u4e00-\u9fa5]{{2,8}}?{_ESTATE}[，,\s]?)?{_STEP})*"
    # Blocks by their numbers alone: 6-2-501.
    rf"(?:[，,\s\-]?{_ROOM})?(?:[东西中南北左右](?:[户手门边侧]|(?=[，。,\s]|$)))?|"
    rf"[a-z]?\d{{1,3}}(?:-\d{{1,2}}){{0,2}}-\d{{3,4}}(?![\d\-.]))",
    re.IGNORECASE,
)
#: Without any of this there is no door.
_ANY_STEP: Final = re.compile("[号栋幢座室楼舍弄#村]|单元|门牌|\\d-\\d|[a-z]\\s\\d", re.IGNORECASE)
_ONE_STEP: Final = re.compile(_STEP, re.IGNORECASE)
_IS_SURE: Final = re.compile(rf"{_SURE}", re.IGNORECASE)
_COUNTS: Final = re.compile("[一两\\d](?:床|排|层|户|期|楼|门|队|组|社|巷)$")
_ENDS_IN_ROOM: Final = re.compile(r"(?:\d{3,4}(?:室|号|户|房)?|室|床|[东西中南北左右][户手])$")
_AREA: Final = re.compile(
    "(?:[\u4e00-\u9fa5]{2,8}?(?:省|自治区))?(?:[\u4e00-\u9fa5]{1,8}?(?:市|州|"
    "盟))?(?:[\u4e00-\u9fa5]{1,8}?(?:市|(?<![小校社园])区|县|旗))?"
)
#: What an address goes on from: its label, or what is done with it.
_LABEL: Final = re.compile(
    r"(?:[地住]址|addr(?:ess)?|detail(?:address)?)[\"']?\s?(?:是|为|写|改成|改到|改为|在|换成)?[:：=，,\s\"']{0,4}",
    re.IGNORECASE,
)
_SENT: Final = re.compile(
    "(?:我们?家(?:的?小区)?(?:住?在|是)?|家住|住(?![院宿户家房])在?|[寄送发邮投](?:到|往|去|至|"
    "给)?(?:我?(?:老家|家里|公司|单位|爸妈家|婆家|娘家))?|[放搁丢](?:在|到)?|新家在?|收[:：]|"
    "收[件货](?:人|地)?[:：]?(?:在)?|老家|我们村在?|我在|搬[到去]|派送|自提|上门)[:：，,\\s]{0,2}"
)
#: Whose door it is not: what everybody may come to.
_PUBLIC: Final = re.compile(
    "门店|实体店|线下店|体验店|专柜|旗舰店|分店|总店|本店|店铺?(?:开|位于|在)|展[位馆会厅台]|工厂|厂家|"
    "总部|欢迎(?:来|光临)|产地|产自|来自|原产|基地|种植|茶园|果园|合作社|货架|逛"
)
#: In front of a door: a street, an estate, a village, a house of many.
_LEAD: Final = re.compile(
    "(?:省|自治区|市|州|盟|区|县|旗|镇|乡|街道?|村|屯|庄|营|堡|寨|路|大道|大街|道|巷子?|弄|胡同|小区|花园|"
    "公寓|家园|苑|府|城|庭|湾|大厦|公馆|中心|广场|国际|学校|大学|学院|小学|中学|医院|校区|"
    "厂|公司|院|园|住院部|项目部|工地|部|里|期|名都|雅居|[东西南北]段|交叉口|号|"
    "[a-z]区)[，,、\\s]?(?:[\u4e00-\u9fa5a-z]{0,8}[，,\\s]?)?$",
    re.IGNORECASE,
)
_STREET: Final = re.compile(
    "(?:路|大道|大街|街|道|巷子?|弄|胡同|里|村|屯|小区|花园|公寓|家园|苑|府|城|湾|庭|院|厂|园区?|工地|"
    "项目部|大厦|[a-z]区|[一二三四五六]期)[，,\\s]?$"
)
#: Behind a number with 号: it counts what is sold.
_LINKS: Final = re.compile("链接|色|款|线|店|店铺|那|的|开|发|上|晚|早|之")
_VILLAGE: Final = re.compile("[\u4e00-\u9fa5]{1,6}(?:镇|乡|街道|苏木)[\u4e00-\u9fa5\\d]{1,8}村|[\u4e00-\u9fa5]{2,6}村")
#: A hamlet by its name alone, below county, town and village.
_HAMLET: Final = re.compile(
    "(?P<area>(?:[\u4e00-\u9fa5]{2,4}?(?:省|自治区))?(?:[\u4e00-\u9fa5]{2,6}?(?:市|州|"
    "盟))?[\u4e00-\u9fa5]{1,6}?(?:市|县|区|旗))"
    "[\u4e00-\u9fa5]{1,6}(?:镇|乡|街道|苏木)[\u4e00-\u9fa5]{1,6}村(?:[\u4e00-\u9fa5\\d]{1,6}(?:组|屯|队|社|"
    "庄|寨|湾|坪|沟|坡|号))?"
)
#: Behind a house's number: the building by its name, and the room in it.
_BEYOND: Final = re.compile(
    rf"[，,\s]?[\u4e00-\u9fa5]{{2,10}}?(?:{_ESTATE}|酒店|宾馆|商场|办公楼|写字楼|大楼)[，,\s]?"
    rf"(?:[a-z]?\d{{1,3}}(?:-\d{{1,4}}){{1,2}}|(?:[a-z][座区栋]\s?)?{_ROOM}|{_STEP}(?:{_STEP})*{_ROOM}?)(?![\d\-.])",
    re.IGNORECASE,
)
#: What is open to all, where a street's number alone is told of it.
_OPEN: Final = re.compile(
    rf"{_PUBLIC.pattern}|[取提]货点|自提[点柜]|服务[点站]|维修[点站]|博物馆|美术馆|展会|市集|专卖店|工作室(?:在|开)|"
    r"(?:我们|咱们?|本)的?[\u4e00-\u9fa5]{0,4}[店厂]|[店厂](?:就?[在开设]|搬|地址)"
)
#: Somebody gets or lives something there.
_SOMEBODYS: Final = re.compile(
    r"我(?!们)|收[件货]|[寄发送邮](?:到|往|给|去|一|我)|派送|快递|[家住](?!居|纺|电|具|用|宿|店)|改[到成为]|联系人|1[3-9]\d{9}|先生|女士|小姐"
)
_OF_A_HOME: Final = re.compile(r"[栋幢座室户]|单元|号[楼院]|\d{3,4}$|[，,\s]\d{2,4}室?$")
#: Right behind a door: it is one to buy at.
_SHOP: Final = re.compile("(?:号?商?铺|店|档口?|柜|展位|摊)")
_SENTENCE_END: Final = re.compile(r"[。！？!?\n;；|{}]")
_REACH: Final = 48
_ESTATE_NAME: Final = re.compile("小区(?:的?名字?)?(?:就?[叫是]|[:：])?(?P<name>[\u4e00-\u9fa5]{2,8})(?=[，,。\\s]|$)")


def doors(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the places of doors in a text, in its order and apart, each with what may be shown instead.

    One door counts as somebody's when it says enough (a block with a room), or when little is said where things are
    sent: behind 地址, 寄到, 我家. A shop that everybody may visit, and where goods grow, is nobody's.
    """
    if _ANY_STEP.search(text) is None:
        return
    found = [told for chain in _CHAIN.finditer(text) if (told := _door(text, chain)) is not None]
    for kind in _WRITTEN:
        if kind.needs is None or kind.needs.search(text):
            matches = (match for match in kind.pattern.finditer(text) if not _is_open(text, match))
            found += [(*match.span(), match["area"] + "****") for match in matches]
    for hamlet in _HAMLET.finditer(text) if "村" in text else ():
        low = max(0, hamlet.start() - 16)
        near = text[low : hamlet.end("area")]
        on = max(_last(_LABEL, near) or 0, _last(_SENT, near) or 0)
        if on and _PUBLIC.search(near) is None:
            begin = max(hamlet.start(), low + on)
            found.append((begin, hamlet.end(), text[begin : hamlet.end("area")] + "****"))
    if found:
        found += [(*name.span("name"), "****") for name in _ESTATE_NAME.finditer(text)]
    for start, end, shown in _joined(found):
        more = _BEYOND.match(text, end)
        yield start, more.end() if more is not None else end, shown


def _is_open(text: str, match: re.Match[str]) -> bool:
    """Tell whether a street's number is that of a shop or a works that everybody may come to, and nobody's home."""
    door = match.group()[match.end("area") - match.start() :]
    if _OF_A_HOME.search(door):
        return False
    near = text[max(0, match.start() - _REACH) : match.end()]
    begins = max((one.end() for one in _SENTENCE_END.finditer(near)), default=0)
    sentence = near[begins:]
    return _OPEN.search(sentence) is not None and _SOMEBODYS.search(sentence) is None


def _joined(found: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Make one of those that lie over each other; what may be shown is what stands first."""
    start = end = -1
    shown = ""
    for low, high, masked in sorted(found, key=lambda one: one[:2]):
        if low >= end:
            if start >= 0:
                yield start, end, shown
            start, end, shown = low, high, masked
        else:
            end = max(end, high)
    if start >= 0:
        yield start, end, shown


def _door(text: str, chain: re.Match[str]) -> tuple[int, int, str] | None:
    start, end = chain.span()
    near = text[max(0, start - _REACH) : start]
    ends = [one.end() for one in _SENTENCE_END.finditer(near)]
    low = start - len(near) + (ends[-1] if ends else 0)
    near = text[low:start]
    label = _last(_LABEL, near)
    sent = _last(_SENT, near)
    lead = _LEAD.search(near)
    parts = _ONE_STEP.findall(chain.group())
    steps = len(parts)
    if label is None and len({part[-1] for part in parts}) == 1 and all(map(_COUNTS.search, parts)):
        return None  # 一床被子, 一排
    sure = len(_IS_SURE.findall(chain.group()))
    room = _ENDS_IN_ROOM.search(chain.group()) is not None
    if not steps:  # numbers alone
        enough = (bool(label or sent) and lead is not None) or (
            chain.group().count("-") > 1 and _STREET.search(near) is not None
        )
    elif "门牌" in chain.group():
        enough = True
    elif sure and room:
        enough = steps > 1 or chain.group()[-1].isdigit() or bool(label or sent)
    elif label is not None:
        enough = lead is not None or steps > 1
    elif sent is not None:
        # One step alone only right behind its street: 屏幕里先看见一排 is no door.
        close = _STREET.search(near) is not None and chain.group()[-1] == "号" and not _LINKS.match(text, end)
        enough = lead is not None and (steps > 1 or sure > 0 or close)
    else:
        enough = steps > 2 and sure > 0
        enough = enough or (lead is not None and steps > 1 and (sure > 1 or steps > 2))
    if not enough and chain.group()[-1] in "组队社屯":
        enough = _VILLAGE.search(near[-10:]) is not None
    # A block, a stair and a room are a home's wherever goods grow; a shop's is told right before it.
    home = steps > 1 and sure > 0 and room
    if not enough or _PUBLIC.search(near[-14:] if home else near) or _SHOP.match(text, end):
        return None
    begin = low + _begin(near, label, sent)
    area = _AREA.match(text, begin, start)
    shown = area.group() if area is not None else ""
    return begin, end, f"{shown}****"


def _last(pattern: re.Pattern[str], near: str) -> int | None:
    """Return where the last match of it in `near` ends."""
    ends = [one.end() for one in pattern.finditer(near)]
    return ends[-1] if ends else None


#: 放世纪花园西门丰巢，我家
_NAMED_BEFORE: Final = re.compile(
    "(?:[寄送放住到在是]|[地住]址[:：]?)(?P<name>[\u4e00-\u9fa5]{2,8}"
    "(?:小区|社区|花园|公寓|家园|苑|府|城|庭|湾|大厦|名都|雅居)[\u4e00-\u9fa5]{0,6}[，,\\s])我们?家?(?:在|是|住)?$"
)
#: Between 我在 and the door so much is its name: 我在阳光100 B3座1506.
_SHORT: Final = 8
#: Signs that an address does not go across without a label before.
_BREAK: Final = re.compile(r"[，,、:：\"'=（）()\s]")


def _begin(near: str, label: int | None, sent: int | None) -> int:
    """Return where in what stands before a door the address begins."""
    known = max(label or 0, sent or 0) if label or sent else None
    if known is not None and (estate := _NAMED_BEFORE.search(near[:known])):
        return estate.start("name")
    if known is not None and _LEAD.search(near[known:]):
        return known
    if known is not None and 0 < len(near[known:].strip()) <= _SHORT:
        return known
    breaks = [one.end() for one in _BREAK.finditer(near)]
    begin = breaks[-1] if breaks else 0
    if begin == len(near) and len(breaks) > 1 and _LEAD.search(near):
        begin = breaks[-2]
    return max(begin, known or 0) if known is not None and known <= len(near) else begin
