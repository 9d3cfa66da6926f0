"""Figures as somebody says or hides them: 177三个6一个0再加2985, 幺三拐两洞八八, 15o-3827-l94O, 一三圈."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from backend.quality.called import (
    CALL_WORDS,
    CARD_WORDS,
    ID_WORDS,
    ORDER_BEFORE,
    PHONE_WORDS,
    PROVINCES,
    QQ_WORDS,
    is_day,
)
from backend.quality.heads import headed

#: What each sign stands for. 洞, 拐 and 勾 are how 0, 7 and 9 are called over radio, 圈 is what 0 looks like.
_DIGIT_OF: Final = dict(
    zip("〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖两洞圈拐勾", "00123456789112345678920079", strict=True)
) | {str(digit): str(digit) for digit in range(10)}
_LETTERS: Final = dict(zip("OoIlSsBZz", "001155822", strict=True))
_MANY: Final = {"双": 2, "俩": 2, "两": 2, "仨": 3, "一": 1} | dict(zip("二三四五六七八", range(2, 9), strict=True))
_SIGN: Final = "[0-9〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖洞拐勾]"
#: So many of one digit, one told by its stroke, one sign, one letter that looks like a digit.
_TOKEN: Final = re.compile(
    rf"(?P<many>[1-8一两俩二三仨四五六七八](?=\s?个)|[双俩仨])\s?个?\s?(?P<of>{_SIGN})(?![位款元块])|"
    rf"(?P<stroke>一[横竖])|(?P<sign>{_SIGN}|[两圈])|(?P<letter>[OoIlSsBZz])"
)
_BETWEEN: Final = r"[\s，,\-.·、]{0,2}(?:再?加上?|然后|再来?|接着|跟着)?\s?"
_UNNAMED: Final = re.sub(r"\?P<\w+>", "?:", _TOKEN.pattern)
_RUN: Final = re.compile(rf"(?:(?<![0-9A-Za-z])|(?<=tel)|(?<=phone))(?:{_UNNAMED})(?:{_BETWEEN}(?:{_UNNAMED})){{4,20}}")
#: Without any of this a text says its figures as they are.
_HIDES: Final = headed(
    rf"[洞拐勾圈]|一[横竖]|个\s?{_SIGN}|[双俩仨]\s?[0-9零一二三四五六七八九]|两(?={_SIGN})|(?<={_SIGN})两|[OoIlSsBZz][\s.\-]?\d|\d[\s.\-]?[OoIlSsBZz]"
)
_GAP: Final = re.compile(r"[\s，,\-.·、]|再|加|然后|接着|跟着")
_IS_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
_BEGINS: Final = re.compile(r"1[3-9]\d{3,8}")
_IS_LANDLINE: Final = re.compile(r"0(?:10|2\d|[3-9]\d{2})[2-9]\d{6,7}")
_CALLED: Final = re.compile(r"(?:手机|电话|号码?|联系方式)[^。\n\d]{0,8}$")
#: Letters need at least so many digits beside them, and more of them where nothing is called a number.
_FEWEST: Final = 5
_FEWEST_UNCALLED: Final = 7
_ANYTHING: Final = re.compile("(?s:.{1,160})")
#: One part of several in a row is told by what comes behind or before it: 后面四个8.
_PART: Final = re.compile(rf"(?<=[面间后尾头末段])(?P<many>[两二三四五六2-6])个(?P<of>{_SIGN})(?![位款元块个])")


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    digits: str
    #: Whether it says its digits otherwise than by digits.
    hides: bool
    letter: bool


def said_digits(text: str) -> list[tuple[re.Match[str], str]]:
    """Return places of `text` that say somebody's number in such ways, in order, each with the digits it says."""
    if _HIDES.search(text) is None:
        return []
    found = [one for run in _RUN.finditer(text) for one in _numbers(text, run)]
    taken = {at for match, _ in found for at in range(*match.span())}
    for part in _PART.finditer(text):
        if part.start() not in taken and part.end() - 1 not in taken:
            found.append((part, _repeated(part["many"], part["of"])))
    return sorted(found, key=lambda one: one[0].start())


def _repeated(many: str, of: str) -> str:
    return _DIGIT_OF[of] * (int(many) if many.isdigit() else _MANY[many])


def _numbers(text: str, run: re.Match[str]) -> Iterator[tuple[re.Match[str], str]]:
    tokens = [_token(match) for match in _TOKEN.finditer(text, *run.span())]
    first = 0
    while first < len(tokens):
        told = _number(text, tokens[first:]) if first == 0 or _stands_apart(text, tokens, first) else None
        if told is None:
            first += 1
            continue
        many, digits = told
        whole = _ANYTHING.match(text, tokens[first].start, tokens[first + many - 1].end)
        if whole is not None:
            yield whole, digits
        first += many


def _token(match: re.Match[str]) -> _Token:
    if match["many"]:
        return _Token(*match.span(), _repeated(match["many"], match["of"]), True, False)
    if match["stroke"]:
        return _Token(*match.span(), "1", True, False)
    if match["letter"]:
        return _Token(*match.span(), _LETTERS[match["letter"]], True, True)
    return _Token(*match.span(), _DIGIT_OF[match["sign"]], match["sign"] in "洞拐勾圈两", False)


def _stands_apart(text: str, tokens: Sequence[_Token], at: int) -> bool:
    return _GAP.search(text, tokens[at - 1].end, tokens[at].start) is not None


def _number(text: str, tokens: Sequence[_Token]) -> tuple[int, str] | None:
    """Return how many of the tokens, from the first on, say a number, and its digits; the longest that there is."""
    before = text[max(0, tokens[0].start - 24) : tokens[0].start]
    if ORDER_BEFORE.search(before):
        return None
    digits, hides, letters = "", False, 0
    found: tuple[int, str] | None = None
    for many, token in enumerate(tokens, 1):
        digits += token.digits
        hides = hides or token.hides
        letters += token.letter
        whole = many == len(tokens) or _stands_apart(text, tokens, many)
        if whole and hides and len(digits) - letters >= _FEWEST and _is_number(digits, before, letters):
            ends = (
                many < len(tokens)
                or not text[token.end : token.end + 1].isascii()
                or not text[token.end : token.end + 1].isalnum()
            )
            found = (many, digits) if ends else found
    return found


def _is_number(digits: str, before: str, letters: int) -> bool:
    if _IS_MOBILE.fullmatch(digits):
        return len(digits) - letters >= _FEWEST_UNCALLED or CALL_WORDS.search(before) is not None
    if _IS_LANDLINE.fullmatch(digits):
        return PHONE_WORDS.search(before) is not None
    if len(digits) == 18 and digits[:2] in PROVINCES and is_day(digits[6:14]):
        return ID_WORDS.search(before) is not None
    if 15 <= len(digits) <= 19:
        return CARD_WORDS.search(before) is not None
    if QQ_WORDS.search(before):
        return 5 <= len(digits) <= 11
    # The rest of it may be told further on: 号码186两个7两个9，末尾4031.
    return not letters and _BEGINS.fullmatch(digits) is not None and _CALLED.search(before) is not None
