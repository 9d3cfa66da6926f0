"""Personal data told in groups of digits, as it is dictated: 前三位是152，中间0936，后四位7718."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from stdnum import luhn
from stdnum.cn import ric

from backend.quality.called import (
    CALL_WORDS,
    CARD_WORDS,
    COUNTED,
    ID_WORDS,
    ORDER_BEFORE,
    PHONE_WORDS,
    PROVINCES,
    QQ_WORDS,
    is_day,
)

#: Groups of digits with a few words between them: 前三位是152，中间0936，后四位7718.
_PIECES: Final = re.compile(
    r"(?<![\da-z.])\d{2,16}(?:[^\da-z。！？!?\n]{1,10}\d{2,16}){1,5}x?(?![\da-z])", re.IGNORECASE
)
_PIECE: Final = re.compile(r"\d+x?", re.IGNORECASE)
#: Between two groups of one number: signs, or words for which part comes.
_JOINT: Final = re.compile(
    r"[\s\-.·、,，:：~…]*(?:(?:的|那个号?|这个号?|开头的?|打头的?|起头的?|"
    r"[哈嗯呃啊额])[\s\-.·、,，:：~…]*){0,3}(?:(?:[前中后末尾头开]|[首后]半|最[后末]|中间|后面|前面|生日|"
    r"然后|接着|再来?|其余|剩下|号码?)"
    r"[\u4e00-\u9fa5]{0,6}|[是为加接连到])?[\s\-.·、,，:：~…]*"
)

#: No number of somebody's has more digits.
_LONGEST: Final = 19
#: Words that tell which part of a number comes.
_PART: Final = re.compile(
    "[前中后末尾头开][\u4e00-\u9fa5]{0,2}[位面边半段]|[首后]半|最[后末]|中间|[开打起]头|尾号|然后|接着|剩下"
)
#: The last part told first, and the words for the first one behind it.
_TAIL: Final = re.compile("(?:尾号|[后末][\u4e00-\u9fa5]{0,2}[位面边]|最[后末])[\u4e00-\u9fa5]{0,3}[:：\\s]?$")
_HEAD: Final = re.compile("前[\u4e00-\u9fa5]{0,2}[位面边]|[开打起]头")

#: One part of a number by which it is: 中间四位0572, 后半截是8824, 等下那次是714432.
_NAMED_PART: Final = re.compile(
    r"(?:[前头中后末尾首]|[开打起]头|中间|中段|接下来|接着|然后|再?往后|最[后末]|收尾|余下|剩下|出生|生日|地区|尾巴|还有|"
    r"(?:这|那|头一|第[一二三四五])(?=[次条截段回]))[\u4e00-\u9fa5]{0,2}?(?:[一二三四五六七八九十\d]{1,2})?"
    r"(?:位数?字?|个数字?|[次条截段回边面]|半[段截]|部分|上)?(?:的|那|是|为|个|数字?|号码|[，,：:\s]){0,4}"
    r"(?P<digits>(?<!\d)\d{2,10}x?)(?![\da-z.:：/年月日%])",
    re.IGNORECASE,
)
_TWO_PIECES: Final = re.compile(r"\d{2}\D{1,48}\d{2}")
#: In more parts nobody tells a number.
_MOST_PARTS: Final = 6
#: So far from each other parts of one number are told.
_FAR: Final = 24


def told_in_groups(text: str) -> Iterator[tuple[str, int, int, int]]:
    """Yield what is told in groups of digits, as its kind, its place and how far it may be shown.

    Taken together the groups must be what the words before them call them: eleven digits of a telephone, an identity
    number whose last digit is right, a card that Luhn's sum holds for.
    """
    for run in _PIECES.finditer(text):
        pieces = [(one.start(), one.end()) for one in _PIECE.finditer(text, *run.span())]
        first = 0
        while first < len(pieces):
            told = _told(text, pieces[first:])
            if told is None:
                first += 1
                continue
            kind, many = told
            start, stop = pieces[first][0], pieces[first + many - 1][1]
            yield kind, start, stop, pieces[first][1] if kind == "cn_mobile" else start
            first += many


def told_by_parts(text: str) -> Iterator[tuple[str, int, int, int]]:
    """Yield what is told part by part with other words between, as `told_in_groups` does.

    前三位138，运营商是移动，中间四位0572，后四位6619: each part says which one it is.
    """
    if _TWO_PIECES.search(text) is None:
        return
    parts: list[tuple[int, int]] = []
    for match in _NAMED_PART.finditer(text):
        if re.match(COUNTED, text[match.end() : match.end() + 4]):
            parts = []
            continue
        if parts and not _goes_on(text, parts[-1][1], match.start()):
            parts = []
        parts = [*parts[1 - _MOST_PARTS :], match.span("digits")]
        together = "".join(text[slice(*part)].upper() for part in parts)
        if len(parts) > 1 and (kind := _of_parts(together, text[max(0, parts[0][0] - 24) : parts[0][0]])):
            yield kind, parts[0][0], parts[-1][1], parts[0][1] if kind == "cn_mobile" else parts[0][0]
            parts = []


def _goes_on(text: str, end: int, start: int) -> bool:
    """Tell whether what stands between two parts leaves them one number's: no other figure, one sentence's end."""
    between = text[end:start]
    return len(between) <= _FAR and not re.search(r"[0-9\n]", between) and len(re.findall("[。！？!?]", between)) < 2


def _of_parts(digits: str, before: str) -> str | None:
    if ORDER_BEFORE.search(before):
        return None
    if _is_mobile(digits):
        return "cn_mobile"
    if len(digits) == 18 and digits[:2] in PROVINCES and is_day(digits[6:14]) and ID_WORDS.search(before):
        return "cn_id_card"
    return "bank_card" if 16 <= len(digits) <= _LONGEST and CARD_WORDS.search(before) else None


def _told(text: str, pieces: Sequence[tuple[int, int]]) -> tuple[str, int] | None:
    """Return of what kind the first groups are together, and how many of them."""
    before = text[max(0, pieces[0][0] - 24) : pieces[0][0]]
    together = text[slice(*pieces[0])]
    from_the_end = _TAIL.search(before) is not None
    in_parts = _PART.search(before) is not None
    found: tuple[str, int] | None = None
    for many, ((_, end), (start, stop)) in enumerate(pairwise(pieces), 2):
        if not _JOINT.fullmatch(text, end, start):
            break
        in_parts = in_parts or _PART.search(text[end:start]) is not None
        # 尾号是6629，前面是1350571
        turned = from_the_end and many == 2 and _HEAD.search(text[end:start]) is not None
        together = text[start:stop] + together if turned else together + text[start:stop].upper()
        if re.match(COUNTED, text[stop : stop + 4]):
            break
        if len(together) > _LONGEST:
            break
        goes_on = many < len(pieces) and _JOINT.fullmatch(text, stop, pieces[many][0])
        if (kind := _kind_of(together, before, in_parts=in_parts, goes_on=bool(goes_on))) is not None:
            found = kind, many  # a card's first sixteen digits of nineteen may prove themselves by chance
    return found


def _kind_of(digits: str, before: str, *, in_parts: bool, goes_on: bool) -> str | None:
    # What the digits are is asked first: it takes less than to read what stands before.
    for kind, called, holds, may_go_on in _TOGETHER:
        if (may_go_on or not goes_on) and holds(digits) and called.search(before):
            return None if ORDER_BEFORE.search(before) else kind
    if goes_on or not in_parts or ORDER_BEFORE.search(before):
        return None
    # Told part by part a telephone needs no other word; nor a card the sum that its digits have when typed right.
    if _is_mobile(digits):
        return "cn_mobile"
    return "bank_card" if 16 <= len(digits) <= _LONGEST and CARD_WORDS.search(before) else None


def _is_id(digits: str) -> bool:
    return (
        len(digits) == 18
        and digits[:2] in PROVINCES
        and is_day(digits[6:14])
        and ric.calc_check_digit(digits) == digits[17]
    )


def _is_card(digits: str) -> bool:
    return re.fullmatch(r"\d{15,19}", digits) is not None and luhn.is_valid(digits)


def _of_shape(pattern: str) -> Callable[[str], bool]:
    shape = re.compile(pattern)
    return lambda digits: shape.fullmatch(digits) is not None


_is_mobile: Final = _of_shape(r"1[3-9]\d{9}")
#: Kinds that are told in groups: by which words, what all digits together must be, and whether more groups may follow
#: (what proves itself ends where it is proven; the others end where the groups do).
_TOGETHER: Final = (
    ("cn_id_card", ID_WORDS, _is_id, True),
    ("bank_card", CARD_WORDS, _is_card, True),
    ("qq", QQ_WORDS, _of_shape(r"[1-9]\d{4,10}"), False),
    ("cn_mobile", CALL_WORDS, _is_mobile, False),
    ("cn_landline", PHONE_WORDS, _of_shape(r"0(?:10|2\d|[3-9]\d{2})[2-9]\d{6,7}"), False),
)
