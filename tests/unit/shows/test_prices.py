"""What several pieces cost fits what one costs, or the step that does not is named."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.prices import PriceStep, price_faults, require_fitting
from backend.errors import PricesOff


def codes(price: str | None, *steps: tuple[int, str] | tuple[int, str, str]) -> list[tuple[int | None, str]]:
    ladder = [PriceStep(one[0], Decimal(one[1]), *one[2:]) for one in steps]
    return [(fault.place, fault.code) for fault in price_faults(Decimal(price) if price else None, None, ladder)]


@pytest.mark.parametrize(
    ("price", "steps"),
    [
        ("99", [(2, "179"), (3, "249")]),
        ("99", [(1, "99"), (2, "198")]),  # says no more than the price does, and nothing false
        ("99", [(3, "249"), (2, "179")]),  # in any order
        ("99", [(2, "99", "买一送一")]),
        ("79.9", [(2, "119.85", "第二件半价")]),
        ("100", [(2, "180", "第2件8折"), (3, "180", "第三件0元")]),
        ("100", [(2, "110", "第二件只要10元")]),
        ("49.9", [(2, "89.8", "第二件八折")]),  # rounded
        ("100", [(2, "199", "前一百名")]),  # a note that says no sum
    ],
)
def test_a_ladder_that_fits_is_taken(price: str, steps: list[tuple[int, str]]) -> None:
    assert codes(price, *steps) == []


@pytest.mark.parametrize(
    ("price", "steps", "found"),
    [
        (None, [(2, "179")], [(0, "ladder_no_price")]),
        ("99", [(2, "179"), (2, "178")], [(1, "ladder_repeats")]),
        ("99", [(1, "89")], [(0, "ladder_single")]),
        ("99", [(2, "90")], [(0, "ladder_falls")]),
        ("99", [(2, "179"), (3, "170")], [(1, "ladder_falls")]),
        ("99", [(2, "199")], [(0, "ladder_dearer")]),
        ("99", [(2, "150"), (4, "301")], [(1, "ladder_dearer")]),  # twice two pieces
        ("99", [(2, "150"), (3, "250")], [(1, "ladder_dearer")]),  # two pieces and one
        ("100", [(2, "160", "第二件半价")], [(0, "ladder_note")]),
        ("100", [(2, "180"), (3, "270", "第三件免费")], [(1, "ladder_note")]),
    ],
)
def test_a_step_that_does_not_fit_is_named(
    price: str | None, steps: list[tuple[int, str]], found: list[tuple[int, str]]
) -> None:
    assert codes(price, *steps) == found


def test_a_refusal_names_the_fields() -> None:
    with pytest.raises(PricesOff) as refused:
        require_fitting(Decimal(99), Decimal(90), [PriceStep(2, Decimal(199))])
    errors = refused.value.details["errors"]
    assert [(one["field"], one["type"]) for one in errors] == [
        ("body.list_price", "list_price_low"),
        ("body.price_ladder.0.total", "ladder_dearer"),
    ]
    assert errors[1]["limits"] == {"quantity": 2, "cheaper": 198.0}


@given(
    price=st.integers(1, 500),
    steps=st.dictionaries(st.integers(2, 30), st.integers(1, 15_000), min_size=1, max_size=5),
)
def test_nobody_pays_less_by_buying_in_smaller_lots(price: int, steps: dict[int, int]) -> None:
    ladder = [PriceStep(quantity, Decimal(total)) for quantity, total in steps.items()]
    if price_faults(Decimal(price), None, ladder):
        return
    lots = {1: price} | steps
    for one, one_costs in lots.items():
        for two, two_costs in lots.items():
            if one + two in lots:
                assert lots[one + two] <= one_costs + two_costs
            if one < two:
                assert one_costs <= two_costs
