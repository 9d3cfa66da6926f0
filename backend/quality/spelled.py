"""Facts of a record told as sentences: 是否可进洗碗机：否 is 不可进洗碗机, 不含酒精和香精 is 不含酒精，不含香精."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from backend.quality.normalize import fold
from backend.quality.numbers import COUNTERS
from backend.quality.record import Record

ASKS: Final = re.compile("^(?:是否|能否|可否|有无|有没有|是不是|能不能|可不可以|是否需要|需不需要)|与否$|[？?]$")
YES: Final = re.compile("^(?:是|有|能|可以?|支持|带|含|自带|需要?|均可|√|✓|yes)(?=[，。；、（(]|$)")
_NO: Final = re.compile(
    "^(?:否|无|没有|不|不能|不可以?|不支持|不带|不含|不送|不配|不需要?|无需|未配|未附|没|×|no)(?=[，。；、（(]|$)"
)
#: How a name begins that is a verb already: 可登机, 带盖, 需要安装.
VERB: Final = re.compile("^(?:可以?|能|支持|带|自带|附|有|含|送|配|需要?|进|防|包)")

#: What one word denies of several: 不含酒精、色素和香精.
_DENIED_TOGETHER: Final = re.compile(
    "(?P<verb>不含有?|不添加|未添加|无添加|没有?添加|不加|未加)"
    "(?P<things>(?:任何)?[\u4e00-\u9fa5a-z]{1,6}?(?:(?:、|以?及|和|与|或)(?!不|无|未|没|含|加)[\u4e00-\u9fa5a-z]{1,6}?)+)(?=等?(?:成分)?(?:[，。；！？,;)）]|$))"
)
_AND: Final = re.compile("、|以?及|和|与|或")
#: A fact whose name is the denial: {"不含": "防潮垫"}, {"需另购": "充电器"}.
_DENYING_NAME: Final = re.compile(
    "(?:本品|产品|商品|包装|套装|清单|价格)?(?:内|里|中)?(?:均|都)?"
    "(?:(?P<lacks>不含有?|不包含|不包括|不附(?:带|赠|送)?|不带|不配|不送|不赠送?|未含|未配|未附|不另送|没有|无)|"
    "(?P<bought>(?:需要?|须|可|请)?(?:自行|另外|另行|单独|自己)?(?:另购|另买|另配|自备|自购|自配|购买|另售|选购)))"
    "(?:的?(?:物品|物件|配件|附件|部件|项目|内容|东西|成分|部分))?"
)
#: What such a fact lists.
_LISTED: Final = re.compile(r"[、，,；;/+]|以?及|和|与")
_NUMBER_BEHIND: Final = re.compile(rf"\s*[x×*]?\d+\s*[{COUNTERS}]?$|[（(][^）)]*[）)]|等$|^(?:任何|另外的?)")
_NO_THING: Final = re.compile("^(?:[不无未非否没是]|$)")


def denials_apart(text: str) -> str:
    """Return a folded text in which each of several things that are denied together has a denial of its own."""
    return _DENIED_TOGETHER.sub(
        lambda match: "，".join(f"{match['verb']}{thing}" for thing in _AND.split(match["things"])), text
    )


def named_denials(product: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a record in which facts that are denied by their name say so: {"不含": "防潮垫"} is 不含防潮垫."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping):
        return product
    told = {name: said for name, value in facts.items() if (said := _denied_by_name(str(name), str(value)))}
    return Record({**product, "facts": {**facts, **told}}) if told else product


@lru_cache(maxsize=1024)
def _denied_by_name(name: str, value: str) -> str:
    match = _DENYING_NAME.fullmatch(fold(name).text.strip())
    if match is None:
        return ""
    things = [_NUMBER_BEHIND.sub("", one.strip()).strip() for one in _LISTED.split(fold(value).text)]
    if any(_NO_THING.match(one) for one in things):
        return ""  # 不含：否, 无：不含酒精
    return "，".join(f"{one}需另购" if match["bought"] else f"不含{one}" for one in things)


def spelled_out(fields: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return fields (name, value; folded) with those that are answered by yes or no told as a sentence."""
    return tuple((name, f"{value}，{told}" if (told := _sentence(name, value)) else value) for name, value in fields)


@lru_cache(maxsize=1024)
def _sentence(name: str, value: str) -> str:
    core = ASKS.sub("", ASKS.sub("", name))
    if len(core) < 2:
        return ""
    if _NO.match(value):
        return _denied(core, value)
    if YES.match(value):
        verb = "支持" if value.startswith(("支持", "可", "能", "是")) else "带"
        return core if VERB.match(core) else f"{verb}{core}"
    told = core != name and core in value and not value.startswith(("不", "无", "没", "否"))
    return core if told else ""


def _denied(core: str, value: str) -> str:
    able = re.sub("^(?:可以|可|能)", "", core)
    if able != core:
        return f"不可{able}"
    if core.startswith("有"):
        return f"没有{core[1:]}"
    verb = "" if VERB.match(core) else "支持" if value.startswith("不支持") else "需要" if "需" in value[:3] else "带"
    return f"不{verb}{core}"
