"""What a record rules out or allows in its own words, and a script the other way round.

Two ways lead there. A limit of the record (不可拧干, 圆形出风口不适配, 无刹车) is read as what it is about; a clause of
the script that holds all of that, by the same words or by those of the concepts in polarity.toml, and lets it be,
contradicts it. And matters with two sides (散射光 and 大太阳下晒, 开课不退 and 照样退) are listed there as they
are told.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import rjieba

from backend.quality.context import clause
from backend.quality.members import is_ruled_out
from backend.quality.normalize import fold
from backend.quality.opposites import is_claimed
from backend.quality.record import FactFault
from backend.quality.spelled import denials_apart

_FILE: Final = Path(__file__).with_name("polarity.toml")
_CLAUSES: Final = re.compile("[，。；、！？()（）,;]|但|而")
#: What must not be done or does not suit; what is not there.
_FORBIDS: Final = re.compile(
    "不可以?|不能|不得|不宜|不建议|不支持|不适合|不适用于?|不适配|不兼容|不允许|禁止|严禁|请勿|切勿|勿|谢绝|不接受|不提供|不开放|禁用|慎用|忌|不发|不赔|不退|不换"
)
_LACKS: Final = re.compile("不含|不带|不配|不附|不送|不包|没有|无|未配|未添加|不防")
#: What costs extra.
_CHARGES: Final = re.compile(
    "^(?P<thing>[\u4e00-\u9fa5]{2,4}?)(?:需|要|另|另外|单独|额外)*(?:收费|付费|自费|自理|计费|加收)"
)
_FREE: Final = re.compile("免费|不花钱|不要钱|全包|我们?包|随便|不收|免[了掉]?(?=[，。！]|$)|送的?(?=$)|一分")
#: A fact that is all denial: 乳胶层：无.
_NONE: Final = re.compile("(?:无|没有|不含|不带|不支持|不可|否|未配)")
_ALLOWS: Final = re.compile("^(?:均|都)?(?:可以|支持|可)(?![能靠见爱口])")
#: Words of a limit that are no part of what it is about.
_SMALL: Final = frozenset({
    "的", "了", "在", "和", "与", "或", "及", "等", "都", "也", "就", "再", "可", "会", "要", "用", "用于",
    "于", "入", "进", "到", "上", "中", "里", "内", "外", "后", "时", "前", "长期", "直接", "使用", "随意",
    "任何", "本品", "产品", "请", "它", "携带", "进行", "进入", "放入", "放", "装", "参加", "享受", "提供",
    "一起", "同时", "单独", "理由", "期间", "情况", "其他", "以上", "以下", "额外", "作", "做", "为", "对",
    "被", "把", "使", "让", "该", "此", "需", "功能", "设计", "结构",
})  # fmt: skip
#: Behind what it is about, in a script: it is let be.
_LETS: Final = re.compile(
    "能|可以|随便|直接|照样|放心|尽管|没问题|没事|不怕|没关系|都行|也行|通用|支持|欢迎|一样|轻松|免费|都会?|也(?!许|就)|就行|就好|一扔|一放|给[你您]|包|自动|大胆|使劲|整个|就|一[过冲丢放烫贴]"
)
_HAS: Final = re.compile(
    "自带|带着?|有|配了?|送|含|附|给[你您]|装了?|加了?|放了?|满满|大块|里[头面]|还能|一(?:开|按|键)|能"
)
_DENIES: Final = re.compile(
    "不|没|别|勿|非|无|未|禁|忌|除外|另|自备|自理|自己(?:去)?[买配备带]|单买|单独|小心|注意|怕|避免|拒|甭|谁|吗|能否|要不要|如果|要是|万一|以前|之前|之后再|比"
)
_NOT_DENYING: Final = re.compile(
    "没问题|没事|没关系|不怕|不用管|不影响|无压力|不管|不论|无论|不限|不用另|不费|(?:就|全)没(?![有得])|[也都]不(?:会)?(?:漏|坏|掉|裂|碎|变形|伤|卡|散|晃|疼|烫手|褪)"
)
_OF_SOMEBODY: Final = re.compile("[我你您咱]|自己")
_ANY: Final = re.compile(".")
_CANNOT: Final = re.compile("[^，]不了|不能|不可以?|不支持|没法|不让|无法|别|做不到")


@dataclass(frozen=True, slots=True)
class _Side:
    name: str
    record: re.Pattern[str]
    said: re.Pattern[str]
    #: Whether it is the first told of the matter: the others are against it.
    first: bool
    certain: bool


@dataclass(frozen=True, slots=True)
class _Limit:
    #: What it is about: each found in a clause, in any order.
    about: tuple[re.Pattern[str], ...]
    #: A word of the clause that makes it a claim.
    claimed: re.Pattern[str]
    #: Whether the record lets it be, and a script that denies it contradicts.
    allowed: bool
    told: str


@cache
def _book() -> tuple[Mapping[str, re.Pattern[str]], re.Pattern[str], tuple[_Side, ...]]:
    table = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    concepts = {fold(word).text: re.compile(pattern) for word, pattern in table["concepts"].items()}
    named = re.compile("|".join(sorted(map(re.escape, concepts), key=len, reverse=True)))
    sides = tuple(
        _Side(one["name"], re.compile(record), re.compile(said), at == 0, one.get("certain", False))
        for one in table["side"]
        for at, (record, said) in enumerate(one["is"])
    )
    return concepts, named, sides


def polarity_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield clauses of a folded text that claim what the facts rule out, or deny what they allow."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping) or not facts:
        return
    fields = tuple((fold(str(name)).text, denials_apart(fold(str(value)).text)) for name, value in facts.items())
    for said, told, certain in _other_sides(fields):
        for match in said.finditer(text):
            if _is_meant(text, *match.span()):
                yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料（{told}）相反", certain)
    limits = _limits(fields)
    for match in re.finditer("[^，。！？；\n]+", text) if limits else ():
        for limit in limits:
            # Who asks or supposes stands anywhere in the clause: 我知道有人要问降噪，没有.
            begin = match.start() if limit.allowed else match.end() - 1
            if _contradicts(match.group(), limit) and _is_meant(text, begin, match.end()):
                yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料（{limit.told}）相反", False)


def _is_meant(text: str, start: int, end: int) -> bool:
    _, high = clause(text, start, end)
    # 我泡茶不加糖: what somebody leaves out is no word about the goods.
    if text[start] in "不没" and _OF_SOMEBODY.search(text, clause(text, start, end)[0], start):
        return False
    if re.match("，(?:没有|不支持|不行|不能|做不到)", text[high : high + 4]):
        return False
    return text[high : high + 1] != "？" and not is_ruled_out(text, start, end) and is_claimed(text, start, end)


def _contradicts(said: str, limit: _Limit) -> bool:
    if not all(one.search(said) for one in limit.about):
        return False
    if limit.allowed:
        return _CANNOT.search(said) is not None and limit.claimed.search(said) is not None
    return limit.claimed.search(said) is not None and _DENIES.search(_NOT_DENYING.sub("", said)) is None


@lru_cache(maxsize=256)
def _other_sides(fields: tuple[tuple[str, str], ...]) -> tuple[tuple[re.Pattern[str], str, bool], ...]:
    """Return how a script would take another side than the record: the words, the fact, whether it is certain."""
    lines = [f"{name}：{value}" for name, value in fields]
    whole = "。".join(lines)
    taken: dict[str, list[tuple[_Side, str]]] = {}
    for side in _book()[2]:
        if line := next((one for one in lines if _is_on(side, one)), None):
            taken.setdefault(side.name, []).append((side, line))
    return tuple(
        (side.said, line[:24], side.certain)
        for of in taken.values()
        # 刀头可水洗，机身不可: what is on both sides depends on something.
        if not (len(of) > 1 and of[0][0].first)
        for side, line in of
        if not side.said.search(whole)
    )


def _is_on(side: _Side, line: str) -> bool:
    """Tell whether a fact takes the side: 可水洗 of 不可水洗 does not."""
    return any(
        line[match.start() - 1 : match.start()] not in tuple("不无非未勿别") for match in side.record.finditer(line)
    )


@lru_cache(maxsize=256)
def _limits(fields: tuple[tuple[str, str], ...]) -> tuple[_Limit, ...]:
    """Return the limits that facts set, and what they allow, each by what it is about."""
    found = []
    whole = "。".join(value for _, value in fields)
    for name, value in fields:
        if _NONE.fullmatch(value) and (about := _about(name)):
            found.append(_Limit(about, _HAS, False, f"{name}：{value}"))
        for part in _CLAUSES.split(value):
            # What is told the other way elsewhere on record depends on something: 冷水可机洗，热水不可.
            others = whole.replace(part, "")
            if (limit := _limit(name, part)) and not all(one.search(others) for one in limit.about):
                found.append(limit)
    return tuple(found)


def _limit(name: str, part: str) -> _Limit | None:
    told = f"{name}：{part}"
    if (charged := _CHARGES.search(part)) and (about := _about(charged["thing"])):
        return _Limit(about, _FREE, False, told)
    forbids, lacks, allows = _FORBIDS.search(part), _LACKS.search(part), _ALLOWS.match(part)
    match = forbids or lacks or allows
    if match is None or (lacks and not forbids and lacks.start() > 0):
        return None
    # What stands behind it, else before it: 新疆西藏不发.
    thing = part[match.end() :] or part[: match.start()]
    if match.group()[-1] in "赔退换" and part[: match.start()]:
        thing = part[: match.start()] + match.group()[-1]
    about = _about(thing)
    if not about:
        return None
    if match is allows:
        return _Limit(about, _ANY, True, told)
    # The longer what it is about, the less a clause that holds all of it can mean something else.
    long = len(thing) >= (4 if forbids else 2)
    return _Limit(about, _ANY if long else _LETS if forbids else _HAS, False, told)


def _about(thing: str) -> tuple[re.Pattern[str], ...]:
    """Return what the words of a limit look like in a script; nothing where they are too few to be sure."""
    concepts, named, _ = _book()
    told = [match.group() for match in named.finditer(thing)]
    if len(told) > 1 and len("".join(told)) >= len(re.sub("[、和与及或]", "", thing)):
        return (re.compile("|".join(f"(?:{concepts[one].pattern})" for one in told)),)  # 新疆西藏: either of them
    about = [concepts[one] for one in told]
    rest = [
        word
        for word in rjieba.cut(named.sub(" ", thing))
        if word.strip() and word not in _SMALL and re.search("[\u4e00-\u9fa5a-z]", word)
    ]
    if not about and sum(map(len, rest)) < 2:
        return ()
    about += [re.compile(re.escape(word) if len(word) != 2 else f"{word[0]}[^，]{{0,3}}{word[1]}") for word in rest]
    return tuple(about)
