"""What a product costs: alone, before, and several together; and whether these sums fit each other."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from backend.errors import PricesOff

#: So many steps a ladder may have, and so many pieces a step may be for.
MAX_STEPS: Final = 12
MAX_QUANTITY: Final = 999

#: What a note says of the last piece: 第二件半价, 第3件5折, 第二件免费, 第二件只要9.9元.
_LAST_PIECE: Final = re.compile(
    r"第(?P<nth>[二两三四五六七八九2-9])[件个份盒瓶袋支包套条双箱]"
    r"(?:(?P<half>半价)|(?P<free>免费|不要钱|白送|[0零]元)|(?P<tenths>[1-9](?:\.[0-9])?|[一二三四五六七八九])折|"
    r"(?:只要|只|加|仅|仅需)?(?P<yuan>[0-9]+(?:\.[0-9]{1,2})?)[元块])"
)
_NUMERALS: Final = {numeral: value for value, numeral in enumerate("一二三四五六七八九", 1)} | {"两": 2}
_FEN: Final = Decimal("0.01")
#: How far a sum may stand from what its note says exactly: 第二件八折 of 49.9 is 89.82, and people ask 89.8 or 89.9.
_ROUNDED_DOWN: Final = Decimal(1)
_ROUNDED_UP: Final = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class PriceStep:
    """What `quantity` pieces cost together, in yuan; `note` is what has to be done for it, or how it is put."""

    quantity: int
    total: Decimal
    note: str = ""


@dataclass(frozen=True)
class PriceFault:
    """A sum that does not fit the others. `code` is stable; `place` is the step's index, None for the list price."""

    code: str
    message: str
    place: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def price_faults(price: Decimal | None, list_price: Decimal | None, ladder: Sequence[PriceStep]) -> list[PriceFault]:
    """Return what does not add up.

    `list_price_low`: the list price is below the price. `ladder_no_price`: steps without the price of one.
    `ladder_repeats`: a quantity stands twice. `ladder_single`: the step for one is not the price. `ladder_falls`: more
    pieces cost less. `ladder_dearer`: bought in smaller lots the same pieces cost less. `ladder_note`: the note's sum
    is another.
    """
    faults = []
    if price is not None and list_price is not None and list_price < price:
        faults.append(PriceFault("list_price_low", "the list price is below the price"))
    if not ladder:
        return faults
    if price is None:
        return [*faults, PriceFault("ladder_no_price", "a price ladder needs the price of one piece", 0)]
    # Without a step of its own one piece costs the price.
    before = {1: price}
    seen: set[int] = set()
    for place, step in sorted(enumerate(ladder), key=lambda one: one[1].quantity):
        fault = _fault(place, step, price, before, seen)
        if fault is not None:
            faults.append(fault)
        else:
            before[step.quantity] = step.total
        seen.add(step.quantity)
    return sorted(faults, key=lambda one: -1 if one.place is None else one.place)


def _fault(
    place: int, step: PriceStep, price: Decimal, before: Mapping[int, Decimal], seen: set[int]
) -> PriceFault | None:
    pieces = {"quantity": step.quantity}
    if step.quantity in seen:
        return PriceFault("ladder_repeats", "this quantity stands twice", place, pieces)
    if step.quantity == 1:
        single = PriceFault(
            "ladder_single", "one piece costs another sum than the price", place, {"price": float(price)}
        )
        return single if step.total != price else None
    fewer, cheapest = max(before.values()), _cheapest(step.quantity, before)
    said = _said(step, price, before)
    if step.total < fewer:
        text, details = "more pieces cost less than fewer", {**pieces, "fewer": float(fewer)}
        return PriceFault("ladder_falls", text, place, details)
    if step.total > cheapest:
        text, details = "bought in smaller lots it costs less", {**pieces, "cheaper": float(cheapest)}
        return PriceFault("ladder_dearer", text, place, details)
    if said is not None and not -_ROUNDED_DOWN < step.total - said <= _ROUNDED_UP:
        return PriceFault("ladder_note", "the note's sum is another", place, {**pieces, "said": float(said)})
    return None


def _cheapest(quantity: int, lots: Mapping[int, Decimal]) -> Decimal:
    """Return what exactly so many pieces cost in the cheapest way of buying them in these lots (one is among them)."""
    cost = [Decimal(0)]
    for pieces in range(1, quantity + 1):
        cost.append(min(cost[pieces - lot] + total for lot, total in lots.items() if lot <= pieces))
    return cost[quantity]


def _said(step: PriceStep, price: Decimal, before: Mapping[int, Decimal]) -> Decimal | None:
    """Return what the pieces cost by the note, when it speaks of the last of them."""
    match = _LAST_PIECE.search(re.sub(r"\s", "", step.note))
    if match is None or _number(match["nth"]) != step.quantity:
        return None
    rest = before.get(step.quantity - 1, price * (step.quantity - 1))
    if match["half"]:
        return rest + (price / 2).quantize(_FEN)
    if match["free"]:
        return rest
    if match["tenths"]:
        return rest + (price * _number(match["tenths"]) / 10).quantize(_FEN)
    return rest + Decimal(match["yuan"])


def _number(text: str) -> Decimal:
    return Decimal(_NUMERALS.get(text, 0)) or Decimal(text)


def require_fitting(price: Decimal | None, list_price: Decimal | None, ladder: Sequence[PriceStep]) -> None:
    """Refuse prices that do not add up.

    Raises:
        PricesOff: `errors` names the fields, as those of a malformed body are named.
    """
    faults = price_faults(price, list_price, ladder)
    if faults:
        raise PricesOff(
            errors=[
                {"field": _field_of(fault), "message": fault.message, "type": fault.code, "limits": dict(fault.details)}
                for fault in faults
            ]
        )


def _field_of(fault: PriceFault) -> str:
    if fault.place is None:
        return "body.list_price"
    part = {"ladder_note": "note", "ladder_repeats": "quantity"}.get(fault.code, "total")
    return f"body.price_ladder.{fault.place}.{part}"
