"""What a record says yes or no to, and a script the other way round: 不含卡 and 送卡, 含酒精 and 不含, 可机洗 and 不能.

A record denies in a few shapes: something is not in the box, is needed, must not be done, is not for somebody, is no
such thing. And what it has, a script may deny (一块胶合板都没有). The matters themselves are in opposites.toml; what is
built like them, by whatever name, is read out of the record.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from backend.quality.context import clause
from backend.quality.normalize import fold
from backend.quality.record import FactFault, record_text
from backend.quality.spelled import denials_apart, spelled_out
from backend.quality.subject import COMPARED

_FILE: Final = Path(__file__).with_name("opposites.toml")
#: 香精：未添加.
_ABSENT: Final = re.compile(
    r"(?P<thing>[\u4e00-\u9fa5]{2,6})：(?:无|未添加|不含|没有|零|0|不添加|未检出)(?=[。，；（(]|$)"
)
#: 防水：不防水.
_DENIED_FIELD: Final = re.compile("[\u4e00-\u9fa5]{2,6}：(?=[不无未非])")
#: Before a claim in its clause, besides what it is held against: it is wished, feared, asked, or put as a case.
_SUPPOSED: Final = re.compile(
    "谁|有人|如果|要是|万一|假如|担心|介意|有没有|是不是|能不能|会不会|哪有|别信|不敢|不可能|要求|凡是|号称|敢说|想要|讲究|追求"
)
#: Behind a claim: it was asked, or is taken back.
_TAKEN_BACK: Final = re.compile(
    "[^，。！？；]{0,6}？|[^，。！？；]{0,8}(?:吗|[这里咱我们家]没有?(?=[，。！；]|$)|没货|不敢|做不到|不可能|是假|骗|别信|那是|不卖|不要|不收|不进|不发|不碰|悠着|慎|谨慎|先试|绕道|算了|划走|别拍|另选|不是|不现实|说不|谈不上|这话|除外|不行|不建议)"
)
_TAKEN_LATER: Final = re.compile("[，。！]?(?:那是|不可能|不敢|我不|做不到|别信|骗|不是|不存在|没有的事|谁信)")
#: Between 不可 and what must not be done: other deeds of the same list.
_NEVER: Final = (
    "(?:不可以?|不能|不支持|不宜|禁止|请勿|切勿|勿|不建议|不适合|不适用于?|不得|避免|不要|严禁|忌|不耐|不防|未标注)"
    "[^，。；！？]{0,10}?"
)
_EVER: Final = r"(?:可以?|能|支持|适用于?|适合|耐|均可|都可)[^，。；！？不勿禁]{0,8}?"
_MAY: Final = (
    "(?:可以?|能|随便|直接|放心|支持|照样|尽管|敢|扔|丢|塞|拿|天天|往)"
    "(?:你|您|都|就|拿|放|进|到|去|往|大胆|用|整个|也|给)*[^，。！？；不没别勿]{0,4}?"
)
_AND_FINE: Final = (
    "[^，。！？；不没别勿]{0,4}?"
    "(?:没问题|都行|都可以|都能|也行|随便|不怕|也没事|都没事|没事|无压力|没关系|也能|也可以|也不怕|都不怕|照样)"
)
_NOUGHT: Final = re.compile(r"零\|0(?=[|)])")
_NOUGHT_ALONE: Final = r"(?<![十百千万点\d.])(?:零|0)"
_OWN: Final = re.compile("我|你|您|自己|再|另外|额外")
_FINE: Final = re.compile("没事|没问题|没关系|不怕|不用管|另外(?![买购配收付自])")
_DENIES: Final = re.compile("不|没|别|勿|非|无|未|禁|另|自备|自理|自己")
#: What is not in the box.
_NOT_IN_BOX: Final = re.compile(
    r"(?:不含|不带|不送|不配|不附|不包含|不包括|未配|不赠)(?P<thing>[\u4e00-\u9fa5a-z0-9]{1,6})|"
    r"(?P<bought>[\u4e00-\u9fa5a-z0-9]{1,6}?)(?:需|要|须|请)?(?:另购|另买|自备|自购|另配|单独购买|另外买|另售|单买|另行购买)"
)
_IN_BOX: Final = re.compile("清单|配件|附件|标配|包含|内含|随机|附带|套装内容|盒内|装箱|赠")
_GIVES: Final = r"(?:送|带|配|附|含|包|给|搭|赠)"
#: 需通风, 需开锅: what it takes.
_NEEDS: Final = re.compile(
    r"(?<![不无按必急])(?:需要?|须|必须)(?:要|先|自行|自己|提前|配合|进行|单独|另|定期)*(?P<thing>[\u4e00-\u9fa5]{2,4})"
)
_SPARES: Final = re.compile(r"(?:无需|免|不用|不需要?|无须)(?P<thing>[\u4e00-\u9fa5]{2,4})")
_NOT_NEEDED: Final = r"(?:不用|无需|不需要|不必|免|省得|用不着|压根不用|无须)(?:你|您|再|去|先|提前|另外|单独)*"
#: 非湖区围网, 并非纯银.
_IS_NOT: Final = re.compile(
    r"(?:(?<![除莫无])非(?!人为|质量|本人|本店|正常|工作|节假|活动|保修|质保|定制|商品|产品|破损|运输|特殊|必要)|不是|并非|不属于|不等于|未经)"
    r"(?P<thing>[\u4e00-\u9fa5a-z0-9]{2,6})"
)
#: 非人为故障免费维修: what happens to the goods of itself is made good, what somebody does to them is not.
_OF_ITSELF: Final = re.compile("非人为[^，。；]{0,8}(?:免费|保修|质保|包换|换新|退换|维修)")
_DONE_TO_IT: Final = re.compile(
    "(?<!非)(?<!是)(?:人为(?:损坏|摔坏|弄坏|破坏|故障|的)?|[您你]?(?:自己|不小心)?(?:(?:摔|砸|踩|磕|泡|弄|拆|掉)(?:坏|碎|裂|烂|水里|水|地上|了)|进水))"
    "[^，。！？；不没非]{0,3}，?(?:我们|咱们?|店里|厂家|寄回来)*(?:也|都|照样|一样|全|统统)(?:是|给您?|给你|能)*(?:免费|包换|包赔|保修|换新|赔|修)"
)
#: 不支持5g频段.
_UNSUPPORTED: Final = re.compile(r"(?:不支持|不可|不能|不兼容|不适配|请勿|切勿)(?P<thing>[\u4e00-\u9fa5a-z0-9]{2,6})")
#: 圆形出风口不适配, 春节不可用.
_UNSUITED: Final = re.compile(
    r"(?P<thing>[\u4e00-\u9fa5a-z0-9、]{2,12}?)(?:均|都|也|时|期间)?(?:不适配|不适用|不可用|不能用|不通用|除外|用不了|装不了|不兼容|不能装|不包括|不可预约|不能订)"
)
#: What says that something may be all the same.
_SUITS: Final = "(?:通用|可用|能用|适用|适配|能装|都装|也能|都能|照样|都行|也行|没问题|随便|不限|无压力)"
#: 果汁含量30%, 70%羊毛.
_PART: Final = re.compile(
    r"(?P<of>[\u4e00-\u9fa5]{2,5}?)(?:含量)?[：≥约不低于]*(?P<share>\d{1,2}(?:\.\d+)?)%|(?<![\d.])(?P<number>\d{1,2}(?:\.\d+)?)%(?P<named>[\u4e00-\u9fa5]{2,4})"
)
_NOT_FOR: Final = "慎用|禁用|慎食|不宜|不适宜|不适用|不建议|不适合|勿|不能|不可|避免|禁止|忌|慎"
_FOR_ALL: Final = re.compile(
    r"(?:全家(?:人|老小)?|谁|大人小孩|老人孩子|老人小孩|男女老少|老老少少|老少|人人|大人孩子|什么人|任何人|所有人|一家(?:人|老小))(?:都|全|皆)?(?:能|可以|都能|适合|放心|宜)(?:吃|喝|用|穿|玩|睡|涂|抹|戴|洗|敷|泡)?"
)
#: What goods are made of, as a list.
_LISTS: Final = re.compile("材|料|成分|板|填充|里|芯|配方|内胆")
_ITEM: Final = re.compile(r"[\u4e00-\u9fa5]{2,8}")
_SMALL: Final = re.compile(
    "^(?:约|主要|少量|食品级|优质|其他|以及|含|加|与|和|内|外|面|里|采用|使用)+|(?:等|为主|材质|面料|制|做)$"
)
_NONE_OF: Final = r"(?:一?[点丝滴粒块片层根克张星勺]儿?|半[点块片滴克])"


#: 一块胶皮都没贴, 玉米是一粒不喂的.
_NOTHING_OF: Final = re.compile(
    "一[根块片点颗粒丝滴条张层克](?P<thing>[\u4e00-\u9fa5]{1,3}?)(?:都|也)(?:没|不[放加贴用喂带掺缝穿])|"
    "(?P<first>[\u4e00-\u9fa5]{2})(?:什么的|啥的)?(?:是|，)?一[根块片点颗粒丝滴]儿?(?:都|也)?(?:不[放加贴用喂带掺]|没[放加贴用喂带掺有])"
)
#: An item of a list that is none: 不添加荧光剂.
_LEFT_OUT: Final = re.compile("(?:[不未无]添加|没有?添加|不含有?|[不未]加)[^、，,；;。/()（）]*")
_STUFF: Final = frozenset("胶皮线布毛绒棉木铁钢糖盐油粉纸膜绳网")


@dataclass(frozen=True, slots=True)
class _Matter:
    name: str
    yes: re.Pattern[str] | None
    on_record: re.Pattern[str]
    no: re.Pattern[str]
    #: Only what the goods are made of says yes.
    inside: bool


@dataclass(frozen=True, slots=True)
class _Book:
    matters: tuple[_Matter, ...]
    #: What may be done, by name: never and ever on record; how a script allows it and forbids it.
    deeds: tuple[tuple[str, re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]], ...]
    #: Who is kept from it: on record, and as a script lets them.
    people: tuple[tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]], ...]


@dataclass(frozen=True, slots=True)
class Excluded:
    """What a record rules out: found by this in a script, told so."""

    said: re.Pattern[str]
    problem: str
    #: The claim has to have no word of denial in its clause up to the match, besides its own.
    plain: bool = False


@cache
def _book() -> _Book:
    told = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    matters = tuple(
        _Matter(
            one["name"],
            re.compile(one["yes"]) if "yes" in one else None,
            re.compile("|".join(one[key] for key in ("record_yes", "yes") if key in one)),
            # 90白鹅绒, 一百零盐: no nought begins inside a number.
            re.compile(_NOUGHT.sub(lambda _: _NOUGHT_ALONE, one["no"])),
            one.get("inside", False),
        )
        for one in told["matter"]
    )
    deeds = tuple(
        (
            name,
            re.compile(f"{_NEVER}(?:{verb})"),
            re.compile(f"{_EVER}(?:{verb})"),
            re.compile(f"{_MAY}(?:{verb})|(?:{verb}){_AND_FINE}"),
            re.compile(f"(?:不能|不可以|不支持|没法)(?:{verb})"),
        )
        for name, verb in told["deeds"].items()
    )
    people = tuple(
        (
            re.compile(who),
            re.compile(f"(?:{who})[^，。；！？]{{0,6}}?(?:{_NOT_FOR})|(?:{_NOT_FOR})[^，。；！？]{{0,6}}?(?:{who})"),
            re.compile(
                f"(?:{who})[^，。！？；不没别慎勿禁]{{0,10}}?(?:能|可以|放心|随便|都|也)[^，。！？；不没别慎勿]{{0,4}}?"
                "(?:吃|喝|用|穿|玩|睡|涂|抹|戴|洗|敷|泡|没问题|没事|适合)|(?:适合|给)[^，。！？；不没]{0,4}(?:"
                + who
                + ")[吃喝用玩睡]"
            ),
        )
        for who in told["people"].values()
    )
    return _Book(matters, deeds, people)


def opposite_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield what a folded text says the other way round than the record does."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping) or not facts:
        return
    fields = tuple((fold(str(name)).text, denials_apart(fold(str(value)).text)) for name, value in facts.items())
    spelled = spelled_out(fields)
    record = denials_apart(record_text(product))
    for (_, value), (_, told) in zip(fields, spelled, strict=True):
        record += told[len(value) :].replace("，", "。", 1)
    for one in _excluded(spelled, record):
        for match in one.said.finditer(text):
            if (
                _is_told(text, *match.span())
                and not (one.plain and _denied(text, match))
                and not _ABLE_NOT.search(text[: match.start()][-6:])
            ):
                problem = f"“{match.group()}”与商品资料（{one.problem}）相反"
                yield FactFault("FAC-004", *match.span(), problem, True)


def nothing_of(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield where a folded text says that there is nothing at all of what a fact has: 一根线都没有, 线：已穿线."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping):
        return
    for match in _NOTHING_OF.finditer(text):
        thing = match["thing"] or match["first"]
        for name, said in facts.items():
            value = fold(str(said)).text
            parts = [one for one in re.split("[，。；、]", value) if _alike(thing, one) and not _DENIES.search(one)]
            if parts and not re.search("^[不无没未否]", value) and is_claimed(text, *match.span()):
                problem = f"“{match.group()}”与商品资料（{name}：{parts[0]}）相反"
                yield FactFault("FAC-004", *match.span(), problem, False)
                break


def _alike(thing: str, part: str) -> bool:
    """Tell whether a part of a fact holds a thing: 胶皮 in 贴橡胶片 by its first character, 玉米 as it is."""
    return thing in part or (len(thing) == 2 and thing[0] in _STUFF and thing[0] in part)


def is_claimed(text: str, start: int, end: int) -> bool:
    """Tell whether the clause around a place claims it: it is not held against others, supposed, asked or denied."""
    low, _ = clause(text, start, end)
    if COMPARED.search(text, low, start) or _SUPPOSED.search(text, low, start):
        return False
    return _TAKEN_BACK.match(text, end) is None and _TAKEN_LATER.match(text, end) is None


def _is_told(text: str, start: int, end: int) -> bool:
    # 我不加糖: what somebody leaves out is no word about the goods.
    own = text[start] in "不没" and _OWN.search(text, clause(text, start, end)[0], start) is not None
    return text[start - 1 : start] not in tuple("不没非未") and not own and is_claimed(text, start, end)


#: 它不具备防水功能: denied by a verb of ability, whatever stands behind.
_ABLE_NOT: Final = re.compile("(?:不|没有?|未)(?:具备|具有|支持|带|做过?|达到|等于)(?:任何|什么|专业)?$")


def _denied(text: str, match: re.Match[str]) -> bool:
    low, _ = clause(text, *match.span())
    return _DENIES.search(_FINE.sub("", text[low : match.end()])) is not None


@lru_cache(maxsize=256)
def _excluded(fields: tuple[tuple[str, str], ...], record: str) -> Sequence[Excluded]:
    """Return what a record rules out, from its facts (name, value) and its whole text."""
    book = _book()
    found: list[Excluded] = []
    record = _DENIED_FIELD.sub("", _ABSENT.sub(r"不含\g<thing>", record))
    inside = _ABSENT.sub(
        r"不含\g<thing>", "。".join(f"{name}：{value}" for name, value in fields if _LISTS.search(name))
    )
    for matter in book.matters:
        rest, denied = matter.no.subn("", record)
        if matter.on_record.search(inside if matter.inside else rest):
            if not denied:
                found.append(Excluded(matter.no, _told(matter.on_record, fields)))
        elif denied and matter.yes is not None:
            found.append(Excluded(matter.yes, _told(matter.no, fields)))
    for name, never, ever, allows, forbids in book.deeds:
        rest, forbidden = never.subn("", record)
        allowed = ever.search(rest) is not None
        if forbidden and not allowed:
            found.append(Excluded(allows, f"不可{name}", plain=True))
        elif allowed and not forbidden:
            found.append(Excluded(forbids, f"可{name}"))
    found += _kept_from(fields, book)
    values = "。".join(value for _, value in fields)
    found += _shapes(fields, values, record)
    return tuple(found)


def _told(pattern: re.Pattern[str], fields: Sequence[tuple[str, str]]) -> str:
    """Return the fact that says it."""
    for name, value in fields:
        if pattern.search(f"{name}：{value}") or pattern.search(value):
            return f"{name}：{value[:24]}"
    return "资料里另有说法"


def _kept_from(fields: Sequence[tuple[str, str]], book: _Book) -> Iterator[Excluded]:
    everybody = False
    for name, value in fields:
        listed = re.search("不适[宜用合]|禁忌|慎用|禁用", name) is not None
        for who, kept, lets in book.people:
            if kept.search(value) or (listed and who.search(value)):
                everybody = True
                yield Excluded(lets, f"{name}：{value[:24]}", plain=True)
    if everybody:
        yield Excluded(_FOR_ALL, "资料写明有不适用的人")


def _shapes(fields: Sequence[tuple[str, str]], values: str, record: str) -> Iterator[Excluded]:
    for match in _NOT_IN_BOX.finditer(values):
        thing = re.sub("^(?:的|有|是|为|任何)+|(?:等|的)$", "", match["thing"] or match["bought"])
        if thing and not re.search("运费|邮费|安装|上楼|税", thing):
            core = re.escape(thing) if len(thing) < 3 else f"{re.escape(thing)}|{re.escape(thing[-2:])}"
            end = "子?(?=[，。！？；、的了哦啊呢也都]|$)"
            said = (
                rf"{_GIVES}[^，。！？；不没别另自]{{0,10}}?(?:{core}){end}|"
                rf"(?:{core})子?，?(?:也|都|我们?|一起|一并|直接|全|再|就|这就|跟着)*(?:{_GIVES}|装|备|放|你|您){{1,4}}(?:你|您|了|上|好|齐|全|进)|"
                rf"(?:{core})子?(?:也|都|一起|一块儿?|一并|全|再|白|免费|直接|跟着)+(?:送|赠|配|附)(?=[，。！；]|$)"
            )
            yield Excluded(re.compile(said), f"不含{thing}", plain=True)
    for name, value in fields:
        # 香精：不添加, and a script that 专门加了玫瑰香精.
        if (absent := _ABSENT.fullmatch(f"{name}：{value}")) and record.count(absent["thing"]) == 1:
            put = rf"(?:[加添放掺兑含]了?|里[头面]有)[^，。！？；不没别无未]{{0,5}}{re.escape(absent['thing'])}"
            yield Excluded(re.compile(put), f"{name}：{value[:24]}", plain=True)
        if not _IN_BOX.search(name):
            continue
        for thing in _items(value):
            core = re.escape(thing)
            said = (
                f"(?:{core})(?:要|得|需)?(?:你|您)?(?:自己|另外|另|单独)+(?:去)?(?:买|配|备|购)|"
                f"(?:不带|不送|不含|没有)(?:{core})(?=[，。！；])"
            )
            yield Excluded(re.compile(said), f"{name}：{value[:24]}")
    yield from _conditions(values, record)
    yield from _unsuited(values, record)
    yield from _had(fields)


def _conditions(values: str, record: str) -> Iterator[Excluded]:
    """Yield what is needed or not, unsupported, only in part or no such thing."""
    for match in _NEEDS.finditer(values):
        thing = match["thing"][:2]
        yield Excluded(re.compile(f"{_NOT_NEEDED}{re.escape(thing)}"), f"资料：{match.group()}")
    for match in _SPARES.finditer(values):
        thing = match["thing"][:2]
        if not re.search(f"(?<!无)(?<!不)需要?{re.escape(thing)}", record):
            yield Excluded(re.compile(f"(?<!不)(?:需要|要先|得先|必须){re.escape(thing)}"), f"资料：{match.group()}")
    for match in _UNSUPPORTED.finditer(values):
        thing = re.sub("^(?:使用|用于|接|连|与|和|放|进|在)+|(?:使用|的|等)+$", "", match["thing"])[:4]
        if len(thing) >= 2:
            said = rf"(?:支持|可以|能|随便|直接|兼容|适配|尽管)[^，。！？；不没别勿]{{0,4}}?{re.escape(thing)}"
            yield Excluded(re.compile(said), f"资料：{match.group()}", plain=True)
    for match in _PART.finditer(values):
        of, share = (match["of"] or match["named"])[-2:], float(match["share"] or match["number"])
        if share < 95:
            said = f"(?:百分之百|百分百|100%|(?<!不)纯|全都?是|整[块张根片个]都?是)(?:的|天然)*{of}(?!色|度|感|香|味)"
            yield Excluded(re.compile(said), f"资料：{match.group()}")
    of_itself = _OF_ITSELF.search(values)
    if of_itself is not None and not re.search("(?<!非)人为[^，。；]{0,6}免费", values):
        yield Excluded(_DONE_TO_IT, f"资料：{of_itself.group()}")
    for match in _IS_NOT.finditer(values):
        thing = match["thing"]
        core = thing if len(thing) < 4 else thing[-2:]
        if record.count(core) == 1:
            yield Excluded(re.compile(re.escape(core)), f"资料：{match.group()}", plain=True)


def _unsuited(values: str, record: str) -> Iterator[Excluded]:
    """Yield what the goods are not for: 圆形出风口不适配, 不能钻墙 (混凝土墙照样钻)."""
    for match in _UNSUPPORTED.finditer(values):
        if len(match["thing"]) == 2:
            deed, what = map(re.escape, match["thing"])
            said = rf"{what}[^，。！？；不没别勿]{{0,2}}(?:照样|也能|都能|随便|直接|轻松|能|可以){deed}"
            yield Excluded(re.compile(said), f"资料：{match.group()}", plain=True)
    for match in _UNSUITED.finditer(values):
        for thing in re.split("[、和与及]", match["thing"]):
            if len(thing) >= 2 and record.count(thing) == 1:
                said = rf"{re.escape(thing)}[^，。！？；不没别勿除]{{0,6}}{_SUITS}"
                yield Excluded(re.compile(said), f"资料：{match.group()}")


def _had(fields: Sequence[tuple[str, str]]) -> Iterator[Excluded]:
    """Yield what denies a thing that the goods are made of: 一块胶合板都没有, 胶合板一块都不用."""
    things = dict.fromkeys(
        thing
        for name, value in fields
        if _LISTS.search(name)
        for thing in _items(value)
        if not re.search("^[不无非零]", thing)
    )
    if not things:
        return
    core = "|".join(re.escape(thing) for thing in sorted(things, key=len, reverse=True))
    said = (
        rf"(?:不含|没有|没用|(?<![十百千万点\d.])(?:零|0)|绝无|不掺|没掺|不加|没加|不放|没放)(?:任何|{_NONE_OF})?(?:{core})(?=[，。！；、]|都|也|$)|"
        rf"{_NONE_OF}(?:{core})(?:都|也)(?:没有?|不[加放含掺用]|找不[到着])|"
        rf"(?:{core})(?:什么的)?，?(?:里面)?(?:{_NONE_OF}(?:都|也)|都|也)(?:没有|没[加放用掺]|不[加放含掺用]|找不[到着])|(?:{core})(?:为零|零添加)"
    )
    yield Excluded(re.compile(said), "资料里有" + "、".join(list(things)[:6]))


def _items(value: str) -> Iterator[str]:
    """Yield the things that a fact lists, each by its name and, if that is long, by what it ends in."""
    for part in re.split(r"[、，,；;。/和与加+及()（）]|\d+(?:\.\d+)?%?", _LEFT_OUT.sub("", value)):
        match = None if re.match("\\s*[不无未非没]", part) else _ITEM.search(part)
        thing = _SMALL.sub("", match.group()) if match else ""
        if 2 <= len(thing) <= 6:
            yield thing
            if len(thing) >= 5:
                yield thing[-3:]
