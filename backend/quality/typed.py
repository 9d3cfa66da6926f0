"""Figures as people type them: full width, in circles, in Chinese, in English, with signs and pictures between."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from backend.quality.aloud import said_digits
from backend.quality.normalize import Folded, rewrite, rewrite_at, simplifying

_NUMERALS: Final = "〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_VALUES: Final = str.maketrans(_NUMERALS + "两貳參陸", "00123456789" + "1" + "123456789" + "2" + "236")
_WORDS: Final = {
    word: str(value)
    for value, word in enumerate(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"))
} | {"oh": "0"}
_WORD: Final = f"(?:{'|'.join(_WORDS)})"
_ONE: Final = f"[{_NUMERALS}貳參陸0-9]"
_PICTURE: Final = "[\u2190-\u21ff\u2300-\u23ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001faff]"
#: One sign for one: width, circles, other alphabets of figures, dashes of any length.
_PLAIN: Final = (
    {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5E)}
    | {
        ord(sign): str(unicodedata.digit(sign))
        for sign in "⓪⓿²³¹⁰"
        + "".join(
            chr(code)
            for low, high in (
                (0x2460, 9),
                (0x2474, 9),
                (0x2488, 9),
                (0x2776, 9),
                (0x2780, 9),
                (0x278A, 9),
                (0x2074, 6),
                (0x2080, 10),
                (0x1D7CE, 50),
            )
            for code in range(low, low + high)
        )
    }
    | dict.fromkeys((ord("~"), 0xFF5E, *range(0x2010, 0x2016), 0x2212, 0x301C), "-")
)
_PLAIN_OF: Final = {chr(code): chr(plain) if isinstance(plain, int) else plain for code, plain in _PLAIN.items()}
_IS_PLAIN: Final = re.compile(f"[{''.join(re.escape(chr(code)) for code in _PLAIN)}]")
_FOLDABLE: Final = re.compile(
    # Keycaps; what is not seen; one said as it sounds (要三八…).
    rf"[0-9]\ufe0f?\u20e3|[要妖腰](?=[3-9三四五六七八九](?:[\s\-，,]?{_ONE}){{9}}(?!{_ONE}))|"
    # Pictures between figures, or behind what a name or a word ends in.
    rf"(?<=[0-9{_NUMERALS}\u20e3])\ufe0f?{_PICTURE}[\ufe0f\u200d]?(?:{_PICTURE}[\ufe0f\u200d]?){{0,4}}(?=[0-9{_NUMERALS}])|"
    r"[\u200b-\u200f\u2060\ufeff\ufe0f\u00ad]+|"
    rf"➕\ufe0f?(?:{_PICTURE}\ufe0f?){{1,3}}(?=[a-zA-Z])|(?<=[\u4e00-\u9fa5vV]){_PICTURE}\ufe0f?|"
    rf"(?<=[a-zA-Z:：]){_PICTURE}\ufe0f?|➕(?=\s?[vV微薇威卫qQ])|"
    r"(?<=区号)[〇零一二三四五六七八九幺]{3,4}|"
    # 一百三十九 before the other eight of a telephone.
    rf"一百[三五六七八九]十[一二三四五六七八九]?(?=[\s，,、]{{0,2}}{_ONE}{{4}}[\s，,、]{{0,2}}{_ONE}{{4}}(?!{_ONE}))|"
    rf"[拾十](?=[三四五六七八九叁肆伍陆柒捌玖](?:[\s\-，,]?{_ONE}){{9}}(?!{_ONE}))|"
    # Letters that look like figures among a telephone's eleven.
    r"(?<![a-zA-Z0-9])[1lI][\s\-]?[3-9](?:[\s\-]?[0-9OoIl]){9}(?![a-zA-Z0-9])|"
    rf"(?<![a-zA-Z])(?i:{_WORD}(?:[\s\-]{_WORD}){{2,}})(?![a-zA-Z])|"
    # Chinese numerals in runs long enough to be a number that somebody dictates.
    rf"{_ONE}(?:[\s\-.·、,，]{{0,2}}(?:{_ONE}|两(?={_ONE}))){{5,}}|[{_NUMERALS}]{{3,}}"
)


#: One as it sounds, and a plus that asks to be added.
_SAID: Final = {"要": "1", "妖": "1", "腰": "1", "拾": "1", "十": "1", "➕": "加"}


def as_digits(text: str) -> Folded:
    """Return `text` with its figures as plain digits, its dashes as hyphens and its characters simplified.

    Places point back at the text.
    """
    plain = _IS_PLAIN.sub(lambda sign: _PLAIN_OF[sign.group()], text.translate(simplifying()))
    said = said_digits(plain)
    if not said:
        return rewrite(plain, _FOLDABLE, _fold)
    digits = {match.start(): told for match, told in said}
    return rewrite_at(
        plain,
        _in_turn(plain, [match for match, _ in said]),
        lambda match, last: digits.get(match.start()) or _fold(match, last),
    )


def _in_turn(text: str, said: Sequence[re.Match[str]]) -> Iterator[re.Match[str]]:
    """Yield what numbers are said by, and what else is folded between them."""
    done = 0
    for match in said:
        yield from _FOLDABLE.finditer(text, done, match.start())
        yield match
        done = match.end()
    yield from _FOLDABLE.finditer(text, done)


def _fold(match: re.Match[str], _last: str) -> str:
    run = match.group()
    head = run[0]
    if (told := _SAID.get(run)) is not None:
        return told
    if run.startswith("一百"):
        return "1" + run[2].translate(_VALUES) + (run[4:].translate(_VALUES) or "0")
    if head.isascii() and head.isalpha() and run[-1].isalpha() and head not in "lI":
        return "".join(_WORDS[word] for word in re.split(r"[\s\-]", run.lower()))
    if head in "1lI" and sum(map(str.isdigit, run)) > 6:
        return re.sub("[Il]", "1", re.sub("[Oo]", "0", run)).translate(_VALUES)
    if head.isalnum():  # of a keycap only its figure
        return run.rstrip("\ufe0f\u20e3").translate(_VALUES)
    return _instead(match)


def _instead(match: re.Match[str]) -> str:
    """Return what a picture stands for: a gap between Latin letters, ➕ before an account 加我, else nothing."""
    text, (start, end) = match.string, match.span()
    if match.group()[0] == "➕" and text[end : end + 1].isalpha() and end - start > 1:
        return "加我 "
    before = text[start - 1 : start]
    return " " if before.isascii() and before.isalpha() and match.group()[0] >= "\u2190" else ""
