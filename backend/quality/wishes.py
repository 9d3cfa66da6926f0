"""What the operator's words change about the measure: a change of wording, of length, a text that goes on."""

import re
from typing import Final

_SHORTER: Final = re.compile(
    r"短一?[点些]|精简|缩短|压缩|简短一?点|太长|太啰嗦|"
    # 两句 behind a word of talking is no count: 下播前说两句
    r"(?!(?<=[说讲聊唠贫夸吹侃扯念叨谈唱])[两二]句话?(?:吧|$))(?:[一两二三四五六七八九十]|\d{1,2})句话?(?:就|以内|话|吧|即可|够|$)|\bshort(?:er|en)?\b",
    re.IGNORECASE,
)
_NAMED_LENGTH: Final = re.compile(r"\d+\s*(?:秒|分|s\b|sec)|[一二两三四五六七八九十半]+(?:秒|分钟)", re.IGNORECASE)
_GOES_ON: Final = re.compile(r"继续|接着|往下|再讲|续写|后面|\bcontinue\b|go on", re.IGNORECASE)
_NO_PRICE: Final = re.compile(r"(?:不要|别|不用|先不|先别)(?:提|说|报|讲|写|出现)[^，。]{0,4}价")


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
