"""Members of classes (couriers, lenses, kinds of leather, places): one claimed where the record has another.

What the classes are and who is in them is in members.toml, stuff.toml (what things are made of, a tree: a heading says
nothing against its members) and gazetteer.toml (where they come from, a tree as well). All words are looked for
at once.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from ahocorasick_rs import AhoCorasick, MatchKind

from backend.quality.context import clause
from backend.quality.heads import headed
from backend.quality.normalize import fold
from backend.quality.opposites import is_claimed
from backend.quality.record import FactFault, record_text

_HERE: Final = Path(__file__).parent
#: Stands for the word in its clause, so that one frame serves all words of a class.
_WORD: Final = "\ue000"
#: Right before a word, on record or in a script: it is ruled out.
_RULED_OUT: Final = re.compile(
    "(?:不可以?|不能|不得|不宜|不要|不建议|不支持|不含|不带|不是|并非|不像|不适合|勿|别|禁止?|避免|忌|非|无|没有?|不|未)"
    "(?:用|放|进|在|再|任何|随便|直接|有|是|那种|给|做)*$"
)
#: In a clause before a word: it is denied, told of somebody's, or of other goods.
_ASIDE: Final = headed(
    "不是|不像|没有|不用|不要|不会|不能|别(?!致)|并非|不含|不带|不做|不卖|有的|有些|别的|市面|以前|之前|原来|那种|普通|一般|传统|"
    "怕|担心|如果|要是|万一|比|还有一|另一|另外|弹幕|公屏|有人|问|[你您]要|想要|想找|你们?家|你家|您家|我妈|朋友|或者|还是|好几种|多种|也有|太[小大老][^，]{0,3}先|先[用穿吃喝买选拿]|改[用穿吃喝]|就还用|贴着"
)
#: Behind a word: other goods, a likeness.
_BEHIND: Final = re.compile(
    "的?(?:那[款种个]|质感|手感|感觉|味儿?的?感|一样|似的|风格?|色|纹|"
    "另[外说]|过敏|也?(?:不要|别)再?混|不[是行要同]|都不|就不|没[有货]|比|吗|还是|，不是)"
)


#: Whoever cannot have these is sent to others: 对乳胶过敏的朋友，这款pass掉，选TPE的.
_SENT_ON: Final = re.compile("(?:过敏|pass|别[买拍选]|不适合)[^。！？]{0,16}(?:选|换|买|看)$")
_SENT_FROM: Final = 30

#: Before a word for food: it is what one cooks with the goods (炒土豆丝), not what they are made of.
_DISH: Final = re.compile(
    "(?:(?:清|小|爆|干|红|酱|糖|醋|凉)?[炒烧溜熘炝焖卤烩煎炸蒸烤煲焗拌炖煮涮]|糖醋|醋溜|夹|蘸|就着)(?:个|点|一?盘|一?碗|一?锅|上|着|了)*[\u4e00-\u9fa5]{0,1}$"
)


@dataclass(frozen=True, slots=True)
class _Class:
    name: str
    fields: re.Pattern[str] | None
    frame: re.Pattern[str] | None
    beside: re.Pattern[str] | None
    doubt: bool
    #: Whether people cook with its members as well.
    eaten: bool
    #: The first name of each member.
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Lexicon:
    search: AhoCorasick
    #: Of each word the classes it is in, each with its number there.
    places: tuple[tuple[tuple[int, int], ...], ...]
    classes: tuple[_Class, ...]


@cache
def _lexicon() -> _Lexicon:
    words: dict[str, list[tuple[int, int]]] = {}
    classes = []
    for at, table in enumerate(tomllib.loads((_HERE / "members.toml").read_text(encoding="utf-8"))["class"]):
        frame = table.get("frame", "{}")
        groups = [[fold(word).text for word in group.split("=")] for group in table["is"]]
        for number, group in enumerate(groups):
            for word in group:
                words.setdefault(word, []).append((at, number))
        classes.append(
            _Class(
                table["name"],
                re.compile(table["fields"]) if "fields" in table else None,
                re.compile(frame.replace("{}", _WORD)) if frame != "{}" else None,
                re.compile(table["beside"]) if "beside" in table else None,
                table.get("doubt", False),
                table.get("eaten", False),
                tuple(group[0] for group in groups),
            )
        )
    search = AhoCorasick(list(words), matchkind=MatchKind.LeftmostLongest)
    return _Lexicon(search, tuple(map(tuple, words.values())), tuple(classes))


def member_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield members of classes in a folded text that exclude those of the record."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping) or not facts:
        return
    fields = tuple((fold(str(name)).text, fold(str(value)).text) for name, value in facts.items())
    stated, told = _stated(fields, record_text(product))
    if not stated:
        return
    lexicon = _lexicon()
    for number, start, end in lexicon.search.find_matches_as_indexes(text):
        for at, member in lexicon.places[number]:
            if at not in stated or (at, member) in told:
                continue
            kind = lexicon.classes[at]
            if _is_said(text, start, end, kind):
                known = "、".join(kind.names[one] for one in sorted(stated[at]))
                problem = f"“{text[start:end]}”与商品资料（{kind.name}：{known}）不符"
                yield FactFault("FAC-004", start, end, problem, not kind.doubt)
                break


@lru_cache(maxsize=256)
def _stated(
    fields: tuple[tuple[str, str], ...], record: str
) -> tuple[Mapping[int, frozenset[int]], frozenset[tuple[int, int]]]:
    """Return, of each class that the facts state, the members they state; and all members the record speaks of."""
    lexicon = _lexicon()
    stated: dict[int, set[int]] = {}
    for name, value in fields:
        for number, start, end in lexicon.search.find_matches_as_indexes(value):
            for at, member in lexicon.places[number]:
                pattern = lexicon.classes[at].fields
                if (pattern is None or pattern.search(name)) and not is_ruled_out(value, start, end):
                    stated.setdefault(at, set()).add(member)
    told = frozenset(
        place
        for number, start, end in lexicon.search.find_matches_as_indexes(record)
        if not is_ruled_out(record, start, end)
        for place in lexicon.places[number]
    )
    return {at: frozenset(members) for at, members in stated.items()}, told


def is_ruled_out(text: str, start: int, end: int) -> bool:
    """Tell whether the words right before a place, or behind it, rule it out: 不可机洗, 圆形不适配."""
    low, high = clause(text, start, end)
    denying = text[start] in "不无没非未"
    return (not denying and _RULED_OUT.search(text, low, start) is not None) or re.match(
        "(?:均|都|也)?(?:不适|不可|不能|不发|不支|除外|勿|慎)", text[end:high]
    ) is not None


def _is_said(text: str, start: int, end: int, kind: _Class) -> bool:
    low, high = clause(text, start, end)
    if kind.eaten and _DISH.search(text, low, start) and not _ALL_OF.search(text, low, start):
        return False
    if kind.beside is not None and kind.beside.search(text, low, high):
        return False
    if kind.frame is not None and not kind.frame.search(f"{text[low:start]}{_WORD}{text[end : high + 1]}"):
        return False
    return is_told_of_these(text, start, end)


def is_told_of_these(text: str, start: int, end: int) -> bool:
    """Tell whether a word is claimed of the goods that are sold."""
    low, high = clause(text, start, end)
    if _is_inside_a_word(text, start, end) or text[high : high + 1] == "？":
        return False
    if _SENT_ON.search(text, max(0, start - _SENT_FROM), start):
        return False
    if _ASIDE.search(text, low, start) or _RULED_OUT.search(text, low, start) or _BEHIND.match(text, end):
        return False
    return is_claimed(text, start, end)


def _is_inside_a_word(text: str, start: int, end: int) -> bool:
    """Tell whether letters or digits go on before or behind, or a word begins before: pp in app, 3040, 稍|微辣."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if before == "稍" and text[start] == "微":
        return True
    return (text[start].isascii() and before.isascii() and before.isalnum()) or (
        text[end - 1].isascii() and after.isascii() and after.isalnum()
    )


# What things are made of.


@dataclass(frozen=True, slots=True)
class _Stuff:
    search: AhoCorasick
    #: Of each word the number of what it names.
    numbers: tuple[int, ...]
    names: tuple[str, ...]
    #: Of each stuff all headings that it stands under, itself among them.
    above: tuple[frozenset[int], ...]
    part: re.Pattern[str]
    parts: Mapping[str, str]


@cache
def _stuff() -> _Stuff:
    table = tomllib.loads((_HERE / "stuff.toml").read_text(encoding="utf-8"))
    numbers: dict[str, int] = {}
    names: list[str] = []
    parents: dict[int, set[int]] = {}

    def number_of(group: str) -> int:
        words = [fold(word).text for word in group.split("=")]
        known = next((numbers[word] for word in words if word in numbers), None)
        if known is None:
            known = len(names)
            names.append(words[0])
        for word in words:
            numbers.setdefault(word, known)
        return known

    for heading, members in table["sorts"].items():
        top = number_of(heading)
        for group in members.split():
            parents.setdefault(number_of(group), set()).add(top)

    def over(one: int) -> set[int]:
        return {one}.union(*(over(parent) for parent in parents.get(one, ())))

    # A heading that is one character (丝, 毛, 石) is no word of its own.
    words = {word: at for word, at in numbers.items() if len(word) > 1}
    parts = {part: name for name, line in table["parts"].items() for part in line.split("|")}
    return _Stuff(
        AhoCorasick(list(words), matchkind=MatchKind.LeftmostLongest),
        tuple(words.values()),
        tuple(names),
        tuple(frozenset(over(one)) for one in range(len(names))),
        re.compile("|".join(sorted(parts, key=len, reverse=True))),
        parts,
    )


#: Facts that state what something is made of, by their names.
_MADE_OF: Final = re.compile(
    "材|料|成分|填充|内胆|衬|里|面|底|芯|柄|壳|身|架|盖|轮|腿|绳|链|杆|板|毛|胆|手掌|纤维|皮|木|瓷|主石|镶嵌|纸|盆|滤|罩|扣|锅|杯|刀|箱|布|蜡"
)
_NOT_MADE_OF: Final = re.compile(
    "洗|护理|保养|适用|适合|用途|用法|赠|产地|发货|配件|功能|兼容|存放|售后|里程|面积|配料"
)
#: Before a word: this is what it is made of. _ALL_OF says that there is nothing else.
_IS_MADE: Final = re.compile(
    "(?:是|用的?|用了|采用|选用|做成了?|换成了?|材质|面料|里[头面]|填的?|塞的?|衬的?|衬着|铺的?|配的?|包的?|灌的?|充的?|絮的?|是个)"
    "(?:的|了|都|全|是|上好|上等|进口|天然|加厚|整[张块根只片条]|一?整?[张块根层]|真|纯|实打实|正经|正宗|老|好|高级|食品级|医用|公分|厘米|毫米|[零一二三四五六七八九十\\d.])*$"
)
_ALL_OF: Final = re.compile(
    "(?:百分之百|百分百|100%|纯|全|整[张块根只片条]的?|一水儿?的?|满满的?|清一色的?)(?:的|是|天然|进口)*$"
)
_IS_BEHIND: Final = re.compile(
    "(?:实木|木)?的?(?:做的|制的|制成|打造|材质|打的|锻打|铸|压的|织的|编的|烧的|雕|缝的|缝制|磨的|灌的|填充|款(?!式)|质地?(?=的|，|。)|"
    "(?=[，。！；]|$))|"
    "100%|的?(?:料子?|工艺|打磨|涂层)"
)
_BESIDE_GOODS: Final = re.compile(
    "质感|手感|仿|搭配?|配着|盖在|装进|袋子|瓶子里|桌上|地板|墙|窗|衣柜|家里|里面穿|外套|毛衣|洗|铲|勺|抹布|手套|擦|刷(?!毛|头|柄)|"
    "服|快递|垃圾|购物袋|吸管|砧板|泡沫箱|冰袋|蹭|勾|刮|照片|挂|垫在|放在|摆|吃|煮|炖|喝|猫|狗|送|赠|附|另"
)


def stuff_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield what a folded text says the goods, or a part of them, are made of, where the record has something else."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping) or not facts:
        return
    fields = tuple((fold(str(name)).text, fold(str(value)).text) for name, value in facts.items())
    by_part, told = _made_of(fields, record_text(product))
    if not by_part:
        return
    stuff = _stuff()
    nouns = fold(str(product.get("name", ""))).text
    for number, start, end in stuff.search.find_matches_as_indexes(text):
        one = stuff.numbers[number]
        part = _part_of(text, start, end)
        same = by_part.get(part) if part is not None else None
        if same is None:
            # Of a part that the record does not speak of anything on record may be told.
            same = told
            known = frozenset().union(*by_part.values())
        else:
            known = same
        if any(_agrees(one, other, stuff) for other in same) or not _is_stuff_of_goods(text, start, end, part, nouns):
            continue
        listed = "、".join(stuff.names[other] for other in sorted(known))
        grave = part is None or part in by_part
        problem = f"“{text[start:end]}”与商品资料（{listed}）不符"
        yield FactFault("FAC-001", start, end, problem, grave)


@lru_cache(maxsize=256)
def _made_of(
    fields: tuple[tuple[str, str], ...], record: str
) -> tuple[Mapping[str | None, frozenset[int]], frozenset[int]]:
    """Return what each part (None: the whole) is made of on record, and all stuffs it speaks of."""
    stuff = _stuff()
    by_part: dict[str | None, set[int]] = {}
    for name, value in fields:
        if not _MADE_OF.search(name) or _NOT_MADE_OF.search(name):
            continue
        named = stuff.part.search(name)
        for number, start, end in stuff.search.find_matches_as_indexes(value):
            if is_ruled_out(value, start, end) or _is_inside_a_word(value, start, end):
                continue
            low, high = clause(value, start, end)
            part = named or stuff.part.search(value, low, high)
            of = stuff.parts.get(part.group()) if part else None
            by_part.setdefault(of, set()).add(stuff.numbers[number])
    told = frozenset(
        stuff.numbers[number]
        for number, start, end in stuff.search.find_matches_as_indexes(record)
        if not is_ruled_out(record, start, end)
    )
    return {part: frozenset(known) for part, known in by_part.items()}, told


def _part_of(text: str, start: int, end: int) -> str | None:
    """Return the part that the clause around a stuff speaks of: the one behind it, else the one before."""
    stuff = _stuff()
    low, high = clause(text, start, end)
    behind = end + 1 if text[end : end + 1] == "的" else end
    match = stuff.part.match(text, behind) or stuff.part.search(text, low, start) or stuff.part.search(text, end, high)
    return stuff.parts.get(match.group()) if match else None


def _agrees(one: int, other: int, stuff: _Stuff) -> bool:
    return one in stuff.above[other] or other in stuff.above[one]


def _is_stuff_of_goods(text: str, start: int, end: int, part: str | None, nouns: str) -> bool:
    low, high = clause(text, start, end)
    if _BESIDE_GOODS.search(text, low, high):
        return False
    before = _IS_MADE.search(text, low, start) or _ALL_OF.search(text, low, start)
    behind = _IS_BEHIND.match(text, end) and (before or start == low or "的" in text[end : end + 1])
    beside = part is not None and (_stuff().part.match(text, end) or _stuff().part.match(text, end + 1))
    noun = len(nouns) > 1 and text[end : end + 1] in (nouns[-1], nouns[-2]) and text[end : end + 1] not in "的了"
    return bool(before or behind or beside or noun) and is_told_of_these(text, start, end)


# Where things come from.


@dataclass(frozen=True, slots=True)
class _Gazetteer:
    search: AhoCorasick
    names: tuple[str, ...]
    #: Of each place all that it lies in, itself among them. A lake may lie in two provinces.
    above: Mapping[str, frozenset[str]]


@cache
def _gazetteer() -> _Gazetteer:
    table = tomllib.loads((_HERE / "gazetteer.toml").read_text(encoding="utf-8"))
    above: dict[str, set[str]] = {}
    for province, line in table["china"].items():
        cities, _, inside = line.partition(" / ")
        above.setdefault(province, set()).update((province, "中国"))
        for place in (*cities.split(), *inside.split()):
            above.setdefault(place, set()).update((place, province, "中国"))
    for region, provinces in table["regions"].items():
        inside = provinces.split()
        for lies in above.values():
            if not lies.isdisjoint(inside):
                lies.add(region)
        above[region] = {region, "中国"}
    for names, line in table["countries"].items():
        country = names.split("=")[0]
        for name in names.split("="):
            above.setdefault(name, set()).update((name, country))
        for place in line.split():
            above.setdefault(place, set()).update((place, country))
    return _Gazetteer(
        AhoCorasick(list(above), matchkind=MatchKind.LeftmostLongest),
        tuple(above),
        {place: frozenset(one) for place, one in above.items()},
    )


_ORIGIN: Final = re.compile("产地|原产|产区|奶源|水源|来源|产自|源地|海域|牧场|茶区|基地|货源|地$")
_NOT_ORIGIN: Final = re.compile("发货|目的地|地址|仓|场地|草地|地面|地暖|适用|服务|地板|目的|景点|行程|集合")
#: Behind a place: the goods are of it.
_GROWS: Final = re.compile(
    r"(?:省|市|县|区|那边|本地|当地)?(?:[\u4e00-\u9fa5]{0,2}[山湖江河海岛村乡镇沟湾坝里边上](?:上|里|边|脚下)?)?的?"
    r"(?:产的?|种的?|种出|采的?|摘的?|捞的?|养的?|酿的?|烤的?|做的|出的|长的|挖的?|收的?|压的|晒的|织的|烧的|磨的|生产|制造|原产|原装|进口|直采|空运|直邮|"
    r"[^，。！？；]{0,4}?(?:老?厂|作坊|车间|窑|酒坊|油坊|手艺|手工|工匠|绣娘|师傅)|[^，。！？；不没]{1,8}(?:做|产|出|织|烧|种|养|酿|熬|榨|晒|磨|缝|打|捞|采|摘|挖)出?来?的[\u4e00-\u9fa5]{0,4}(?=[，。！；]|$)|"
    r"老乡|农户|果农|茶农|大叔|老师傅|山上|山里|果园|茶园|茶山|基地|工厂|作坊|牧场|农场|林场|海域|庄园|产区|那边的|货|来的|捞上来|深海|雪山|高山|高原)"
)
_IS_FROM: Final = headed(
    "(?:产自|来自|源自|出自|取自|采自|产地是?|生在|长在|种在|养在|产在|原产于?|引自|进口自)[^，。！？；]{0,6}$|"
    "(?:这是|这个是|它是|就是|都是|全是|是|用的?是?|选的?是?|正宗的?|地道的?|咱们?的?|咱家)(?:[\u4e00-\u9fa5]{2,3}省?)?$"
)
_ALL: Final = re.compile("(?:省|市|县|区)?(?:的|货|产的?)?(?=[，。！；]|$)")
#: A place that lies in it, all that the clause says: 云南|景谷的.
_WITHIN: Final = re.compile(
    "(?![\u4e00-\u9fa5]*[最特好老新美常爱独有专才也都])[\u4e00-\u9fa5]{2,3}(?:那边)?的(?=[，。！；]|$)"
)
#: Behind a place in its clause: somebody's land and craft there.
_OWN_LAND: Final = re.compile(
    "自家|园子|[果茶菜葡]园|地里|田里|山上|山里|大棚|承包|土生土长|[种养产采摘捞晒酿烧打织绣编]出?的"
)
_TRAVELS: Final = re.compile(
    "发货|发往|发到|寄|仓|快递|包邮|顺丰|朋友|姐妹|家人|粉丝|宝宝|出差|旅游|旅行|去过|去玩|直播间|天气|地址|客户|客人|人爱|吃法|做法|菜|料理|"
    "口味|风味|风格|风情|话|歌|下雨|下雪|温度|多少度|冷|热|到货|偏远|不发|加邮|补|读书|上学|老家在|住在|回来|同款|街|店|代购|航班|高铁|飞|动漫|电影"
)


def origin_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield places of a folded text that the goods are said to come from, and that lie elsewhere than the record's."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping):
        return
    fields = tuple((fold(str(name)).text, fold(str(value)).text) for name, value in facts.items())
    record = record_text(product)
    known, whole = _origins(fields, record)
    if not known:
        return
    places = _gazetteer()
    for number, start, end in places.search.find_matches_as_indexes(text):
        place = places.names[number]
        if place in record or any(_lies_with(place, one, places) for one in whole):
            continue
        low, high = clause(text, start, end)
        if _TRAVELS.search(text, low, high):
            continue
        certain, told = _comes_from(text, start, end, record)
        if told and is_told_of_these(text, start, end):
            problem = f"产地“{place}”与商品资料（{'、'.join(sorted(known))}）不符"
            yield FactFault("FAC-005", start, end, problem, certain)


def _lies_with(place: str, other: str, places: _Gazetteer) -> bool:
    """Tell whether one place lies in the other, or the record's is only a province or country around it."""
    return place in places.above[other] or other in places.above[place]


def _comes_from(text: str, start: int, end: int, record: str) -> tuple[bool, bool]:
    """Return whether it is certain, and whether it is likely, that the goods are said to come from a place."""
    low, high = clause(text, start, end)
    grows, is_from = _GROWS.match(text, end), _IS_FROM.search(text, low, start)
    if (is_from and (_ALL.match(text, end) or "自" in is_from.group() or "在" in is_from.group())) or grows:
        return True, True
    # 埃塞的豆子: a noun of the record, or all that the clause says.
    noun = re.match("的?(?P<noun>[\u4e00-\u9fa5]{1,4}?)(?=[，。！；]|$)", text[end:high])
    if noun and (set(noun["noun"]) - set("的子了这个是一款儿大小好")) & set(record):
        return (bool(is_from) or start == low), True
    if is_from and _WITHIN.match(text, end):
        return True, True
    if _OWN_LAND.search(text, end, high):
        return False, True  # 烟台海边我们自家园子里的红富士
    return False, bool(_ALL.match(text, end)) and start == low and end < high + 1


@lru_cache(maxsize=256)
def _origins(fields: tuple[tuple[str, str], ...], record: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the places that the facts say the goods come from, and all places of the record."""
    places = _gazetteer()
    known: set[str] = set()
    for name, value in fields:
        if _ORIGIN.search(name) and not _NOT_ORIGIN.search(name):
            known |= {places.names[number] for number, _, _ in places.search.find_matches_as_indexes(value)}
    whole = {places.names[number] for number, _, _ in places.search.find_matches_as_indexes(record)}
    # 湖南石门: a place tells more than what it lies in.
    inner = {one for one in whole if not any(one != other and one in places.above[other] for other in whole)}
    return frozenset(known), frozenset(inner)


def class_faults(text: str, product: Mapping[str, Any]) -> Sequence[FactFault]:
    """Return what a folded text claims of classes, stuffs and places that the record has otherwise."""
    return [*member_faults(text, product), *stuff_faults(text, product), *origin_faults(text, product)]
