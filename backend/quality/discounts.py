"""Discounts told in words: tenths of the list price, halves, shares taken off, one discount on top of another.

A host hardly reckons them: 砍了一半, 对折, 省四成, 便宜了四分之一, 六折再打八折. Each is held against the record's
own two prices.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from backend.quality.context import clause, sentence
from backend.quality.numbers import money_in, parse_number
from backend.quality.subject import is_unsure

_DISCOUNT: Final = re.compile(
    r"(?<![骨对曲])(?P<tenths>\d(?:\.\d)?|[一二三四五六七八九]|半)(?P<hundredths>[一二三四五六七八九]|\d)?折(?![叠合磨扣痕返腾线纸射腰中])"
)
#: Half the price, however it is put.
_HALF: Final = re.compile(
    "(?<!折)半价|[省便宜]了?下?一半|对折|腰斩|(?:砍|削|劈|降|打)(?:了|掉|去|下来?|下去|到)?(?:整整|足足|你们?|您)?(?:一半|对半|一大?半)(?!截)|"
    "一半的?(?:钱|价钱?)|对半(?:砍|价|降)|半卖半送|(?:等于|相当于|合)[^，。！？]{0,3}买[一1][^，。！？]{0,2}送[一1]"
)
#: More than half of it is taken off.
_MOST: Final = re.compile(
    "(?:便宜|省|砍|降|少|打)(?:了|掉|去|下来?)?(?:一多半|多一半|一大半|大半|多半|一半多|一半还多)(?![天年个月])"
)
#: So many tenths are taken off.
_TENTHS_OFF: Final = re.compile(
    r"(?:便宜|省|砍|降|优惠|低|少[花掏付])(?:了|掉|去|下来?|出)?(?:整整|足足|差不多|将近|你们?|您)?(?P<tenths>[一二两三四五六七八九]|\d)成(?P<half>半)?"
)
_SHARE_OFF: Final = re.compile(
    r"(?:便宜|省|砍|降|少[花掏付]?)(?:了|掉|去|下来?)?(?P<whole>[二三四五六七八九十]|\d)分之(?P<parts>[一二两三四五六七八九]|\d)"
)
#: A discount on top of another.
_TWICE: Final = re.compile(
    r"(?P<first>[一二三四五六七八九]|\d)(?P<first_rest>[一二三四五六七八九]|\d)?折[^。！？]{0,6}(?:再打?|上再|折上|又打?|之后打?)[^，。！？\d]{0,3}(?P<second>[一二三四五六七八九]|\d)(?P<second_rest>[一二三四五六七八九]|\d)?折"
)
#: Of another's goods, of the next piece, or not said of these at all.
_OTHERS: Final = re.compile(
    r"第[二2三3]|会员|另|不是|没有|再|不跟|不喊|没打|不打|别喊|不敢|谁喊|说什么|商场|别家|人家|外面|双十?一|有的"
)
#: Behind a half: what else there is less of.
_HALF_OF: Final = re.compile("的?(?:地[方儿]|空间|位置|时间|力气|[工功]夫|电|水|料|事|体积|路|洗|盐|糖|油)")
#: Around a discount: a price, or an offer.
_OF_PRICE: Final = re.compile(
    "打|享|价|优惠|活动|全场|直播间|到手|低至|只要|折扣|折起|促销|清仓|福利|相当于|等于|算下来|买|拍|卖|便宜|省(?!地|空|力|事|心)"
)
#: Behind and before what is folded: 三折伞, 对折再对折, 腰上一折.
_FOLDED: Final = re.compile(
    "[起来]?(?:伞|屏|门|床|椅|桌|梯|页|叶|板|沙发|镜|垫|挂|层|再)|[就便]?(?:放|塞|收|靠|扔|揣|搁|装|挂)|穿"
)
_FOLDED_UP: Final = re.compile(
    "(?:[腿角边头脚杆腰]|往[里外上下前后中]|轻轻|一拉|一推|[沿顺]着[^，。！？]{0,4}|这么|中间|拦腰)$"
)
#: Before 对折: what can be folded or is shown to be, not what a price does (鞋底能对折, 现场对折给大家看).
_FOLDS: Final = re.compile(
    "(?:能|可以?|来回|反复|现场|当场|前后|上下|左右|[往向][里外上下前后]|[整全]个)[^，。！？]{0,2}$"
)
#: A discount told as such may be this much off, in tenths; one that is told roughly, this much.
_EXACT: Final = 0.3
_ROUGH: Final = 0.5


@dataclass(frozen=True, slots=True)
class DiscountFault:
    """A discount that the record's prices do not bear out; the span is in the folded text."""

    start: int
    end: int
    problem: str
    #: Whether it is certainly told of a price: 一折 is what one does with a table, 对折 with a mat.
    grave: bool


def discount_faults(
    text: str, price: float, list_price: float, *, stepped: bool, other: bool
) -> Iterator[DiscountFault]:
    """Yield discounts of a folded text that are another one than from the list price to the price.

    `stepped`: several cost less together, of which a half may be told; `other`: the record asks further prices, of
    which any tenths may be told.
    """
    true = price / list_price * 10
    prices = f"{_plain(price)}元是{_plain(list_price)}元的{true:.1f}折"
    for start, end, tenths in _halves_and_shares(text, true) if not stepped else ():
        said = "不是半价" if tenths == 5 else f"{_plain(round(tenths, 1))}折与资料不符"
        yield DiscountFault(start, end, f"{said}：{prices}", is_of_price(text, start, end))
    for match in _DISCOUNT.finditer(text):
        low, high = clause(text, *match.span())
        if re.search("第[二2]|会员|另|再打|下一|没打|不打|商场|别家|人家|外面", text[low:high]):
            continue
        folded = match.group() in ("一折", "两折", "二折", "三折", "四折") and not is_of_price(text, *match.span())
        if folded or _FOLDED.match(text, match.end()) or _FOLDED_UP.search(text, low, match.start()):
            continue  # 搬家的时候一折，往门后一靠
        if re.search("比打?$", text[low : match.start()]) and re.match("[还都也]", text[match.end() : match.end() + 1]):
            continue  # 比打六折还少四毛
        said_tenths = _tenths(match["tenths"], match["hundredths"])
        if said_tenths * 10 < 100 and abs(said_tenths - true) > _EXACT and not other:
            problem = f"{_plain(said_tenths)}折与资料不符：{prices}"
            yield DiscountFault(*match.span(), problem, is_of_price(text, *match.span()))


def _halves_and_shares(text: str, true: float) -> Iterator[tuple[int, int, float]]:
    """Yield where the price is told to be halved or otherwise shared, wrongly, and how many tenths are told of it."""
    found = [(match, 5.0, abs(true - 5) > _EXACT) for match in _HALF.finditer(text)]
    found += [(match, 4.5, true >= 5) for match in _MOST.finditer(text)]
    for match in _TENTHS_OFF.finditer(text):
        left = 10 - (parse_number(match["tenths"]) or 0.0) - (0.5 if match["half"] else 0)
        found.append((match, left, abs(left - true) > _ROUGH))
    for match in _SHARE_OFF.finditer(text):
        left = 10 - 10 * (parse_number(match["parts"]) or 0.0) / (parse_number(match["whole"]) or 1.0)
        found.append((match, left, abs(left - true) > _ROUGH))
    for match in _TWICE.finditer(text):
        left = _tenths(match["first"], match["first_rest"]) * _tenths(match["second"], match["second_rest"]) / 10
        found.append((match, left, abs(left - true) > _EXACT))
    for match, tenths, wrong in found:
        said = text[slice(*clause(text, *match.span()))].replace(match.group(), "")
        if wrong and not _OTHERS.search(said) and not _is_of_else(text, match):
            yield (*match.span(), tenths)


def _is_of_else(text: str, match: re.Match[str]) -> bool:
    """Tell whether less of something else is told (省下一半地方), or something is folded (对折放进抽屉)."""
    if match.group() != "对折":
        return _HALF_OF.match(text, match.end()) is not None
    low, _ = clause(text, *match.span())
    folds = _FOLDS.search(text, low, match.start()) is not None and not is_of_price(text, *match.span())
    return folds or _FOLDED.match(text, match.end()) is not None or _HALF_OF.match(text, match.end()) is not None


def is_of_price(text: str, start: int, end: int) -> bool:
    """Tell whether words beside a discount speak of a price: 一折 is what one does with a table, 对折 with a mat."""
    low, high = clause(text, start, end)
    begin, stop = sentence(text, start, end)
    near = any(max(begin, low - 16) <= one.start < min(stop, high + 16) for one in money_in(text))
    return (near or _OF_PRICE.search(text, low, high) is not None) and not is_unsure(text, start, end)


def _tenths(tenths: str, hundredths: str | None) -> float:
    whole = 5.0 if tenths == "半" else parse_number(tenths) or 0.0
    return whole + (parse_number(hundredths or "零") or 0.0) / 10


def _plain(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
