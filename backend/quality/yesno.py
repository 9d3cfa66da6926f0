"""Facts that a record answers with yes or no, in its name or its value: what a script says the other way round.

主动降噪：支持, 袖口：有拇指孔, and a script that says 没有主动降噪. What a record rules out,
and a script claims, is found by `opposites.py` and `withheld.py`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from backend.quality.context import clause
from backend.quality.normalize import fold
from backend.quality.opposites import is_claimed
from backend.quality.patterns import made
from backend.quality.record import FactFault
from backend.quality.spelled import ASKS, VERB, YES, spelled_out

#: What the goods have, in the words of a value: 有拇指孔, 附3.5毫米音频线, 可折叠, 连帽，可拆卸.
_HAS: Final = re.compile(
    "(?<![不没无未可非勿])(?:自带|附带|附赠|附|配有|配|带有?|有|支持|具备|内置|可|能|含有?)"
    "(?P<thing>(?![不无没])[\u4e00-\u9fa5a-z0-9]{2,8})(?=[，。；、（(]|$)"
)
#: 无盖, 不带杯, 没有说明书.
_LACKS: Final = re.compile(
    "(?:^|(?<=[，。；、]))(?:无|不带|不含|不配|没有)(?P<thing>[\u4e00-\u9fa5]{1,4})(?=[，。；、]|$)"
)
#: A denial and what it denies: 没有拇指孔, 不能折叠, 插不了线 is another shape.
_DENIAL: Final = re.compile(
    "(?:没有|没带|没配|没做|没|不带|不配|不附|不支持|不具备|不能|不可以|不可|没法|无法|无|不含)"
    "(?:任何|什么|单独|专门|这个|那个|那种|再|去|给你们?|直接|自己|用|拿来)?(?P<thing>[\u4e00-\u9fa5a-z]{2,8})"
)
#: Behind what is denied: somebody who has none of it, a smell, a while ago.
_OTHERWISE: Final = re.compile(
    "[^，。！？；]{0,3}?(?:的(?:人|朋友|姐妹|家|话|时候|情况|那|我|你|别|先|同学|宝|夏|冬|日|地)|之前|以前|就|才|吗|呢|味|感|啥|什么|问题|困扰|烦恼|负担|压力)"
)
#: Words that any clause may deny.
_ANYTHING: Final = frozenset(
    {
        "一个", "一点", "产品", "产地", "人工", "任何", "使用", "保质", "关系", "办法", "加工", "包装",
        "压力", "味道", "声音", "大小", "安装", "尺寸", "异味", "感觉", "成分", "效果", "方便", "时间",
        "水洗", "添加", "清洗", "规格", "配料", "重量", "问题", "颜色",
    }
)  # fmt: skip
#: Before a denial: somebody else's, or a case that is put.
_NOT_OURS: Final = re.compile(
    "我?以前|之前|别家|那种|有的|有些|市面|普通|老款|要是|如果|万一|除了|谁|哪|怕|还|从来|我家|你家|家里|冬天|夏天"
)


def had_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield where a folded text denies what the record says the goods have or can: 没有拇指孔, 不能折叠."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping) or not facts:
        return
    had = _had(tuple((fold(str(name)).text, fold(str(value)).text) for name, value in facts.items()))
    for match in _DENIAL.finditer(text) if had else ():
        said = match["thing"]
        found = next(((thing, told) for thing, told in had if said.startswith(thing)), None)
        if found is None:
            continue
        thing, told = found
        end = match.start("thing") + len(thing)
        low, _ = clause(text, match.start(), end)
        if (
            _OTHERWISE.match(text, end)
            or _NOT_OURS.search(text, low, match.start())
            or not is_claimed(text, match.start(), end)
        ):
            continue
        yield FactFault("FAC-004", match.start(), end, f"“{text[match.start() : end]}”与商品资料（{told}）相反", True)


def lacked_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield where a folded text gives the goods what a value says they have not: 带盖的, and 盖子：无盖."""
    facts = product.get("facts")
    for name, said in facts.items() if isinstance(facts, Mapping) else ():
        for match in _LACKS.finditer(fold(str(said)).text):
            thing = match["thing"]
            has = rf"(?:自带|带着?|有|配了?|附|含)(?:个|一个|了)?(?:小|大|独立)?{re.escape(thing)}"
            has += "(?:子|儿|头)?(?:的)?(?=[，。！；]|$)"
            for claim in made(has).finditer(text) if thing in text else ():
                low, _ = clause(text, *claim.span())
                denied = re.search("[不没无未别非]", text[low : claim.start()]) is not None
                if not denied and is_claimed(text, *claim.span()):
                    yield FactFault(
                        "FAC-004", *claim.span(), f"“{claim.group()}”与商品资料（{name}：{said}）相反", True
                    )


@lru_cache(maxsize=256)
def _had(fields: tuple[tuple[str, str], ...]) -> Sequence[tuple[str, str]]:
    """Return what the goods have by the record, the longest first, each with the fact that says it."""
    found: dict[str, str] = {}
    for name, value in spelled_out(fields):
        told = f"{name}：{value[:24]}"
        for match in _HAS.finditer(value):
            thing = re.sub("^(?:进|用|放|直接|单独|自动)", "", match["thing"])
            found.setdefault(thing, told)
            # tsa海关锁 is 海关锁 as well; 有线连接 is told by 连接 and 线 only.
            if len(thing) >= 5:
                found.setdefault(thing[-3:], told)
        if YES.match(value) and len(name) >= 2:
            found.setdefault(VERB.sub("", ASKS.sub("", name)) or name, told)
        # 盖子：带盖, the thing by the fact's own name.
        if re.match("(?:自?带|有|配有?|附)", value) and re.fullmatch("[\u4e00-\u9fa5]{2,4}", name) and name[0] in value:
            found.setdefault(name, told)
        # 隔层：干湿分离, 锁：tsa海关锁: what stands there is there.
        bare = re.match("(?:[a-z]+)?(?P<thing>[\u4e00-\u9fa5]{3,5})(?=[，。；(（]|$)", value)
        if bare and not re.search("^[不无没未否非勿]", value):
            found.setdefault(bare["thing"], told)
    things = (one for one in found if len(one) >= 2 and one not in _ANYTHING and not re.search("^[不无没未非]", one))
    denied = "。".join(value for _, value in spelled_out(fields))
    return tuple(
        (thing, found[thing])
        for thing in sorted(things, key=len, reverse=True)
        # Where the thing is nowhere, no pattern is made of it.
        if thing not in denied
        or not re.search(f"(?:不|没有?|无|未|非|勿|禁止?)[^，。；、]{{0,3}}{re.escape(thing)}", denied)
    )
