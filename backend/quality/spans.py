"""How many, how long, when, and of what sort by one character: what a script says against the record's own facts.

能睡四个人, 三天后发货, 八月收的, 冷冻能放半年, 五分肥五分瘦, 宽口: units and
shapes that `amounts.py` does not read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from backend.quality.context import clause
from backend.quality.normalize import fold
from backend.quality.numbers import NUMBER, parse_number
from backend.quality.opposites import is_claimed
from backend.quality.record import FactFault, overlaps, record_text
from backend.quality.subject import COMPARED

#: Facts that name the colours of the goods.
COLOURS: Final = re.compile("颜色|[花墨配]色|色号|款色")
_PEOPLE: Final = re.compile("人数|适用人|容纳|座位|座数|载客|适合几|可睡|可坐|可住|份量|人份")
_OF_PEOPLE: Final = re.compile(rf"(?P<low>{NUMBER})(?:\s*[-到至~]\s*(?P<high>{NUMBER}))?\s*(?:个|位)?(?:成?人|大人)")
_HOLDS: Final = re.compile(
    rf"(?:睡|坐|住|躺|容纳|装|挤|载|够|供)(?:得?下|上|了|进|个)?(?P<number>{NUMBER})(?:个|位|口)?(?:大|成年?)?人(?!份量)|"
    rf"(?P<several>{NUMBER})(?:个|位|口)(?:大|成年?)?人(?:都|也|一起|并排|挤着)*(?:睡|坐|住|躺|挤|用|吃)(?:得下|没问题|够|也行|刚好|也够|都够)"
)

_SENDS: Final = re.compile("发货|发出|出库|现货|工期|预售|定制|配送|物流|揽收")
_IN_DAYS: Final = re.compile(rf"(?P<number>{NUMBER})\s*(?P<unit>小时|个小时|天|日|个工作日|工作日|周|个星期|个月)")
_AT_ONCE: Final = re.compile("当[天日]|现货|随拍随发|今[天日]发|立即|24小时")
_SENT: Final = re.compile(
    rf"(?P<number>{NUMBER})(?P<unit>小时|个小时|个?钟头|天|个工作日|个星期|周|个月)(?:之?[后内]|左右|以后|以内)?(?:才能?|再|就|给你们?|给大家|安排|陆续|统一|准时|全部|开始)*(?:发货|发出|发(?=[，。！]|$)|寄出|出库|出货)|"
    rf"(?:发货|出货|工期|预售|定做|定制|排单|现做)(?:时间|周期|期)?(?:是|要|得|需要?|为|在|等|大概|差不多|：)*(?P<days>{NUMBER})(?P<span>小时|个小时|天|个工作日|个星期|周|个月)|"
    rf"(?:等|要|得)(?:个|上|足|满)?(?P<wait>{NUMBER})(?P<waited>天|个工作日|个星期|周|个月)(?:的)?(?:工期|才能?发|才发|发货|再发)"
)
_LENGTH: Final[Mapping[str, float]] = {
    "小时": 1, "个小时": 1, "钟头": 1, "个钟头": 1, "天": 24, "日": 24, "个工作日": 24, "工作日": 24, "周": 168,
    "个星期": 168, "个月": 720,
}  # fmt: skip

_HARVEST: Final = re.compile(
    "采摘|采收|收获|收割|采挖|捕捞|打捞|上市|成熟|出产|采制|生产(?:日期|时间)|制作时间|压榨时间|酿造时间|出厂"
)
_MONTH: Final = re.compile(
    r"(?<![\d个])(?P<month>\d{1,2}|十[一二]?|[一二三四五六七八九])月(?:份|底|初|中旬?|上旬|下旬)?(?![龄大])"
)
_PICKED: Final = re.compile(
    "[采收摘掰割挖捞打榨酿晒制做烤产](?:的|下|回|上|了|完|出|获|割|摘|新|，|。|$)|新[米稻茶麦货果粮]|出厂|下树|上市|现采|头采"
)

#: 双门, 细口, 软毛: what there may be one or the other of, by one character in front of the noun.
_CONTRARY: Final[Mapping[str, str]] = {
    "单": "双", "双": "单", "细": "宽粗", "粗": "细", "宽": "窄细", "窄": "宽", "软": "硬", "硬": "软",
    "长": "短", "短": "长", "高": "低", "低": "高", "厚": "薄", "薄": "厚", "圆": "方尖", "方": "圆",
    "尖": "圆平", "直": "弯", "弯": "直", "平": "尖高",
}  # fmt: skip
_EITHER: Final = re.compile(
    "(?P<count>[单双])(?P<noun>[门核频面轴头缸排杠肩开控锅炉刃针芯])(?!向|独|击)|"
    "(?P<kind>[细粗宽窄软硬长短高低厚薄圆方尖直弯平])(?P<of>[口毛袖柄帮跟头边檐领筒嘴把芯底刷腿])(?![发皮子])"
)
#: 每分钟18000次.
_RATE: Final = re.compile(
    rf"每(?P<per>分钟|小时|秒钟?|天)[^，。！？；\d]{{0,5}}?(?P<number>{NUMBER})(?P<what>[次转下张页升米])"
)
#: 三分肥七分瘦.
_TENTH: Final = re.compile("(?P<number>[一二三四五六七八九半])[分成](?P<what>[肥瘦糖甜熟辣满])")
#: How long, in days, whatever the unit.
_LAPSE: Final = re.compile(
    rf"(?:(?P<number>{NUMBER})(?P<half>个?半)?个?(?P<unit>年|月|周|星期|天|日)(?P<tail>半)?|(?P<some>半)个?(?P<of>年|月))(?![份底初中])"
)
_IN_LAPSE: Final[Mapping[str, float]] = {"年": 365, "月": 30, "周": 7, "星期": 7, "天": 1, "日": 1}
_LASTS: Final = (
    ("冷冻", re.compile("冷冻|冻")), ("冷藏", re.compile("冷藏")), ("常温", re.compile("常温|室温")),
    ("开封", re.compile("开封|开盖|开瓶")), ("充", re.compile("续航|充(?!绒|值)|电")),
    ("保质", re.compile("保质期|赏味期|放得住|能放")),
)  # fmt: skip
#: How long something may be used, or is repaired: told by the word right beside, or by a clause that is no more.
_GUARANTEED: Final = (
    ("质保", re.compile("质保|保修|包修|联保")),
    ("有效", re.compile("有效期|使用期限|可用期|核销期")),
)
_BESIDE_WORD: Final = 4
_KEEPS: Final = re.compile("能?放|保质|存|用|续航|待机|管|撑|不坏")
#: What things smell of.
_SCENT_FIELD: Final = re.compile("香味|香型|气味|味道|香调")
_SCENT: Final = re.compile(
    "(?P<of>玫瑰|茉莉|桂花|栀子|薰衣草|百合|樱花|柠檬|柑橘|檀|雪松|海盐|白茶|乌木|薄荷|绿茶|橙花|木兰|牡丹|兰花|洋甘菊|青柠|苹果|水蜜桃|蜜桃|草莓|香草|椰子|白兰|小苍兰|无花果|葡萄柚|西柚|鼠尾草|艾草|蓝风铃|铃兰|金银花)"
    "(?:花)?(?:香|味)(?:味|型|调|气)?(?:的|款)?(?=[，。！；]|$)"
)
#: What food tastes of, as its kind.
_TASTE_FIELD: Final = re.compile("口味|味型|风味")
_TASTE: Final = re.compile(
    "(?P<of>原|椒盐|五香|麻辣|香辣|藤椒|孜然|烧烤|番茄|海苔|芥末|蜂蜜|奶油|焦糖|黑椒|咸蛋黄|芝士|巧克力|抹茶|草莓|蒜香|泡椒|酸辣|甜辣|蟹黄|黄油|柠檬|酱香|卤香|奶香|红枣|紫薯)"
    "味(?:的|儿的|型)?(?=[，。！；]|$)"
)
#: A clause that is a colour: 冰蓝渐变色的.
_ALL_COLOUR: Final = re.compile(
    "(?:^|(?<=[，。！？；]))(?:它|这[个款只]|整[个体]|外[壳面])?(?:是|就是|全是)?(?P<said>[\u4e00-\u9fa5]{0,3}[红橙黄绿青蓝紫粉白黑灰棕咖金银](?:渐变)?色)的(?=[，。！；])"
)


def span_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield numbers of people, times, rates, shares, scents and sorts that the record gives otherwise."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping) or not facts:
        return
    fields = tuple((fold(str(name)).text, fold(str(value)).text) for name, value in facts.items())
    record = record_text(product)
    yield from _people_that_differ(text, fields)
    yield from _sending_that_differs(text, fields)
    yield from _months_that_differ(text, fields)
    yield from _one_for_the_other(text, fields, record)
    yield from _rates_that_differ(text, fields)
    yield from _tenths_that_differ(text, fields)
    yield from _lapses_that_differ(text, fields)
    yield from _terms_that_differ(text, fields)
    yield from _scents_that_differ(text, fields, record)


def is_aside(text: str, start: int, end: int) -> bool:
    """Tell whether a place is asked, held against something else, supposed or taken back: no claim of the goods."""
    low, high = clause(text, start, end)
    return (
        text[high : high + 1] == "？"
        or COMPARED.search(text, low, start) is not None
        or not is_claimed(text, start, end)
    )


def _people_that_differ(text: str, fields: Sequence[tuple[str, str]]) -> Iterator[FactFault]:
    for name, value in fields:
        known = _OF_PEOPLE.search(value) if _PEOPLE.search(name) else None
        least = parse_number(known["low"]) if known else None
        if known is None or least is None:
            continue
        most = (parse_number(known["high"]) if known["high"] else None) or least
        for match in _HOLDS.finditer(text):
            said = parse_number(match["number"] or match["several"])
            if said is not None and said > most and not is_aside(text, *match.span()):
                yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料（{name}：{value}）不符", True)


def _sending_that_differs(text: str, fields: Sequence[tuple[str, str]]) -> Iterator[FactFault]:
    """Find in how many days it is sent, where the record says otherwise: a promise of less, or a wait of more."""
    told = [
        (f"{name}：{value}", part)
        for name, value in fields
        for part in re.split("[，。；]", value)
        if _SENDS.search(name) or _SENDS.search(part)
    ]
    known = {
        hours
        for _, part in told
        for match in _IN_DAYS.finditer(part)
        if (number := parse_number(match["number"])) is not None and (hours := number * _LENGTH[match["unit"]])
    }
    if any(_AT_ONCE.search(part) for _, part in told):
        known.add(24)
    for match in _SENT.finditer(text) if known else ():
        number = parse_number(match["number"] or match["days"] or match["wait"])
        unit = match["unit"] or match["span"] or match["waited"]
        if number is None or unit not in _LENGTH or is_aside(text, *match.span()):
            continue
        said = number * _LENGTH[unit]
        if said not in known and not min(known) < said < max(known) and not (said < 24 and 24 in known):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料（{told[0][0][:28]}）不符", True)


def _months_that_differ(text: str, fields: Sequence[tuple[str, str]]) -> Iterator[FactFault]:
    """Find in which month it was picked or made, where the record has another."""
    known: set[int] = set()
    for name, value in fields:
        if _HARVEST.search(name):
            months = [month for match in _MONTH.finditer(value) if (month := _month(match["month"]))]
            known |= set(months)
            if len(months) == 2 and re.search("[-到至~]", value):
                first, last = months
                known |= {(first - 1 + step) % 12 + 1 for step in range((last - first) % 12 + 1)}
    for match in _MONTH.finditer(text) if known else ():
        _, high = clause(text, *match.span())
        month = _month(match["month"])
        if month is None or month in known or not _PICKED.search(text, match.end(), high):
            continue
        if not is_aside(text, *match.span()):
            told = "、".join(f"{one}月" for one in sorted(known))
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料（{told}）不符", True)


def _one_for_the_other(text: str, fields: Sequence[tuple[str, str]], record: str) -> Iterator[FactFault]:
    """Find 单门 where the record has 双门, 宽口 where it has 细口."""
    for name, value in fields:
        for known in _EITHER.finditer(value):
            first, noun = known["count"] or known["kind"], known["noun"] or known["of"]
            for said in (other + noun for other in _CONTRARY[first]):
                at = text.find(said)
                # 长头发, 大方口袋: inside other words it says nothing.
                if at < 0 or said in record or first + noun in text or text[at - 1 : at] in tuple("大小很不太最"):
                    continue
                if not is_aside(text, at, at + 2):
                    yield FactFault(
                        "FAC-004", at, at + 2, f"“{said}”与商品资料（{name}：{value[:24]}）不符", first in "单双"
                    )


def _rates_that_differ(text: str, fields: Sequence[tuple[str, str]]) -> Iterator[FactFault]:
    known: dict[tuple[str, str], set[float]] = {}
    for _, value in fields:
        for match in _RATE.finditer(value):
            if (number := parse_number(match["number"])) is not None:
                known.setdefault((match["per"][0], match["what"]), set()).add(number)
    for match in _RATE.finditer(text) if known else ():
        number = parse_number(match["number"])
        right = known.get((match["per"][0], match["what"]))
        if number is not None and right and number not in right and not is_aside(text, *match.span()):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料不符", True)


def _tenths_that_differ(text: str, fields: Sequence[tuple[str, str]]) -> Iterator[FactFault]:
    known: dict[str, set[str]] = {}
    for _, value in fields:
        for match in _TENTH.finditer(value):
            known.setdefault(match["what"], set()).add(match["number"])
    for match in _TENTH.finditer(text) if known else ():
        right = known.get(match["what"])
        if right and match["number"] not in right and not is_aside(text, *match.span()):
            yield FactFault(
                "FAC-004",
                *match.span(),
                f"“{match.group()}”与商品资料（{'、'.join(sorted(right))}分{match['what']}）不符",
                True,
            )


def _days(match: re.Match[str]) -> float | None:
    if match["some"]:
        return 0.5 * _IN_LAPSE[match["of"]]
    number = parse_number(match["number"])
    return (
        None if number is None else (number + (0.5 if match["half"] or match["tail"] else 0)) * _IN_LAPSE[match["unit"]]
    )


def _lapses_that_differ(text: str, fields: Sequence[tuple[str, str]]) -> Iterator[FactFault]:
    """Find how long it keeps or lasts, told in another unit than the record's: 冷冻能放半年, and 冷冻60天."""
    known: dict[str, list[tuple[float, str]]] = {}
    for name, value in fields:
        end = 0
        for match in _LAPSE.finditer(value):
            # 7天（冷冻30天）: each by the words before it, the first by the fact's name.
            between, end = value[end : match.start()], match.end()
            topic = next((topic for topic, words in _LASTS if words.search(between)), None)
            topic = topic or next((topic for topic, words in _LASTS if words.search(name)), None)
            if topic and (days := _days(match)) is not None:
                known.setdefault(topic, []).append((days, f"{name}：{value[:24]}"))
    for match in _LAPSE.finditer(text) if known else ():
        low, high = clause(text, *match.span())
        days = _days(match)
        # 放冷冻，能放一个月: where it lies is said a clause before.
        before = text[max(0, low - 10) : high]
        topic = next((topic for topic, words in _LASTS[:4] if words.search(before)), None)
        topic = topic or next((topic for topic, words in _LASTS if words.search(text, low, high)), None)
        right = known.get(topic or "")
        if days is None or not right or not _KEEPS.search(text, low, match.start()) or days < 2:
            continue
        if any(abs(days - one) <= max(1.0, 0.1 * one) for one, _ in right) or is_aside(text, *match.span()):
            continue
        if days > max(one for one, _ in right) * 1.1:
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料（{right[0][1]}）不符", True)


def _terms_that_differ(text: str, fields: Sequence[tuple[str, str]]) -> Iterator[FactFault]:
    """Find a longer term than the record's: 两年质保, and 质保180天; 有效期呢，买了一年之内都能用, and 90天内."""
    for _, words in _GUARANTEED:
        known = [
            (days, f"{name}：{value[:24]}")
            for name, value in fields
            for match in _LAPSE.finditer(value)
            if (words.search(name) or words.search(value)) and (days := _days(match)) is not None
        ]
        if not known or any(re.search("终身|永久|长期", told) for _, told in known):
            continue
        for match in _LAPSE.finditer(text) if words.search(text) else ():
            low, high = clause(text, *match.span())
            begin, end = match.start() - _BESIDE_WORD, match.end() + _BESIDE_WORD
            before, _ = clause(text, max(0, low - 1), max(0, low - 1))
            alone = words.match(text, before) and re.search("[期修保][呢嘛啊吧]?，$", text[before:low])
            days = _days(match)
            if days is None or not (words.search(text, max(low, begin), min(high, end)) or alone):
                continue
            most, told = max(known)
            if days > 1.1 * most and not is_aside(text, *match.span()):
                yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料（{told}）不符", True)


def _scents_that_differ(text: str, fields: Sequence[tuple[str, str]], record: str) -> Iterator[FactFault]:
    told = next((f"{name}：{value[:24]}" for name, value in fields if _SCENT_FIELD.search(name)), None)
    for match in _SCENT.finditer(text) if told else ():
        if match["of"] not in record and not is_aside(text, *match.span()):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料（{told}）不符", True)
    taste = next((f"{name}：{value[:24]}" for name, value in fields if _TASTE_FIELD.search(name)), None)
    for match in _TASTE.finditer(text) if taste else ():
        if match["of"] not in record and not is_aside(text, *match.span()):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料（{taste}）不符", True)
    listed = next((value for name, value in fields if COLOURS.search(name)), None)
    for match in _ALL_COLOUR.finditer(text) if listed else ():
        if (
            not overlaps(match["said"], record)
            and not set(match["said"][:-1]) & set(listed or "")
            and not is_aside(text, *match.span())
        ):
            yield FactFault("FAC-004", *match.span("said"), f"“{match['said']}”不在商品资料里（颜色：{listed}）", False)


def _month(said: str) -> int | None:
    value = parse_number(said)
    return int(value) if value is not None and 1 <= value <= 12 else None
