"""Text as a voice says it: how long it is, where it breathes, how units and figures are read."""

import re
from typing import Final

_UNITS: Final = {
    "ml": "毫升", "mL": "毫升", "ML": "毫升", "L": "升", "kg": "公斤", "KG": "公斤", "Kg": "公斤", "g": "克", "G": "克",
    "mg": "毫克", "cm": "厘米", "CM": "厘米", "mm": "毫米", "MM": "毫米", "m": "米", "km": "公里", "mAh": "毫安时",
    "W": "瓦", "w": "瓦", "kW": "千瓦", "V": "伏", "Hz": "赫兹", "℃": "度", "°C": "度", "dB": "分贝", "h": "小时",
}  # fmt: skip
_UNIT: Final = re.compile(
    r"(?!(?<!\d)[2-6]G)(\d)\s*(" + "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True)) + r")(?![A-Za-z])"
)
_DIGITS: Final = str.maketrans("0123456789", "零一二三四五六七八九")
_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*[%％]")
_BRACKETS: Final = re.compile(
    r"[【\[（(《〈「『{][^】\]）)》〉」』}]{0,40}[】\]）)》〉」』}]|[【】\[\]（）()《》〈〉「」『』{}<>#*_`|~^]"
)
_UNSPEAKABLE: Final = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2190-\u21ff\u2300-\u23ff\u2b00-\u2bff\ufe00-\ufe0f\u200b-\u200f\u20e3\ufffd]"
)
_RANGE: Final = re.compile(r"(?<![A-Za-z\d.-])(\d+(?:\.\d+)?)\s*[-~～—–]\s*(\d+(?:\.\d+)?)(?![-\d]|\.\d)")
#: In front of figures that are a number of something: a standard, a report, a telephone.
_NUMBERED: Final = re.compile(
    r"(?:[A-Z]{1,4}(?:/[A-Z]{1,4})?\s*|(?:号|编号|报告|批号|证书?|电话|热线|客服|货号|型号|标准|批准文号|单号|工号|日期)[\s：:为是]*)$"
)
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_LATIN: Final = re.compile(r"[A-Za-z]+")
_SENTENCE: Final = re.compile(r"[^。！？!?\n]*[。！？!?]+|[^。！？!?\n]+")
_AFTER: Final = re.compile("时候|之后|以后|小时|里面|上面|时|后|、")
_BEFORE: Final = re.compile(
    "并且|而且|同时|以及|还能|还有|也能|可以|能够|不用|无需|适合|搭配|采用|配有|带有|即使|无论|避免|方便|让|使|能|也|还|又|和|与|或|带|不"
)

CLAUSE_LIMIT: Final = 20
SENTENCE_LIMIT: Final = 45


def spoken_length(text: str) -> int:
    """Return the characters a voice speaks: punctuation counts nothing, figures as they are read aloud."""
    count = sum(len(_read_aloud(number)) for number in _NUMBER.findall(text))
    # An abbreviation is spelt, a word is about a syllable for two and a half letters.
    count += sum(len(word) if word.isupper() else max(1, round(len(word) / 2.5)) for word in _LATIN.findall(text))
    return count + sum("\u3400" <= character <= "\u9fff" for character in text)


def _read_aloud(number: str) -> str:
    """Return a character for each syllable; the digits may stay digits, only their count matters."""
    whole, _, part = number.partition(".")
    if len(whole) > 8 or (len(whole) > 1 and whole[0] == "0"):
        return number
    words, zero = "", False
    for place, digit in enumerate(whole):
        unit = ("", "十", "百", "千", "万", "十", "百", "千")[len(whole) - place - 1]
        if digit == "0":
            zero = bool(words)
            words += "万" if unit == "万" else ""
            continue
        words += ("零" if zero else "") + digit + unit
        zero = False
    words = words[1:] if words.startswith("1十") else words
    return (words or "零") + ("点" + part if part else "")


def speakable(text: object) -> str:
    """Return text from a record as it can be said: no markup, brackets, emoji or Latin units; one line."""
    if not isinstance(text, str | int | float) or isinstance(text, bool):
        return ""
    # Signs that join figures are read before markup goes: without them "8~10" would be eight hundred and ten.
    said = re.sub(r"(\d)\s*[%％]\s*vol\b", r"\1度", str(text), flags=re.IGNORECASE)
    said = _figures(said)
    said = _RANGE.sub(_range, said)
    said = re.sub(r"(?<=\d)\s*[xX×]\s*(?=\d)|(?<=\d)\s+\*\s+(?=\d)|(?<=\d)\*(?=\d)", "乘", said)
    said = _BRACKETS.sub("", _UNSPEAKABLE.sub("", said))
    said = _UNIT.sub(lambda hit: hit[1] + _UNITS[hit[2]], said)
    said = re.sub(r"(?<=\d)([\u3400-\u9fff]{1,3})\s*[-~～—–]\s*(?=\d)", r"\1到", said)
    said = re.sub(r"(?<=[克升米])\s*[xX×*]\s*(?=\d)", "乘", said)
    # In words, like what stands before it: "百分之52" is neither written nor spoken language.
    said = _PERCENT.sub(lambda hit: f"百分之{_read_aloud(hit[1]).translate(_DIGITS)}", said)
    said = said.replace(",", "，").replace(";", "，").replace("；", "，").replace(":", "，").replace("：", "，")
    # A slash between figures or capitals is part of them: 1/2, 220/380, GB/T.
    said = re.sub(r"(?<![\dA-Z])\s*[/／]\s*|\s*[/／]\s*(?![\dA-Z])|\s*[+＋&\n\r\t]\s*", "、", said)
    said = re.sub(r"(?<=[\u3400-\u9fff，、])\s+|\s+(?=[\u3400-\u9fff，、])|[\"“”]", "", said)
    return re.sub(r"[，、]{2,}", "，", re.sub(r"\s+", " ", said)).strip(" ，、。！？!?.-")


def _figures(text: str) -> str:
    """Return the text with the signs around figures as they are said, before punctuation is cleaned."""
    said = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    said = re.sub(r"(?<!\d)((?:19|20)\d{2})[/.-](0?[1-9]|1[0-2])[/.-](0?[1-9]|[12]\d|3[01])(?!\d|[-/.]\d)", _date, said)
    said = re.sub(r"(?<![\d:：])([01]?\d|2[0-4])[:：]([0-5]\d)(?![\d:：])", _time, said)
    said = re.sub(r"(?<![\w.:：-])(\d{1,2})\s*[:：]\s*(\d{1,2})(?![\d±.:：-])", r"\1比\2", said)
    said = re.sub(r"(\d)\s*%\s*[-~～—–]\s*(\d+(?:\.\d+)?\s*%)", r"\1%到\2", said)
    said = re.sub(r"(?<![\w\d%℃])[-−]\s*(\d+(?:\.\d+)?)(?=\s*(?:℃|°C|度|[~～—–到至]))", r"零下\1", said)
    said = re.sub(r"(?<=[~～—–到至])\s*[-−](?=\d)", "零下", said)
    said = re.sub(r"(零下\d+(?:\.\d+)?(?:℃|°C|度)?)\s*[~～—–]\s*", r"\1到", said)
    said = re.sub(r"(?<=[A-Za-z\d])(\++)(?![A-Za-z\d\u3400-\u9fff])", lambda hit: "加" * len(hit[1]), said)
    for sign, word in (("±", "正负"), ("≥", "不低于"), ("≤", "不超过"), (">", "大于"), ("<", "小于")):
        said = re.sub(rf"{sign}\s*(?=\d)", word, said)
    return said


def _date(hit: re.Match[str]) -> str:
    return f"{hit[1]}年{int(hit[2])}月{int(hit[3])}日"


def _time(hit: re.Match[str]) -> str:
    return f"{int(hit[1])}点{hit[2] + '分' if hit[2] != '00' else ''}"


def _range(hit: re.Match[str]) -> str:
    # "60-200" goes from one to the other; "2025-118" and "13-0571" are the numbers of something and stay as they are.
    numbered = any(re.match(r"0\d", figure) for figure in hit.groups())
    numbered = numbered or bool(_NUMBERED.search(hit.string[: hit.start()]))
    return f"{hit[1]}到{hit[2]}" if float(hit[1]) < float(hit[2]) and not numbered else hit[0]


def sentences(text: str) -> list[str]:
    return [one.strip() for one in _SENTENCE.findall(text) if one.strip()]


def breathe(sentence: str, keep: tuple[str, ...]) -> str:
    """Return the sentence with clauses and sentences short enough to say; text in `keep` is never cut."""
    parts = re.split(r"([，；、])", sentence)
    said, since_stop = "", 0
    clause = ""
    for index in range(0, len(parts), 2):
        clause, mark = parts[index], parts[index + 1] if index + 1 < len(parts) else ""
        if spoken_length(clause) > CLAUSE_LIMIT and not any(one in clause for one in keep if len(one) > 8):
            clause = _cut(clause)
        length = spoken_length(clause)
        if mark in {"，", "；"} and since_stop + length > SENTENCE_LIMIT * 0.6 and _follows(parts, index):
            mark, since_stop = "。", 0
        else:
            since_stop += length
        said += clause + mark
    return said


def _follows(parts: list[str], index: int) -> bool:
    # A full stop helps only when enough is left to be a sentence, and the sentence is too long as it stands.
    rest = "".join(parts[index + 2 :])
    return spoken_length(rest) >= 6 and spoken_length("".join(parts)) > SENTENCE_LIMIT


def _cut(clause: str) -> str:
    length = len(clause)
    places = [hit.end() for hit in _AFTER.finditer(clause)] + [hit.start() for hit in _BEFORE.finditer(clause)]
    good = [place for place in places if 4 <= place <= length - 4]
    if not good:
        return clause
    place = min(good, key=lambda one: abs(one - length / 2))
    left, right = clause[:place].rstrip("、"), clause[place:]
    if spoken_length(left) > CLAUSE_LIMIT:
        left = _cut(left)
    if spoken_length(right) > CLAUSE_LIMIT:
        right = _cut(right)
    return f"{left}，{right}"
