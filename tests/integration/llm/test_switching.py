"""Who is asked instead, and when: within a minute of the first failure, whatever the failures are made of.

The deadlines, pauses and policy are the server's own; the sockets are real; only the clock is virtual (a minute of it
takes a moment).
"""

from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from backend.errors import ModelRateExceeded
from backend.ids import new_id
from backend.llm.accounts import CallRecord
from backend.llm.budget import Reservation, Unlimited
from backend.llm.deadlines import Deadlines
from backend.llm.declared import deadlines_of
from backend.llm.gateway import Caller, ChatTurn
from backend.llm.retry import LEFT_WITHIN
from backend.llm.routed import RoutedModel
from backend.settings import Settings
from tests.support.routed_models import REQUEST, opened, route_of, routed, text_of
from tests.support.scripted_model import Script, scripted_model
from tests.support.virtual import VirtualLoop

GOOD = Script("text", text="好，上链接。")
#: As a server without any setting has them.
USUAL = deadlines_of(Settings(_env_file=None))
#: Milliseconds that the clock may show more than passes by the policy: nothing, but for rounding.
ROUNDED = 5


async def asked(plays: Sequence[Sequence[Script]], waits: Deadlines, *, streamed: bool) -> CallRecord:
    """Ask a route of backends of which each plays these scripts in turn, its last one over and over."""
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(scripted_model()) for _ in plays]
        for number, (server, scripts) in enumerate(zip(servers, plays, strict=True)):
            server.play(*scripts[:-1])
            server.by_model["scripted" if number == 0 else f"scripted-{number}"] = scripts[-1]
        model = await stack.enter_async_context(routed(route_of(*servers), **waits.plain()))
        said = text_of(await model.ask()) if streamed else (await model.model.complete(REQUEST)).text
        assert said == GOOD.text
        (record,) = model.records
        return record


def played(plays: Sequence[Sequence[Script]], waits: Deadlines = USUAL, *, streamed: bool) -> CallRecord:
    return virtually(asked(plays, waits, streamed=streamed))


def virtually(asking: Coroutine[Any, Any, CallRecord]) -> CallRecord:
    loop = VirtualLoop(patience=0.01)
    try:
        return loop.run_until_complete(asking)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def late(record: CallRecord) -> tuple[int, int]:
    """The milliseconds from the first failure, and from the beginning, until the last backend was asked: it answers at
    once."""
    return record.total_ms - record.hops[0].elapsed_ms, record.total_ms


STALL = Script("stall", count=0)
delays = st.sampled_from([0.0, 0.5, 5.0, 12.0, 19.0, 30.0, 55.0])
failing = st.one_of(
    st.builds(
        lambda status, after, delay: Script("status", status=status, retry_after=after, first_delay=delay),
        st.sampled_from([429, 500, 503, 529, 401, 404]),
        st.sampled_from([None, "0", "1", "1.9", "2", "5", "600"]),
        delays,
    ),
    st.builds(lambda kind, delay: Script(kind, count=0, first_delay=delay),
              st.sampled_from(["cut", "abrupt_end", "malformed", "half_json", "error_event", "stall"]), delays),
    # Something comes all the time and never enough.
    st.just(Script("tokens", count=3000, delay=0.5)),
    st.just(Script("tokens", first_delay=400, keepalive=5)),
)  # fmt: skip
backend = st.lists(failing, min_size=1, max_size=4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plays=st.lists(backend, min_size=1, max_size=3), streamed=st.booleans())
# The mixes a review found: two retries and then silence; silence of each layer; a slow failure and then silence.
@example(plays=[[Script("status", status=500, first_delay=9), Script("status", status=500, first_delay=9), STALL]],
         streamed=False)  # fmt: skip
@example(plays=[[Script("status", status=429, retry_after="2"), Script("cut", count=0, first_delay=12), STALL]],
         streamed=False)  # fmt: skip
@example(plays=[[STALL], [STALL]], streamed=False)
@example(plays=[[Script("status", status=503), STALL], [Script("status", status=503), STALL], [STALL]], streamed=False)
@example(plays=[[Script("status", status=500, first_delay=55), STALL], [STALL]], streamed=False)
def test_by_default_the_last_model_is_asked_within_a_minute_of_the_first_failure(
    plays: list[list[Script]], *, streamed: bool
) -> None:
    if streamed:
        # A stream that shows its text is no failure until it ends.
        plays = [[one for one in scripts if one.kind != "tokens" or one.first_delay] or [STALL] for scripts in plays]
    record = played([*plays, [GOOD]], streamed=streamed)
    assert (record.status, record.backend) == ("completed", f"b{len(plays)}")
    after_failure, _ = late(record)
    assert after_failure <= USUAL.switch * 1000 + ROUNDED, record.hops
    # … and every backend between was asked: none was passed over because another took its time.
    assert {hop.backend for hop in record.hops} == {f"b{number}" for number in range(len(plays))}
    assert record.attempts >= len(plays) + 1


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
def test_who_says_nothing_at_all_is_left_within_a_minute_of_being_asked(*, streamed: bool) -> None:
    record = played([[STALL], [GOOD]], streamed=streamed)
    within = (USUAL.switch - 1) * 1000  # hanging up takes its time too
    assert late(record)[1] <= within
    record = played([[Script(first_delay=500, keepalive=3)], [GOOD]], streamed=streamed)
    assert late(record)[1] <= within


def test_one_who_asks_alone_waits_five_times_for_a_model_that_hangs_and_not_for_ever() -> None:
    async def ask() -> CallRecord:
        async with scripted_model() as first, scripted_model() as second:
            first.by_model["scripted"], second.by_model["scripted-1"] = STALL, GOOD
            async with routed(route_of(first, second), **USUAL.plain()) as model:
                caller = Caller(new_id())
                for n in range(6):
                    asked = replace(REQUEST, caller=caller, turns=[ChatTurn("user", f"第{n}次")])
                    assert (await model.model.complete(asked)).text == GOOD.text
                assert all(record.total_ms > 50_000 for record in model.records[:5])
                return model.records[-1]

    record = virtually(ask())
    assert [hop.reason for hop in record.hops] == ["resting"]
    assert record.total_ms < 5_000


def test_who_has_begun_to_think_has_come_back_and_may_think_on() -> None:
    thinks = Script("cut", count=0, reasoning="想" * 280, thinking=1.0)
    slow = Script("text", text=GOOD.text, first_delay=15)
    plays = [[Script("status", status=503), thinks, Script("status", status=401)], [slow], [GOOD]]
    record = played(plays, streamed=True)
    assert [hop.reason for hop in record.hops] == ["overloaded", "cut"]
    assert record.hops[1].elapsed_ms > 65_000, "it thought for longer than others are waited for"
    assert record.backend == "b1", "what it failed of then is another failure: who comes next has time of its own"


def test_the_time_is_shared() -> None:
    silent = [Script("status", status=503), STALL]
    record = played([silent, [STALL], [STALL], [GOOD]], streamed=False)
    last = {hop.backend: hop.elapsed_ms for hop in record.hops}
    spent = [last["b0"], last["b1"] - last["b0"], last["b2"] - last["b1"]]
    third = USUAL.switch * 1000 * LEFT_WITHIN / 3
    assert all(abs(one - third) < 1000 for one in spent), spent


def test_waiting_for_room_is_no_fault_of_the_model() -> None:
    slow = Script("text", text=GOOD.text, first_delay=45)

    class Waiting(Unlimited):
        refused = False

        async def reserve(self, wanted: Reservation) -> None:
            if not self.refused:
                self.refused = True
                raise ModelRateExceeded(retry_after_ms=25_000, reason="tokens_per_minute")

    async def ask() -> CallRecord:
        async with scripted_model() as first, scripted_model() as second:
            first.by_model["scripted"] = slow
            records: list[CallRecord] = []
            model = RoutedModel(route_of(first, second), opened, USUAL, records.append, Waiting())
            await model.complete(replace(REQUEST, caller=Caller(new_id(), patience=30)))
            await model.aclose()
        return records[0]

    record = virtually(ask())
    assert (record.backend, record.hops) == ("b0", ())
    assert record.total_ms >= 70_000


def test_alone_a_model_has_all_the_time_there_is() -> None:
    slow = Script("text", text=GOOD.text, first_delay=59)
    record = played([[Script("status", status=500, first_delay=30), slow]], streamed=False)
    assert (record.status, record.attempts) == ("completed", 2)


def test_a_healthy_model_that_takes_its_time_is_not_left() -> None:
    slow = Script("text", text=GOOD.text, first_delay=50)
    record = played([[slow], [Script("status", status=500)]], streamed=False)
    assert (record.backend, record.hops) == ("b0", ())
    # A retry too has what is left of the minute.
    record = played([[Script("status", status=500), slow], [Script("status", status=500)]], streamed=False)
    assert (record.backend, record.attempts) == ("b0", 2)
