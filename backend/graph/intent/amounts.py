"""Lengths of time and of text, as people write them."""

import re
from dataclasses import dataclass
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
_OTHER_AFTER: Final = re.compile(
    r"^(?:后|(?:之)?内(?!$|[,.!;]|的|讲|说|念|完|搞定|就行|就好|吧)|以内发|前|之前|一次|就能|就可|快充|速热|出餐|熟|发货)"
)

#: Seconds a text may take; what is asked beyond is asked about (`odds.at_odds`).
SHORTEST: Final = 5
LONGEST: Final = 1800
#: -5秒, 负5秒. A dash behind a word only parts it: 卖点-30秒.
_MINUS: Final = re.compile(r"(?:(?:^|[,;:\s(])-|负)$")
_MOST_HOURS: Final = 10
_OF_TEXTS: Final = (
    r"话术|文案|稿子?|脚本|口播|台词|开场白?|卖点(?:介绍|讲解)?|促销|逼单|促单|种草|过款|收尾|时长|长度|字数"
)
_TO_WRITE: Final = (
    r"(?:帮我|给我|麻烦|请|再|就|也|把?[这那]一?[段条篇]|整段)*"
    r"(?:写|来|做|整|(?:改|缩|压|控制|限制)(?:短|长)?[成到在])"
)
#: 口播要半小时, 半小时的面霜话术. 半小时后开播, 煮饭,半小时 are no length of a text.
_A_TEXT: Final = r"口播|话术|文案|讲稿|稿子?|脚本|台词"
_HALF_HOUR: Final = re.compile(
    rf"(?:{_A_TEXT}|时长|长度)(?:[要是为:写讲说播]|大概|大约|控制在)*(?P<behind>半个?(?:小时|钟头))(?:左右|以内|之内|就行|就好|即可|吧)*(?=$|[,.;!?])|"
    rf"(?P<before>半个?(?:小时|钟头)(?:左右)?)(?=长(?:$|[,.;!?的])|(?:{_A_TEXT})|的[^,.;!?]{{0,10}}(?:{_A_TEXT}))"
)
#: A length that surely is the text's: beside a word for the text (写个两小时的口播, 卖点40分钟), behind a verb that
#: begins the clause (改成2秒), or all that the last clause says, where the one before names a text (保温杯开场,1秒).
_LENGTH_ALONE: Final = re.compile(
    rf"(?:(?:^|[,.;!?]){_TO_WRITE}|(?P<alone>^|(?:{_OF_TEXTS})吧?[,.;!?])|{_OF_TEXTS}|(?:以后|今后|往后|后面|接下来)(?:的|写的)?[每各所](?:有的?)?一?(?:[段条篇份版个](?:稿子?)?|个?品)(?:都|全|一律|统一)*)"
    rf"(?:[给我帮个一段份条版要是为:就只大概大约约在到写来讲念说播\s]|时长|长度|控制){{0,8}}"
    rf"(?P<said>(?P<minus>-|负)?(?:(?P<time>\d{{7,12}}|{_NUMBER})个?(?:(?P<seconds>{_SECOND})|{_MINUTE})|"
    rf"(?P<hours>半|{_NUMBER})个?(?:半?小时|钟头|hours?(?![a-z]))|"
    rf"(?P<letters>{_NUMBER})(?P<wan>万)?个?(?:字(?!路|母)|characters|words|chars)))钟?"
    rf"(?:左右|以内|之内|就行|就好|即可|就够|吧|的长度|长)*"
    rf"(?:(?=[.!?~\s]*$)|(?(alone)(?!)|(?=[,.;!?~\s]))|(?=的[^,.;!?]{{0,14}}(?:{_OF_TEXTS}))|(?=(?:{_OF_TEXTS})))"
)


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
#: A 30-second opening, a 2-minute script.
_HYPHEN: Final = re.compile(r"(?<=\d)-(?=(?:sec|min|word|char))")
_LETTERS: Final = re.compile(rf"{_RANGE}\s*(?:多|来)?个?(?:字(?!路|母)|characters|words|chars)")


def seconds_asked(folded: str, pace: int) -> tuple[int | None, str]:
    """Return the asked length in seconds and the text without it; `pace` (characters a minute) turns 字 into time."""
    folded = _HYPHEN.sub(" ", folded)
    for pattern, read in _TIMES:
        for match in pattern.finditer(folded):
            if _OTHER_TIME.search(folded[: match.start()]) or _OTHER_AFTER.match(folded[match.end() :]):
                continue
            seconds = round(read(match))
            if _FROM.search(folded[: match.start()]) and _TO.match(folded[match.end() :]):
                continue  # 从60秒压到30秒: the length it has
            if SHORTEST <= seconds <= LONGEST and not _MINUS.search(folded[: match.start()]):
                return seconds, folded[: match.start()] + "," + folded[match.end() :]
    match_letters = _LETTERS.search(folded)
    if match_letters:
        count = _middle(match_letters)
        if 20 <= count <= 8000:
            rest = folded[: match_letters.start()] + "," + folded[match_letters.end() :]
            return max(SHORTEST, round(count / pace * 60)), rest
    half_an_hour = _HALF_HOUR.search(folded)
    if half_an_hour is not None:
        start, end = half_an_hour.span("behind" if half_an_hour["behind"] else "before")
        if not _MINUS.search(folded[:start]):
            return LONGEST, f"{folded[:start]},{folded[end:]}"
    return None, folded


@dataclass(frozen=True, slots=True)
class Beyond:
    """A length that no text can have: where it is `said` in the request, in seconds at the host's pace."""

    start: int
    end: int
    seconds: float


def length_beyond(folded: str, pace: int) -> Beyond | None:
    """Return the asked length that is below `SHORTEST` or above `LONGEST`, or below nothing (-5秒); None without one.

    Only where it surely is the text's (`_LENGTH_ALONE`): 3秒速开 is no length, nor is 标题改成10个字.
    """
    for match in _LENGTH_ALONE.finditer(folded):
        minus = bool(match["minus"])
        if match["letters"]:
            count = number(match["letters"]) * (10_000 if match["wan"] else 1)
            seconds = count / pace * 60
            fits = 20 <= count <= 8000 and not minus
        elif match["hours"]:
            hours = 0.5 if match["hours"] == "半" else number(match["hours"])
            if hours > _MOST_HOURS:
                continue  # 保温杯卖点,24小时: of the goods
            seconds = hours * 3600
            fits = seconds <= LONGEST and not minus
        else:
            seconds = number(match["time"]) * (1 if match["seconds"] else 60)
            fits = SHORTEST <= round(seconds) <= LONGEST and not minus
        if not fits:
            return Beyond(*match.span("said"), -seconds if minus else seconds)
    return None
