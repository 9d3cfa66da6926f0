"""A run reads hosts and products of the catalogue as it was when its first step looked, or newer; never older."""

from dataclasses import replace
from decimal import Decimal

from backend.domain.products import get_product, update_product
from backend.graph.catalogue import stamp_for
from backend.ids import new_id
from backend.telemetry.metrics import REGISTRY
from tests.integration.graph.conftest import Desk

OPENING = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"


def read_from_the_database() -> float:
    return REGISTRY.get_sample_value("cuedesk_profiles_asked_total", {"found": "database"}) or 0


async def reprice(desk: Desk, price: int) -> None:
    async with desk.db.tenant(desk.tenant_id) as conn:
        version = (await get_product(conn, desk.cup)).version
        await update_product(conn, desk.cup, version, {"price": Decimal(price)})


async def test_the_second_run_finds_host_product_and_names_at_hand_and_an_edit_is_in_the_next(desk: Desk) -> None:
    await desk.ask(OPENING)
    await desk.decide("approve")
    read = read_from_the_database()
    await desk.ask(OPENING)
    await desk.decide("approve")
    assert read_from_the_database() == read
    assert desk.state["product"]["price"] == 89
    await reprice(desk, 79)
    await desk.ask(OPENING)
    assert desk.state["product"]["price"] == 79
    assert desk.model.asked[-1].brief["product"]["price"] == 79


async def test_whoever_goes_on_from_an_old_step_asks_again_what_holds(desk: Desk) -> None:
    await desk.ask(OPENING)
    first = await stamp_for(desk.state, desk.context)  # type: ignore[arg-type]
    await reprice(desk, 79)
    here = desk.context
    assert await stamp_for(desk.state, here) == first  # type: ignore[arg-type]
    # Taken over by another worker; begun from a step of this one; from a step that a release before this one kept.
    elsewhere = [
        await stamp_for(desk.state, replace(here, attempt=2)),  # type: ignore[arg-type]
        await stamp_for(desk.state, replace(here, run_id=new_id())),  # type: ignore[arg-type]
        await stamp_for({}, here),
    ]
    assert len(set(elsewhere)) == 1
    assert elsewhere[0] not in (None, first)
