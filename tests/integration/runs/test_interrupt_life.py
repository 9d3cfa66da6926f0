"""The life of an interrupt, as a state machine of people and clock against the real database.

Whatever order they act in: one outcome, one resume job, an audit entry for each act, a version that only grows.
"""

import asyncio
import os
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backend.domain import audit
from backend.domain.people import Identity
from backend.errors import AppError
from backend.ids import new_id
from backend.protocol.commands import Cancel, Claim, Decision, Extend, InterruptResponse, Release, SendMessage, Undo
from backend.runs import claims, interrupts, start
from backend.runs.start import Done
from backend.storage.embedded import EmbeddedValkey
from tests.support.waiting import SETTINGS, Office, open_office

STEP, LIMIT, TTL, URGENT = 600.0, 3000.0, 1800.0, 300.0
STATUS = {"approve": "approved", "edit": "edited", "reject": "rejected", "respond": "responded"}

who = st.sampled_from(["author", "one", "two"])


class Life(RuleBasedStateMachine):
    """Times are seconds from now, minutes apart, so that the time the test itself takes does not matter."""

    database_url: str
    redis_url: str

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()

    def wait(self, work: Awaitable[Any]) -> Any:
        async def waited() -> Any:
            return await work

        return self.loop.run_until_complete(waited())

    @initialize(held=st.booleans(), four_eyes=st.booleans())
    def begin(self, held: bool, four_eyes: bool) -> None:
        self.office: Office = self.wait(
            self.stack.enter_async_context(open_office(self.database_url, self.redis_url, connections=2))
        )
        self.wait(self.office.policies(extension_step=STEP, extension_limit=LIMIT, four_eyes=four_eyes))
        self.held, self.four_eyes = held, four_eyes
        self.waiting = self.wait(self.office.waiting(ttl=TTL, hold=URGENT if held else None))
        self.id = self.waiting.interrupt_id
        self.status, self.version, self.run, self.resumes = "pending", 1, "waiting", 0
        self.holder: str | None = None
        self.lapsed = self.late = self.urgent = False
        self.claimed_version = 0
        self.end, self.most = TTL, LIMIT
        self.acts: list[str] = []
        self.done: list[tuple[Any, Done]] = []

    def teardown(self) -> None:
        if hasattr(self, "office"):

            async def sealed() -> int | None:
                async with self.office.db.tenant(self.office.tenant_id) as conn:
                    return await audit.verify(conn)

            assert self.wait(sealed()) is None
        self.wait(self.stack.aclose())
        self.loop.close()

    # What people do ----------------------------------------------------------------------------------------------

    @rule(who=who, take_over=st.booleans())
    def claim(self, who: str, take_over: bool) -> None:
        command = Claim(id=new_id(), interrupt_id=self.id, take_over=take_over)
        free = self.holder in (None, who) or self.lapsed or take_over
        expected = self._closed() or (None if free else "already_claimed")
        self._do(claims.claim, SETTINGS, who=who, command=command, expected=expected)
        if expected is None and (self.holder != who or self.lapsed):
            self._acted("claimed" if self.holder in (None, who) or self.lapsed else "taken_over")
            self.claimed_version = self.version
        if expected is None:
            self.holder, self.lapsed = who, False

    @rule(who=who)
    def release(self, who: str) -> None:
        mine = self.status == "pending" and self.holder == who
        self._do(
            claims.release,
            who=who,
            command=Release(id=new_id(), interrupt_id=self.id),
            expected=None if mine else self._closed() or "not_claimed",
        )
        if mine:
            self.holder, self.lapsed = None, False
            self._acted("released")

    @rule(who=who)
    def extend(self, who: str) -> None:
        expected = self._closed() or (None if self.end < self.most else "extension_exhausted")
        command = Extend(id=new_id(), interrupt_id=self.id)
        self._do(claims.extend, SETTINGS, who=who, command=command, expected=expected)
        if expected is None:
            self.end, self.urgent = min(self.end + STEP, self.most), False
            self._acted("extended")

    @rule(
        who=who,
        decision=st.sampled_from(["approve", "edit", "reject", "respond"]),
        version=st.sampled_from([None, "first", "latest"]),
    )
    def decide(self, who: str, decision: Decision, version: str | None) -> None:
        command = InterruptResponse(
            id=new_id(),
            thread_id=self.waiting.thread_id,
            interrupt_id=self.id,
            decision=decision,
            content="稿件" if decision in ("edit", "respond") else None,
            version={"first": 1, "latest": self.version}.get(version or ""),
        )
        unseen = self.holder not in (None, who) and not self.lapsed and (command.version or 99) < self.claimed_version
        expected = None
        if self.status != "pending":
            expected = self._closed()
        elif self.held:
            expected = "decision_not_allowed"
        elif self.four_eyes and who == "author" and decision in ("approve", "edit"):
            expected = "four_eyes"
        elif unseen:
            expected = "version_conflict"
        elif self.late:
            expected = "interrupt_expired"
        self._do(interrupts.decide, SETTINGS, who=who, command=command, expected=expected)
        if expected is None:
            self._ended(STATUS[decision], decision)

    @rule(who=who)
    def undo(self, who: str) -> None:
        expected = None
        if not self.held:
            expected = "decision_not_allowed"
        elif self.status != "pending" or self.late:
            expected = "already_resolved"
        self._do(interrupts.call_back, who=who, command=Undo(id=new_id(), interrupt_id=self.id), expected=expected)
        if expected is None:
            self._ended("rejected", "undo")

    @precondition(lambda self: len(self.acts) > 1)
    @rule(who=who)
    def cancel(self, who: str) -> None:
        command = Cancel(id=new_id(), thread_id=self.waiting.thread_id, run_id=self.waiting.run.id)
        expected = None if self.run in ("waiting", "queued") else "not_found"
        self._do(start.cancel, self.office.cache, who=who, command=command, expected=expected)
        self._withdrawn()

    @precondition(lambda self: self.run in ("waiting", "queued") and len(self.acts) > 1)
    @rule(who=who)
    def ask_for_something_else_instead(self, who: str) -> None:
        command = SendMessage(
            id=new_id(), thread_id=self.waiting.thread_id, content="算了，写促销", multitask="interrupt"
        )
        person = self._person(who)
        self.wait(start.send_message(self.office.db, self.office.cache, person, command, "test", at_most=100))
        self._withdrawn()

    @precondition(lambda self: bool(self.done))
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        """The answer to a command was lost: the same command gets the same answer and does nothing."""
        again, first = data.draw(st.sampled_from(self.done))
        repeated = self.wait(again())
        assert (repeated.duplicate, repeated.result) == (True, first.result)

    # What the clock does -----------------------------------------------------------------------------------------

    @precondition(lambda self: self.status == "pending" and not self.held and not self.late)
    @rule()
    def the_end_comes_near(self) -> None:
        self._shift(expires_at=URGENT - 100, created_at=-1000.0)
        self.end, self.most = URGENT - 100, LIMIT - 1000

    @precondition(lambda self: self.status == "pending" and not self.late)
    @rule()
    def the_end_comes(self) -> None:
        self._shift(**{"on_air_at" if self.held else "expires_at": -0.001})
        self.late = True

    @precondition(lambda self: self.status == "pending" and self.holder is not None and not self.lapsed)
    @rule()
    def the_claim_ends(self) -> None:
        self._shift(claimed_until=-0.001)
        self.lapsed = True

    @rule()
    def tick(self) -> None:
        """The sweep comes by."""

        async def due() -> list[str]:
            async with self.office.db.system() as conn:
                rows = await conn.fetch("SELECT * FROM system_interrupt_timers(make_interval(secs => $1))", URGENT)
            return [row["due"] for row in rows if row["interrupt_id"] == self.id]

        expected = self._due()
        assert self.wait(due()) == ([expected] if expected else [])
        # Each worker looks for itself, and acts on what it saw a moment ago: only what is due happens.
        db, tenant = self.office.db, self.office.tenant_id
        happened = {
            "expired": self.wait(interrupts.expire(db, tenant, self.id)),
            "on_air": self.wait(interrupts.go_on_air(db, tenant, self.id)),
            "returned": self.wait(claims.return_claim(db, tenant, self.id)) if expected == "returned" else False,
            "escalated": self.wait(claims.escalate(db, SETTINGS, tenant, self.id)) if expected != "returned" else False,
        }
        assert [what for what, so in happened.items() if so] == ([expected] if expected else [])
        if expected == "expired":
            self._ended("expired", "expired")
        elif expected == "on_air":
            self._ended("approved", "on_air")
        elif expected == "returned":
            self.holder, self.lapsed = None, False
            self._acted("returned")
        elif expected == "escalated":
            self.urgent = True
            self._acted("escalated")

    # What must hold ----------------------------------------------------------------------------------------------

    @invariant()
    def the_database_says_the_same(self) -> None:
        if not hasattr(self, "waiting"):
            return
        row = self.wait(self.waiting.row())
        assert (row["status"], row["version"]) == (self.status, self.version)
        assert self.wait(self.waiting.audited()) == self.acts
        assert self.wait(self.waiting.jobs()) == self.resumes <= 1
        events = self.wait(self.waiting.events("interrupt_updated", "interrupt_resolved", "interrupt_expired"))
        ended = [event for event in events if event["type"] != "interrupt_updated"]
        assert len(ended) == (self.status != "pending")
        versions = [v for event in events if (v := orjson.loads(event["payload"]).get("version")) is not None]
        assert versions == sorted(set(versions)), "a version came twice or went back"
        owner = self.office.owner
        run = self.wait(owner.fetchval("SELECT status FROM runs WHERE id = $1", self.waiting.run.id))
        assert run == self.run

    # The model ---------------------------------------------------------------------------------------------------

    def _closed(self) -> str | None:
        """Why nothing can be claimed or extended, as far as time and outcome go."""
        if self.status == "pending" and not self.late:
            return "decision_not_allowed" if self.held else None
        over = self.status in ("pending", "expired") and not self.held
        return "interrupt_expired" if over else "already_resolved"

    def _due(self) -> str | None:
        if self.status != "pending":
            return None
        if self.late:
            return "on_air" if self.held else "expired"
        if self.lapsed:
            return "returned"
        return "escalated" if self.end < URGENT and not self.urgent and not self.held else None

    def _acted(self, act: str) -> None:
        self.acts.append(act)
        self.version += 1

    def _ended(self, status: str, act: str) -> None:
        self._acted(act)
        self.status = status
        if self.run == "waiting":
            self.run, self.resumes = "queued", self.resumes + 1

    def _withdrawn(self) -> None:
        if self.status == "pending":
            self.status, self.version = "cancelled", self.version + 1
        if self.run in ("waiting", "queued"):
            self.run = "cancelled"

    def _person(self, who: str) -> Identity:
        person: Identity = getattr(self.office, who)
        return person

    def _shift(self, **columns: float) -> None:
        # In one moment: two would stand a little further apart than they are told to.
        moved = ", ".join(f"{name} = now() + make_interval(secs => {seconds})" for name, seconds in columns.items())
        self.wait(self.office.owner.execute(f"UPDATE interrupts SET {moved} WHERE id = $1", self.id))

    def _do(self, act: Any, *given: Any, who: str, command: Any, expected: str | None) -> None:
        person = self._person(who)

        def carry_out() -> Awaitable[Done]:
            done: Awaitable[Done] = act(self.office.db, *given, person, command)
            return done

        if expected is None:
            self.done.append((carry_out, self.wait(carry_out())))
            return
        with pytest.raises(AppError) as refused:
            self.wait(carry_out())
        assert refused.value.code == expected


def test_an_interrupt_has_one_outcome_whatever_people_and_clock_do(
    runs_database_url: str, valkey_server: EmbeddedValkey
) -> None:
    """`EXAMPLES=500` in the environment looks for longer."""
    Life.database_url, Life.redis_url = runs_database_url, valkey_server.url
    examples = int(os.environ.get("EXAMPLES", "0"))
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=examples or 30,
            stateful_step_count=25,
            deadline=None,
            derandomize=not examples,
            suppress_health_check=list(HealthCheck),
        ),
    )
