"""Which script of the thread a message points at: 第一段, 耳机那条, 最早那版."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from backend.graph.intent.naming import Known
from backend.graph.intent.situation import Draft

_TRANSFORMED: Final = re.compile(
    r"(?:把|将)?(?:刚才|刚刚|上面|上一|上个|上条|上段|这个|这段|这条|这版|这篇|那个|那段|那条|它|前面|之前|最后(?:一|那))"
)
_NTH: Final = re.compile(
    r"第([一二三四五六七八九十百零\d]+)(?:个|段|条|版|篇|款|份)(产品|商品|品|款)?|"
    r"(?<![月双一二三四五六七八九十\d])([一二三四五六七八九十百零\d]+)号(?!(?:晚|早|下午|上午|中午|开播|直播|发货|那天|当天|之前|以前|之后|以后|截止))"
    r"(?:那|的)?(?:个|段|条|版|篇|款|品|产品)?"
)
#: 第二段删掉, 第二自然段: a paragraph of the text, which is not done away with itself.
_OF_ITS_OWN: Final = re.compile(
    r"第[一二三四五六七八九十\d]+段(?:话|文字|内容)?(?:给我|帮我|就|直接|都|也|请)*(?:删|去掉|拿掉|砍掉|划掉|不要)"
)
_FROM_END: Final = re.compile(r"倒数第([一二三四五六])(?:个|段|条|版|篇)")
#: 不是这段，是上一段.
_NOT_THIS: Final = re.compile(
    r"不是(?:说|指)?(?:这|最后|刚才那?)一?(?:段|条|个|版|篇).{0,4}(?:上|前)(?:面)?(?:那)?一?(?:段|条|个|版|篇)"
)
_MIDDLE: Final = re.compile(r"中间(?:那|的|这)?一?(?:个|段|条|版|篇)(?!话)")
_FIRST: Final = re.compile(r"最(?:开始|早|初|先|前面?|上面)(?:写|出)?(?:的)?(?:那)?")
_PIECE: Final = r"(?:的)?(?:那|这)?(?:一)?(?:段|条|篇|版|个|份|稿|话术|文案|脚本)"
_HUNDREDS: Final = re.compile(
    r"(?:([一二三四五六七八九])百)?零?(?:([一二三四五六七八九])?(十))?([一二三四五六七八九])?"
)
CHINESE_DIGITS: Final = {sign: place for place, sign in enumerate("零一二三四五六七八九十")}


def draft_meant(  # noqa: PLR0911 -- one return for each way to point at a text
    text: str,
    positive: str,
    drafts: Sequence[Draft],
    *,
    product: Known | None,
    scenario: str | None,
    writes: bool,
    products: Sequence[str] = (),
) -> int | None:
    """Return the place in `drafts` of the script that a message is about: the one it points at, else the last.

    None without any. `text` is the whole message, folded, `positive` what of it is wanted; `product` and `scenario` are
    what it names, `writes` tells whether it asks for text to be made. `products` are the names of the thread's products
    in the order they came up, as far as `drafts` do not tell.
    """
    if not drafts:
        return None
    from_end = _FROM_END.search(positive)
    if from_end and (back := CHINESE_DIGITS.get(from_end[1], 0)) <= len(drafts):
        return len(drafts) - back
    if len(drafts) > 1 and _NOT_THIS.search(text):
        return len(drafts) - 2
    match = _NTH.search(positive)
    if match and not of_its_own(positive):
        number = _number(match[1] or match[3])
        order = list(products or dict.fromkeys(draft.product_name for draft in drafts))
        if match[2] and 1 <= number <= len(order):
            return _last(drafts, lambda draft: draft.product_name == order[number - 1])
        if (at := _at(drafts, number)) is not None:
            return at
    if _FIRST.search(text):
        return 0
    total = drafts[-1].number or len(drafts)
    if total % 2 and _MIDDLE.search(text) and (at := _at(drafts, total // 2 + 1)) is not None:
        return at
    if product is not None:
        known = product
        by_product = _last(drafts, lambda d: d.product_id == known.id or d.product_name == known.name)
        if by_product is not None:
            return by_product
    if scenario is not None and (_TRANSFORMED.search(text) or re.search(_PIECE, positive) or not writes):
        by_scenario = _last(drafts, lambda draft: draft.scenario == scenario)
        if by_scenario is not None:
            return by_scenario
    return len(drafts) - 1


def numbered(text: str, drafts: Sequence[Draft]) -> list[int]:
    """Return the places of all texts that folded `text` points at by their number: 第一段和第三段."""
    found = [_at(drafts, _number(match[1] or match[3])) for match in _NTH.finditer(text) if not match[2]]
    return list(dict.fromkeys(place for place in found if place is not None))


def far_away(text: str, total: int, products: Sequence[str]) -> tuple[list[int], list[str]]:
    """Return the numbers of the thread's texts that folded `text` may point at, and the names of products.

    A long thread's texts are not all at hand: these are to be brought. `total` is how many texts there are, `products`
    the names of its products in their order.
    """
    numbers, names = [], []
    for match in _NTH.finditer(text):
        number = _number(match[1] or match[3])
        if 1 <= number <= total:
            numbers.append(number)
        if match[2] and 1 <= number <= len(products):
            names.append(products[number - 1])
    if _FIRST.search(text):
        numbers.append(1)
    if _MIDDLE.search(text):
        numbers.append(total // 2 + 1)
    return numbers, names


def _at(drafts: Sequence[Draft], number: int) -> int | None:
    """Return where the thread's `number`th text stands in `drafts`; None if it is not among them."""
    places = (place for place, draft in enumerate(drafts) if (draft.number or place + 1) == number)
    return next(places, None)


def _number(word: str) -> int:
    """Return the number that is written in digits or Chinese numerals up to 999; 0 for what is none."""
    if word.isdecimal():
        return int(word[:9])
    match = _HUNDREDS.fullmatch(word)
    if match is None:
        return 0
    hundreds, tens, ten, ones = match.groups()
    tens_value = CHINESE_DIGITS[tens] if tens else 1 if ten else 0
    return 100 * CHINESE_DIGITS.get(hundreds, 0) + 10 * tens_value + CHINESE_DIGITS.get(ones, 0)


def _last(drafts: Sequence[Draft], fits: Callable[[Draft], bool]) -> int | None:
    places = [place for place, draft in enumerate(drafts) if fits(draft)]
    return places[-1] if places else None


def points_at_a_text(text: str) -> bool:
    """Tell whether folded `text` speaks of a text that is there: 刚才那段, 把这条."""
    return _TRANSFORMED.search(text) is not None


def of_its_own(text: str) -> bool:
    """Tell whether folded `text` has a paragraph of a text go: 第二段删掉."""
    return _OF_ITS_OWN.search(text) is not None


def points_at_one(text: str) -> bool:
    """Tell whether folded `text` says which one of several: 第二版, 最早的."""
    return _NTH.search(text) is not None or _FIRST.search(text) is not None
