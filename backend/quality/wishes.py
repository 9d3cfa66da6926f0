"""What the operator's words change about the measure: a change of wording, of length, a text that goes on."""

import re
from typing import Final

_RESTYLE: Final = re.compile(
    r"语气|风格|口吻|活泼|亲切|专业一点|温柔|幽默|改写|润色|换(?:个|种)(?:说法|方式|表达)|短一点|精简|缩短|口语化|接地气|别改|不要改|不变|保持|强调|突出|句话?(?:就|以内|吧|即可|够|$)|\bshorter\b|\brephrase\b"
)
#: What is not to be changed: 别换产品, 不用换款.
_KEPT: Final = re.compile(
    r"(?:别|不要|不用|不必|无需|甭|不|勿)(?:再|去|给我)?(?:改|换|动|变)(?:成|个|一个|到|掉)?(?:别的|其他)?(?:产品|商品|品|款|价格?)?"
)
_NEW_FACTS: Final = re.compile(
    r"换(?:成|个|一个|到)?(?:产品|商品|品|款)|换成|价格改|改价|新价格|改成\d|下一个|下一款|重新写"
)
_WRITES: Final = re.compile(r"(?<!改)(?<!重)写|来一?[段个条份]|生成|出一[段个条]|做一[段个]")
_SHORTER: Final = re.compile(
    r"短一?[点些]|精简|缩短|压缩|简短一?点|太长|太啰嗦|(?:[一两二三四五六七八九十]|\d{1,2})句话?(?:就|以内|话|吧|即可|够|$)|\bshort(?:er|en)?\b",
    re.IGNORECASE,
)
_NAMED_LENGTH: Final = re.compile(r"\d+\s*(?:秒|分|s\b|sec)|[一二两三四五六七八九十半]+(?:秒|分钟)", re.IGNORECASE)
_GOES_ON: Final = re.compile(r"继续|接着|往下|再讲|续写|后面|\bcontinue\b|go on", re.IGNORECASE)
_NO_PRICE: Final = re.compile(r"(?:不要|别|不用|先不|先别)(?:提|说|报|讲|写|出现)[^，。]{0,4}价")


def is_restyle(request: str) -> bool:
    """Tell whether only the wording of the last text is to change: 活泼一点, and not 写一段活泼的."""
    changed = _KEPT.sub("", request)
    return bool(_RESTYLE.search(request)) and not (_WRITES.search(request) or _NEW_FACTS.search(changed))


def wants_shorter(request: str) -> bool:
    """Tell whether a shorter text is wanted: 再短一点, 三句话就行."""
    return bool(_SHORTER.search(request))


def names_length(request: str) -> bool:
    """Tell whether a length is named: 30秒."""
    return bool(_NAMED_LENGTH.search(request))


def goes_on(request: str) -> bool:
    """Tell whether the text follows on the last one: 接着讲."""
    return bool(_GOES_ON.search(request))


def forbids_price(request: str) -> bool:
    """Tell whether no price is to be told yet: 先别报价."""
    return bool(_NO_PRICE.search(request))
