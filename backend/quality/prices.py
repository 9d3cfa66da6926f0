"""Q03: every sum of money in a script must follow from the product's record, or at least from the script itself."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Any, Final

from backend.quality.amounts import amounts
from backend.quality.context import clause, sentence
from backend.quality.discounts import discount_faults
from backend.quality.heads import headed
from backend.quality.ladder import bought_apart, last_piece, step_faults, steps_of
from backend.quality.normalize import fold
from backend.quality.numbers import COUNTERS, NUMBER, Money, counts_in, money_in, parse_number
from backend.quality.patterns import behind
from backend.quality.people import sharers
from backend.quality.reckoned import is_reckoned
from backend.quality.record import record_text
from backend.quality.subject import is_of_another, is_unsure
from backend.quality.sums import is_no_price, is_plainly_asked
from backend.quality.worked_out import (
    Basis,
    could_come_to,
    is_asked,
    is_multiplied_wrong,
    is_priced,
    is_worked_out,
    readings,
)

_LIST: Final = re.compile(
    r"(?:原价|划线价?|吊牌价?|专柜价?|门店价?|门市价?|日常价?|平时|平常|市场价|官方价|官网价?|标价|指导价)[^，。！？]{0,6}$"
)
_SAVED: Final = re.compile(
    r"(?:省|便宜|立减|直降|直减|优惠|减|少花|少付|少|差|降)(?:出|个|了|掉|下|[你您]们?|大家|咱们?|整整|足足|将近|不到)*$"
)
_PER_UNIT: Final = re.compile(
    rf"(?:[一每单](?:公斤|[{COUNTERS}斤泡顿杯次样种])(?:[\u4e00-\u9fa5](?=[一二两三四五六七八九十\d]?[块毛分元]|$))?|平均|折合|合到?|摊到?|算下来|相当于|合下来|均价|摊下来|每次|每天|一天|一次|一顿|一斤)(?:才|只要|只|也|就|大概|差不多|不到|还|连|都|"
    rf"是|到|要|合|下来|约|[{COUNTERS}])*$"
)
#: Behind a sum: 七块多一斤, 一块六毛六一支.
_EACH: Final = re.compile(rf"[一每][{COUNTERS}斤泡顿杯次]")
_SHARED: Final = re.compile("合|折|摊|算|平均|相当于")
#: 一片多少？一块八左右: what is asked stands before.
_ASKED_EACH: Final = re.compile(rf"[一每][{COUNTERS}斤泡顿杯次天](?:合|是|才|划|到底|要)?(?:多少|几块)(?:钱)?？$")
#: How often something lasts: 能喝五十泡, 用三十次.
_SERVINGS: Final = headed(rf"({NUMBER})\s*[泡次杯顿餐天晚回口遍]")
_FIGURE: Final = re.compile(rf"(?P<figure>{NUMBER})(?=[，。！])")
#: How long several last: 两枚用三个月.
_MONTHS: Final = headed(rf"({NUMBER})个月")
_OTHER_GOODS: Final = re.compile(
    r"奶茶|咖啡钱|外卖|打车|停车|电影票|一顿饭|下馆子|火锅钱|理发|美容院|健身房|餐厅|饭店|电费|度电|水费|话费|油钱|油费|洗车|洗一次车|干洗|修一次|换一次|"
    r"工资|房租|学费|押金|红包|零花|挂号|机票|车票|门票|酒店|网费|罚款|运费险|上楼费|安装费|过路费"
)
#: What a record asks on top of the price, for something that is named: 上色：加30元/张, 安装费50元, 加长款+20元.
_ADDITION: Final = re.compile(
    rf"(?P<what>[\u4e00-\u9fa5a-z0-9（()）]{{0,12}}?)[：，]?(?:需要?|须|要|则|可|另外?|额外|再|多|每[{COUNTERS}])*"
    rf"(?:加(?:收|价|付|钱)?|[＋+]|另[付收加计算]|多[付收加]?|补(?:差价?|收)?|收费?|(?<=费)(?:用|是|为|：|[一每][{COUNTERS}次])*|贵)[：]?[¥￥]?"
    rf"(?P<sum>\d+(?:\.\d+)?|[一二三四五六七八九十百零]+)(?:元|块|(?=/))"
)


#: Right before a sum: what it is asked for, on top of the price.
_FEE: Final = re.compile(
    "(?P<fee>安装费|上楼费|加急费|配送费|清洗费|刻字费|加工费|拆机费|包装费|服务费|上门费|搬运费|押金)"
    "(?:用|一共|总共|要|收|是|才|只|就|得|每[台张件次单]|一[台张件次单])*$"
)
#: Words of any addition's name, by which none is told.
_OF_ANY_ADDITION: Final = frozenset(
    {"价格", "费用", "款式", "规格", "尺寸", "颜色", "售后", "服务", "元一", "每件", "标准", "可选", "需要"}
)
#: Before a sum: it comes off what is paid, whatever it is called (再返你三十块红包).
_GIVEN_BACK: Final = re.compile("返|补贴|[退补]给?[你您]|倒贴|立减|抵扣")
#: 以前只认楼下那家，二十八一杯.
_ELSEWHERE: Final = re.compile("以前|从前|那时候?|当时|楼下|外面|外头|别家|那家|人家|隔壁|商场|超市|咖啡店|奶茶店")


@dataclass(frozen=True, slots=True)
class PriceFault:
    """A sum that does not follow; the span is in the folded text."""

    start: int
    end: int
    problem: str
    #: The figure that would be right, when there is one.
    right: str | None = None
    #: Whether it is certainly asked for the goods; in somebody's story it may be another thing's.
    grave: bool = True


@dataclass(frozen=True, slots=True)
class _Known:
    price: float | None
    list_price: float | None
    others: frozenset[float]
    counts: frozenset[int]
    #: What a pack weighs, in 斤, in which food is compared.
    pounds: frozenset[float]
    #: How many of such a weight there are: 2.5公斤×4袋.
    packs: frozenset[int]
    #: What so many pieces cost together.
    steps: Mapping[int, float]
    #: What is asked on top of the price, and what for.
    additions: tuple[tuple[float, frozenset[str]], ...]
    #: All figures of the facts, whatever they measure, as what may be told of them: 约245克 may be 243.
    figures: frozenset[tuple[float, float]]
    #: For sums that are worked out; None without a price.
    basis: Basis | None


def price_faults(text: str, product: Mapping[str, Any] | None) -> Iterator[PriceFault]:
    """Yield what is wrong with the money of a folded text."""
    sums = [*money_in(text), *_behind_the_name(text, product)]
    wrong = list(_sums_that_contradict(text, sums, product or {}))
    borne_out: list[Money] = []
    known = _known(product) if product is not None else None
    if known is not None and known.price is not None:
        at = {money.start: money for money in sums}
        wrong = [
            replace(fault, grave=not _could_follow(text, at[fault.start], known))
            for fault in wrong
            if not _may_follow(text, at[fault.start], sums, known)
        ]
    yield from wrong
    if known is None or product is None:
        return
    if known.price is None:
        return
    for money in sums:
        if any(fault.start < money.end and money.start < fault.end for fault in wrong):
            continue
        if is_no_price(text, money) or _is_a_size(text, money, product) or _is_in_blocks(text, money, product):
            continue
        low, high = clause(text, money.start, money.end)
        begin, _ = sentence(text, low, high)
        before, _ = clause(text, max(begin, low - 1), max(begin, low - 1))
        elsewhere = _EACH.match(text, money.end) and _ELSEWHERE.search(text[sentence(text, low, high)[0] : low])
        other = _OTHER_GOODS.search(text, before, high) and not _GIVEN_BACK.search(text, low, money.start)
        fee = _FEE.search(text[low : money.start])
        if elsewhere or other or fee:
            continue
        meant = (replace(money, value=value) for value in readings(text, money))
        if any(_follows(text, one, known) for one in meant) or _may_follow(text, money, sums, known):
            borne_out.append(money)
        else:
            reckoned = _could_follow(text, money, known, borne_out)
            if reckoned:
                borne_out.append(money)
            unit = str(product.get("unit") or "")
            yield PriceFault(
                money.start,
                money.end,
                f"{_plain(money.value)}元与商品资料对不上（{_described(known)}）",
                _right(text, money, known),
                (not known.steps and is_multiplied_wrong(text, money, sums, known.price))
                or (
                    not reckoned
                    and is_asked(text, money, known.basis, unit)
                    and (known.basis is None or is_plainly_asked(text, money, known.basis, sums, unit))
                ),
            )
    yield from _wrong_fees(text, sums, product)
    yield from _wrong_discounts(text, known)
    for fault in step_faults(text, known.steps, known.price):
        yield PriceFault(fault.start, fault.end, fault.problem)


def _wrong_discounts(text: str, known: _Known) -> Iterator[PriceFault]:
    if known.price is None or not known.list_price:
        return
    other = bool(known.others - {known.price, known.list_price})
    for one in discount_faults(text, known.price, known.list_price, stepped=bool(known.steps), other=other):
        yield PriceFault(one.start, one.end, one.problem, grave=one.grave)


def _wrong_fees(text: str, sums: Sequence[Money], product: Mapping[str, Any]) -> Iterator[PriceFault]:
    for money in sums:
        low, _ = clause(text, money.start, money.end)
        fees = _fees_called(text[low : money.start], product)
        if fees and not any(abs(money.value - one * count) < 0.006 for one in fees for count in range(1, 13)):
            told = "、".join(f"{_plain(one)}元" for one in sorted(fees))
            doubted = is_unsure(text, money.start, money.end) or is_of_another(text, money.start, money.end)
            problem = f"{_plain(money.value)}元与商品资料对不上（资料里是{told}）"
            yield PriceFault(money.start, money.end, problem, grave=not doubted)


def _fees_called(before: str, product: Mapping[str, Any]) -> set[float]:
    """Return what the record asks for the fee that words right before a sum name: 安装费八十块."""
    fee = _FEE.search(before)
    facts = product.get("facts")
    if fee is None or not isinstance(facts, Mapping):
        return set()
    told = (f"{fold(str(name)).text}：{fold(str(value)).text}" for name, value in facts.items())
    return {one.value for field in told if fee["fee"] in field for one in money_in(field)}


def _is_a_size(text: str, money: Money, product: Mapping[str, Any]) -> bool:
    """Tell whether a bare figure is one of the sizes on record: 平时四十二、脚背高的."""
    if re.search("[元块毛角分¥￥]", text[money.start : money.end]):
        return False
    facts = product.get("facts")
    for name, value in facts.items() if isinstance(facts, Mapping) else ():
        if re.search("尺码|鞋码|码数|适合身高|适合体重|适用身高", str(name)):
            numbers = [found for one in re.findall(NUMBER, str(value)) if (found := parse_number(one)) is not None]
            if numbers and min(numbers) <= money.value <= max(numbers):
                return True
    return False


def _is_in_blocks(text: str, money: Money, product: Mapping[str, Any]) -> bool:
    """Tell whether pieces are counted, of so many in a pack on record: 一盒八块，两盒十六块, of cakes."""
    if text[money.end - 1] != "块":
        return False
    packs = {parse_number(one) for one in re.findall(rf"({NUMBER})块(?!钱)", record_text(product))} - {None, 0.0}
    return any(money.value in {one * count for count in range(1, 13)} for one in packs if one is not None)


def _may_follow(text: str, money: Money, sums: Sequence[Money], known: _Known) -> bool:
    """Tell whether a sum can be worked out from the record and what was said, or is a bare figure of the record."""
    bare = not re.search("[元块毛角分¥￥]", text[money.start : money.end])
    if bare and not is_priced(text, money) and any(low <= money.value <= high for low, high in known.figures):
        return True  # 额定容量，五千八: 5800毫安时
    return known.basis is not None and is_worked_out(text, money, sums, known.basis)


def _could_follow(text: str, money: Money, known: _Known, borne_out: Sequence[Money] = ()) -> bool:
    """Tell whether some reckoning comes to a sum, asked for or not."""
    if known.basis is None:
        return False
    if could_come_to(text, money, known.basis):
        return True
    before = text[clause(text, money.start, money.end)[0] : money.start]
    return not _LIST.search(before) and is_reckoned(text, money, borne_out, known.basis)


def _behind_the_name(text: str, product: Mapping[str, Any] | None) -> Iterator[Money]:
    """Yield bare figures right behind the product's name: 木鱼尤克里里二百零九，…"""
    name = fold(str((product or {}).get("name") or "")).text.split(" ")[0]
    for _, match in behind(text, [name], _FIGURE) if len(name) >= 3 else ():
        value = parse_number(match["figure"])
        if value is not None and value >= 10:
            yield Money(value, match.start("figure"), match.end(), "")


def has_price(product: Mapping[str, Any] | None) -> bool:
    """Tell whether the record says what the product costs."""
    return product is not None and _number(product.get("price")) is not None


def _known(product: Mapping[str, Any]) -> _Known:
    # A step's note speaks of a sum that is the step's alone. Field by field: a fact that is a bare figure (蓬松度: 700)
    # is no sum of money.
    told = list(_texts({name: field for name, field in product.items() if name != "price_ladder"}))
    words = fold("。".join(told)).text
    others = {money.value for said in told for money in money_in(fold(said).text)}
    others |= {value for name, field in product.items() if "price" in name and (value := _number(field)) is not None}
    others |= {
        value
        for match in re.finditer(rf"(?:满|减|券)({NUMBER})", words)
        if (value := parse_number(match.group(1))) is not None
    }
    price, listed = _number(product.get("price")), _number(product.get("list_price"))
    return _Known(
        price,
        listed,
        frozenset(others),
        frozenset(_multiplied(counts_in(words)) | _pounds_in(words) | _servings_in(words)),
        frozenset(one.value / 500 for one in amounts(words) if one.dimension == "weight" and one.value >= 50),
        frozenset(int(one) for one in re.findall(r"[×x*](\d{1,3})(?![\d.×x*])", words)),
        steps_of(product),
        tuple(_additions(product)),
        frozenset(_figures(fold("。".join(_texts(product.get("facts")))).text)),
        Basis(price, listed, frozenset(others), steps_of(product), record_text(product)) if price is not None else None,
    )


def _additions(product: Mapping[str, Any]) -> Iterator[tuple[float, frozenset[str]]]:
    """Yield what facts ask on top of the price, with the pairs of characters by which a script may name it."""
    facts = product.get("facts")
    for name, value in facts.items() if isinstance(facts, Mapping) else ():
        called, said = fold(str(name)).text, fold(str(value)).text
        # A fee has its word in the value (安装费50元) or in the name (加急费：50元).
        for match in _ADDITION.finditer(f"{called}：{said}" if called.endswith("费") else said):
            number = parse_number(match["sum"])
            if number is not None and number > 0:
                words = re.findall("[\u4e00-\u9fa5a-z0-9]+", f"{called}，{match['what']}")
                yield (
                    number,
                    frozenset(one[at : at + 2] for one in words for at in range(len(one) - 1)) - _OF_ANY_ADDITION,
                )


def _added(text: str, money: Money, known: _Known) -> Iterator[float]:
    """Yield what additions make of the price, of those that are spoken of near a sum: 一张加三十，一共九十八."""
    low, high = sentence(text, money.start, money.end)
    near = text[max(0, low - 40) : high]
    spoken = [value for value, words in known.additions if any(word in near for word in words)]
    # Told by the sum itself, without its name: 加三十，一共九十八.
    spoken += [value for value, _ in known.additions if any(one.value == value for one in money_in(near))]
    added_up = {parse_number(one) for one in re.findall(rf"加({NUMBER})", near)}
    spoken += [value for value, _ in known.additions if value in added_up]
    counts = {1, *(count for count in counts_in(_without_money(near)) if count <= 60)}
    sums = {sum(some) for size in (1, 2, 3) for some in combinations(dict.fromkeys(spoken), size)}
    for added in sums:
        for count in counts:
            base = known.steps.get(count, (known.price or 0) * count)
            yield from (base + added, base + added * count)
            yield from (added * count,)


def _figures(words: str) -> Iterator[tuple[float, float]]:
    for match in re.finditer(rf"(?P<about>约|大约)?(?P<number>{NUMBER})", words):
        value = parse_number(match["number"])
        if value is not None and value >= 10:
            yield (0.98 * value, 1.02 * value) if match["about"] else (value, value)


def _multiplied(counts: set[int]) -> set[int]:
    """Return counts and their products: five packs of eighty are four hundred."""
    return counts | {one * other for one in counts for other in counts if one != other}


def _servings_in(words: str) -> set[int]:
    """Return how often the goods can be used by the record: 5克一泡，50泡."""
    return {int(value) for one in _SERVINGS.findall(words) if (value := parse_number(one)) and value > 1}


def _pounds_in(words: str) -> set[int]:
    """Return the weights on record as whole 斤, in which food is priced: 5 kg are ten."""
    found = set()
    for match in re.finditer(rf"({NUMBER})\s*(kg|公斤|千克|斤)", words):
        value = (parse_number(match.group(1)) or 0) * (1 if match.group(2) == "斤" else 2)
        if value == int(value) and value > 1:
            found.add(int(value))
    return found


def _texts(field: Any) -> Iterator[str]:
    if isinstance(field, str):
        yield field
    elif isinstance(field, Mapping):
        for value in field.values():
            yield from _texts(value)
    elif isinstance(field, (list, tuple)):
        for value in field:
            yield from _texts(value)


def _number(field: Any) -> float | None:
    if isinstance(field, bool) or field is None:
        return None
    try:
        return float(field)
    except (TypeError, ValueError):
        return None


def _follows(text: str, money: Money, known: _Known) -> bool:
    return any(_same(money, value, rounded) for value, rounded in _explanations(text, money, known))


def _explanations(text: str, money: Money, known: _Known) -> Iterator[tuple[float, bool]]:
    """Yield what this sum may be, and whether it may be rounded to whole numbers."""
    price, listed = known.price or 0.0, known.list_price
    before = text[clause(text, money.start, money.end)[0] : money.start]
    low, high = sentence(text, money.start, money.end)
    # Not of the sums themselves: 三十六块八 are no 36 pieces.
    counts = {count for count in counts_in(_without_money(text)[max(0, low - 40) : high]) if count > 1}
    base = [value for value in (price, listed, *known.others) if value is not None]
    if _LIST.search(before) and not _SAVED.search(before):  # 比平时少十四 is the difference
        yield from ((value, False) for value in base if value != price)
        yield from ((value * count, False) for value in base if value != price for count in counts)
        # 五包原价要六十四: one by one, where five together cost less.
        yield from ((price * count, False) for count in counts & known.steps.keys())
        return
    saved = [listed - price] if listed is not None else []
    if _SAVED.search(before):
        yield from ((value, False) for value in [*saved, *(known.others - {price, listed or price})])
        yield from ((value * count, False) for value in saved for count in counts)
        yield from (
            (alone * count - known.steps[count], False)
            for alone in (price, *([listed] if listed else []))
            for count in counts & known.steps.keys()
        )
        yield from ((price * first - other, False) for first in counts for other in known.others)
        return
    # Where several cost less together, only who buys them apart pays the price so many times.
    apart = counts if bought_apart(text, money.start) else counts - known.steps.keys()
    totals = [price * count for count in apart] + [listed * count for count in counts if listed]
    totals += [known.steps[count] for count in counts & known.steps.keys()]
    adds = [last_piece(known.steps, price, count) for count in counts]
    yield from ((value, False) for value in adds if value is not None and "第" in before)
    if _PER_UNIT.search(before) or _EACH.match(text, money.end) or _ASKED_EACH.search(text, 0, low):
        counts |= {
            int(value) for one in _SERVINGS.findall(text[low:high]) if (value := parse_number(one)) and value > 1
        }
        parts: set[float] = counts | {count for count in known.counts if count > 1}
        parts |= {one * other for one in counts for other in known.counts if other > 1}
        parts |= {30 * value for one in _MONTHS.findall(text[low:high]) if (value := parse_number(one))}
        # What a piece comes to is told of the price one pays, not of the one crossed out.
        paid = [value for value in base if value != listed or _LIST.search(text[low : money.start])]
        near = text[max(0, money.start - 8) : money.end + 3]
        if "斤" in near:
            each = 2 if re.search("公斤|千克|kg", near) else 1
            parts |= {pound / each * count for pound in known.pounds for count in counts | known.packs | {1}}
        yield from ((total / part, True) for total in (*paid, *totals) for part in parts)
    yield from ((value, False) for value in (*base, *totals, *saved, *_added(text, money, known)))
    deductions = known.others - {price, listed or price}
    yield from (
        (total - less, False)
        for total in (price, *totals, *([listed] if listed else []))
        for less in deductions
        if total > less
    )


@lru_cache(maxsize=64)
def _without_money(text: str) -> str:
    for money in money_in(text):
        text = f"{text[: money.start]}{'元' * (money.end - money.start)}{text[money.end :]}"
    return text


def _same(money: Money, value: float, rounded: bool) -> bool:
    said = money.value
    if money.approximation == "below":
        return value <= said and said - value <= max(1.0, 0.25 * said)
    if money.approximation == "above":
        # 七块多 is less than eight, 二十多块 less than thirty.
        step = next((step for step in (1000, 100, 10) if said % step == 0), 1)
        return said <= value < said + step
    if money.approximation == "about":
        return abs(value - said) <= max(0.5, 0.1 * said)
    if abs(value - said) < 0.006:
        return True
    return rounded and (abs(value - said) <= min(0.06, 0.2 * said) or (said == int(said) and abs(value - said) <= 0.5))


def _right(text: str, money: Money, known: _Known) -> str | None:
    if money.approximation or known.price is None:
        return None
    before = text[clause(text, money.start, money.end)[0] : money.start]
    if _LIST.search(before):
        value = known.list_price
    elif _SAVED.search(before):
        value = known.list_price - known.price if known.list_price is not None else None
    elif len(told := counts_in(text[slice(*clause(text, money.start, money.end))]) & known.steps.keys()) == 1:
        value = (
            known.steps[told.pop()] if not bought_apart(text, money.start) and not _PER_UNIT.search(before) else None
        )
    elif _PER_UNIT.search(before) or counts_in(text[slice(*clause(text, money.start, money.end))]) - {1}:
        value = None
    else:
        value = known.price
    return f"{_plain(value)}元" if value is not None else None


def _is_a_share(text: str, before: Money, after: Money, sums: list[Money], product: Mapping[str, Any]) -> bool:
    """Tell whether a sum is some price of the sentence or record by some quantity: 两箱十斤五十五，一斤合五块五.

    The quantity must be counted in what the sum is for one of (一斤, 每支).
    """
    low, _ = sentence(text, after.start, after.end)
    unit = re.search(r"[一每单](?P<unit>[\u4e00-\u9fa5])[^，。！？\d]{0,4}$", text[low : after.start])
    if unit is None or after.approximation:
        return False
    said = text[low : after.start]
    quantities = {parse_number(one[1]) for one in re.finditer(rf"({NUMBER}){unit['unit']}", said)}
    prices = {one.value for one in sums if low <= one.start < after.start}
    # 十斤五十五: a bare figure behind a quantity is its price, when the record asks it.
    for step in product.get("price_ladder") or ():
        total = _number(step.get("total")) if isinstance(step, Mapping) else None
        prices |= {total} if total is not None else set()
    return any(_same(after, one / many, True) for one in prices for many in quantities if many is not None and many > 1)


def _sums_that_contradict(text: str, sums: list[Money], product: Mapping[str, Any]) -> Iterator[PriceFault]:
    """Find arithmetic that is wrong by itself: 三件99，一件25; 原价199现价99省120."""
    price = _number(product.get("price"))
    for before, after in pairwise(sums):
        between = text[before.end : after.start]
        if (
            after.start - before.end > 24
            or (after.value == price and not _SHARED.search(between))  # 四袋九十五，一袋二十五块九
            or after.value >= before.value  # no share of it: 一百零九一个，一对二百一十八
            or _LIST.search(between)
            or not _PER_UNIT.search(between)
            or re.search(r"[。！？\n]", between)
        ):
            continue
        low, _ = clause(text, before.start, before.end)
        counts = {count for count in counts_in(text[low : before.start] + "。") if count > 1}
        inner = {count for count in counts_in(between) if count > 1}  # 两盒三十九块八，十二支一盒，合…
        counts = {one * other for one in counts for other in inner} | inner or counts
        counts |= sharers(text[sentence(text, before.start, before.end)[0] : after.start])
        if counts and not after.approximation and not any(_same(after, before.value / count, True) for count in counts):
            if _is_a_share(text, before, after, sums, product):
                continue
            right = min(before.value / count for count in counts)
            yield PriceFault(
                after.start,
                after.end,
                f"算下来不是{_plain(after.value)}元，应为{_plain(right)}元",
                f"{_plain(right)}元",
                grave=False,  # nobody pays it, and of what it is a share is heard in more ways than one
            )
    for first, second, third in zip(sums, sums[1:], sums[2:], strict=False):
        if third.end - first.start > 60 or third.approximation:
            continue
        before_first = text[max(0, first.start - 8) : first.start]
        before_third = text[max(0, third.start - 6) : third.start]
        counts = counts_in(text[first.start : third.end]) - {1}
        if _LIST.search(before_first) and _SAVED.search(before_third) and not counts:
            right = first.value - second.value
            if right > 0 and abs(right - third.value) > 0.006:
                yield PriceFault(third.start, third.end, f"差价应为{_plain(right)}元", f"{_plain(right)}元")


def _described(known: _Known) -> str:
    parts = [f"售价{_plain(known.price)}元"] if known.price is not None else []
    if known.list_price is not None:
        parts.append(f"划线价{_plain(known.list_price)}元")
    parts += [f"{count}件{_plain(total)}元" for count, total in sorted(known.steps.items())]
    return "，".join(parts)


def _plain(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
