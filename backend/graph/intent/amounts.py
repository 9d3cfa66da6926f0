"""Lengths of time and of text, as people write them."""

import re
from typing import Final

_DIGITS: Final = {
    "零": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "俩": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_UNITS: Final = {"十": 10, "百": 100, "千": 1000}
#: Bounded, and never begun in the middle of one: ten thousand digits took a minute and a half.
_NUMBER: Final = (
    r"(?:(?<![\d.])\d{1,6}(?:\.\d{1,3})?|(?<![零一二两三四五六七八九十百千])[零一二两三四五六七八九十百千]{1,8})"
)
_RANGE: Final = rf"({_NUMBER})(?:\s*(?:-|~|到|至|或者?)\s*({_NUMBER}))?"
_MINUTE: Final = r"(?:分钟|分(?![享之点割期数]|[一-龥]?[词类])|mins?(?![a-z])|minutes?(?![a-z])|m(?![a-z])|')"
_SECOND: Final = r"(?:秒(?!杀|空|没|变|发|回|懂)|secs?(?![a-z])|seconds?(?![a-z])|s(?![a-z])|\")"
#: A time that is not the text's length: of the stream, the product or a countdown.
_OTHER_TIME: Final = re.compile(
    r"(?:还有|还剩|倒计时|保温|保鲜|续航|加热|充电|泡|煮|蒸|烤|焖|待机|直播了|每|提前|过了|用了|只要|仅需|最后)$"
)
_FROM: Final = re.compile(r"(?:从|由|现在是?|原来是?)$")
_TO: Final = re.compile(r"^[^\d,.;]{0,6}(?:到|成|为|至)")
_OTHER_AFTER: Final = re.compile(r"^(?:后|内|之内|以内发|前|之前|一次|就能|就可|快充|速热|出餐|熟|发货)")


def number(text: str) -> float:
    """Read "90", "1.5", "九十", "一百二", "两三" (the middle of both)."""
    if text[0].isdigit():
        return float(text)
    if len(text) == 2 and all(sign in _DIGITS for sign in text):
        return (_DIGITS[text[0]] + _DIGITS[text[1]]) / 2
    total, digit, unit = 0, 0, 1
    for sign in text:
        if sign in _UNITS:
            unit = _UNITS[sign]
            total += (digit or 1) * unit
            digit = 0
        else:
            digit = _DIGITS[sign]
    # "一百二" is 120: the digit after a unit stands for the next lower one.
    return float(total + (digit * unit // 10 if digit and unit >= 100 and text[-2] in _UNITS else digit))


def _middle(match: re.Match[str]) -> float:
    first = number(match[1])
    return (first + number(match[2])) / 2 if match[2] else first


_TIMES: Final = (
    (re.compile(rf"半\s*{_MINUTE}"), lambda m: 30.0),
    (re.compile(r"(?<!\d)(\d{1,2}):([0-5]\d)(?!\d)"), lambda m: int(m[1]) * 60 + int(m[2])),
    (re.compile(rf"({_NUMBER})\s*个?{_MINUTE}\s*({_NUMBER})\s*{_SECOND}"), lambda m: number(m[1]) * 60 + number(m[2])),
    (
        re.compile(rf"({_NUMBER})\s*个?半\s*{_MINUTE}|({_NUMBER})\s*分(?:钟)?半"),
        lambda m: number(m[1] or m[2]) * 60 + 30,
    ),
    (re.compile(rf"{_RANGE}\s*(?:多)?个?{_MINUTE}"), lambda m: _middle(m) * 60),
    (re.compile(rf"{_RANGE}\s*(?:多|来)?{_SECOND}"), _middle),
)
_LETTERS: Final = re.compile(rf"{_RANGE}\s*(?:多|来)?个?(?:字(?!路|母)|characters|words|chars)")


def seconds_asked(folded: str, pace: int) -> tuple[int | None, str]:
    """Return the asked length in seconds and the text without it; `pace` (characters a minute) turns 字 into time."""
    for pattern, read in _TIMES:
        for match in pattern.finditer(folded):
            if _OTHER_TIME.search(folded[: match.start()]) or _OTHER_AFTER.match(folded[match.end() :]):
                continue
            seconds = round(read(match))
            if _FROM.search(folded[: match.start()]) and _TO.match(folded[match.end() :]):
                continue  # 从60秒压到30秒: the length it has
            if 5 <= seconds <= 1800:
                return seconds, folded[: match.start()] + "," + folded[match.end() :]
    match_letters = _LETTERS.search(folded)
    if match_letters:
        count = _middle(match_letters)
        if 20 <= count <= 8000:
            rest = folded[: match_letters.start()] + "," + folded[match_letters.end() :]
            return max(5, round(count / pace * 60)), rest
    return None, folded
