"""A graph that asks several questions at once: each is answered and expires alone, nothing is asked or done twice."""

import asyncio
import contextlib
import operator
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send, interrupt

from backend.domain import effects, runs
from backend.domain.interrupts import withdraw
from backend.errors import AlreadyResolved
from backend.fanout.live_text import LiveTexts
from backend.graph.state import GraphContext
from backend.ids import derived_id, new_id
from backend.protocol.commands import InterruptResponse
from backend.protocol.events import MessageStarted, Token
from backend.quality.rulebooks import RuleBooks
from backend.runs import history, interrupts
from backend.runs.lease import Leases
from backend.runs.runner import Runner, RunnerParts
from backend.storage.checkpoints import create_tables, open_checkpoints
from backend.storage.embedded import EmbeddedValkey
from tests.support.databases import DatabaseFactory
from tests.support.waiting import SETTINGS, Office, open_office


class Asked(TypedDict, total=False):
    request: dict[str, Any]
    answers: Annotated[list[dict[str, Any]], operator.add]
    outcome: str


#: Runs whose graph fails when it gets an answer.
failing: set[UUID] = set()
#: Runs whose graph says what nothing can store, and fails.
unstorable: set[UUID] = set()


async def ask(state: dict[str, Any], runtime: Runtime[GraphContext]) -> Asked:
    context = runtime.context
    if context.run_id in unstorable:
        said = {"message_id": derived_id(context.run_id), "agent": "ask"}
        assert context.say is not None
        context.say(MessageStarted.model_validate(said))
        context.say(Token.model_validate({**said, "attempt": 1, "i": 0, "content": "a\0b"}))
        raise RuntimeError("a fault of the graph")
    answer = interrupt(
        {
            "kind": "script_approval",
            "action": "publish_script",
            "params": {"content": f"第 {state['n']} 段"},
            "allowed": ["approve", "reject", "respond"],
        }
    )
    if runtime.context.run_id in failing:
        raise RuntimeError("a fault of the graph")
    return {"answers": [{"n": state["n"], **answer}]}


async def done(state: Asked, runtime: Runtime[GraphContext]) -> Asked:
    context = runtime.context
    async with context.db.tenant(context.tenant_id) as conn:
        await effects.record(conn, f"done:{context.run_id}", {"answers": state["answers"]})
    return {"outcome": "completed"}


def parallel_reviews() -> Any:
    """One review for each of `request.questions`, all at once, then an effect that must happen once."""
    graph = StateGraph(Asked, context_schema=GraphContext)
    graph.add_node("ask", ask)
    graph.add_node("done", done)

    async def each(state: Asked) -> list[Send]:
        return [Send("ask", {"n": n}) for n in range(state["request"]["questions"])]

    graph.add_conditional_edges(START, each, ["ask"])
    graph.add_edge("ask", "done")
    graph.add_edge("done", END)
    return graph.compile()


@dataclass(frozen=True)
class Show:
    """An office with a worker that is led by hand."""

    office: Office
    runner: Runner

    async def begin(self, questions: int, *, unstorable_words: bool = False) -> UUID:
        office = self.office
        thread_id = new_id()
        async with office.db.tenant(office.tenant_id) as conn:
            await conn.execute("INSERT INTO threads (id, graph_version) VALUES ($1, 'test')", thread_id)
            run_id = await runs.insert_run(
                conn, office.tenant_id, thread_id, office.author.user_id, {"questions": questions}, "test", "queued"
            )
        if unstorable_words:
            unstorable.add(run_id)
        await self.runner.carry_on(office.tenant_id, run_id)
        return run_id

    async def work(self, run_id: UUID) -> None:
        await self.runner.carry_on(self.office.tenant_id, run_id)

    async def rows(self, run_id: UUID) -> list[Any]:
        return list(
            await self.office.owner.fetch(
                "SELECT * FROM interrupts WHERE run_id = $1 ORDER BY params->>'content'", run_id
            )
        )

    async def answer(self, row: Any, decision: str) -> None:
        command = InterruptResponse(
            id=new_id(),
            thread_id=row["thread_id"],
            interrupt_id=row["id"],
            decision=decision,  # type: ignore[arg-type]
            content="再短一点" if decision == "respond" else None,
        )
        await interrupts.decide(self.office.db, SETTINGS, self.office.one, command)

    async def expire(self, row: Any) -> None:
        await self.office.owner.execute(
            "UPDATE interrupts SET expires_at = clock_timestamp() WHERE id = $1 AND status = 'pending'", row["id"]
        )
        assert await interrupts.expire(self.office.db, self.office.tenant_id, row["id"])

    async def status(self, run_id: UUID) -> str:
        status: str = await self.office.owner.fetchval("SELECT status FROM runs WHERE id = $1", run_id)
        return status

    async def answers(self, run_id: UUID) -> dict[int, dict[str, Any]] | None:
        """What the graph was told for each question, from the effect at its end."""
        result = await self.office.owner.fetchval("SELECT result FROM effects WHERE key = $1", f"done:{run_id}")
        return None if result is None else {one.pop("n"): one for one in orjson.loads(result)["answers"]}

    async def told(self, run_id: UUID) -> Counter[str]:
        rows = await self.office.owner.fetch(
            "SELECT type FROM thread_events WHERE run_id = $1 AND type LIKE 'interrupt%'", run_id
        )
        return Counter(row["type"] for row in rows)


@pytest.fixture(scope="module")
def questions_database_url(databases: DatabaseFactory) -> Iterator[str]:
    with databases.fresh() as url:
        asyncio.run(create_tables(url))
        yield url


@contextlib.asynccontextmanager
async def open_show(database_url: str, redis_url: str) -> AsyncIterator[Show]:
    async with contextlib.AsyncExitStack() as stack:
        office = await stack.enter_async_context(open_office(database_url, redis_url))
        checkpoints = await stack.enter_async_context(open_checkpoints(database_url, size=4, acquire_timeout=20))
        leases = Leases(await stack.enter_async_context(office.db.reserved()), SETTINGS)
        parts: dict[str, Any] = {
            "settings": SETTINGS,
            "db": office.db,
            "checkpoints": checkpoints,
            "texts": LiveTexts(office.cache, window_ms=40, ttl=60),
            "leases": leases,
            "graph": parallel_reviews(),
            "rules": RuleBooks(office.db),
            # Nobody writes or remembers here.
            **dict.fromkeys(("model", "embedder", "profiles")),
            "worker": "test",
        }
        yield Show(office, Runner(RunnerParts(**parts)))


@pytest.fixture
async def show(questions_database_url: str, valkey_server: EmbeddedValkey) -> AsyncIterator[Show]:
    async with open_show(questions_database_url, valkey_server.url) as show:
        yield show


async def test_questions_asked_at_once_are_answered_one_by_one(show: Show) -> None:
    run_id = await show.begin(3)
    first, second, third = await show.rows(run_id)
    assert (await show.status(run_id), await show.told(run_id)) == ("waiting", Counter(interrupt=3))
    await show.answer(second, "reject")
    assert await show.status(run_id) == "queued"
    await show.work(run_id)
    assert await show.status(run_id) == "waiting", "two are still open"
    assert [row["status"] for row in await show.rows(run_id)] == ["pending", "rejected", "pending"]
    await show.expire(first)
    await show.work(run_id)
    assert await show.status(run_id) == "waiting"
    assert await show.answers(run_id) is None, "not before everybody has answered"
    await show.answer(third, "approve")
    await show.work(run_id)
    assert await show.status(run_id) == "completed"
    answers = await show.answers(run_id)
    assert answers is not None
    assert {n: answer["decision"] for n, answer in answers.items()} == {0: "expired", 1: "reject", 2: "approve"}
    assert await show.told(run_id) == Counter(interrupt=3, interrupt_resolved=2, interrupt_expired=1)


async def test_a_failure_is_told_though_what_was_said_cannot_be_kept(show: Show) -> None:
    """Else the run would be recovered, and its model asked and paid, until nobody tries any more."""
    run_id = await show.begin(1, unstorable_words=True)
    assert await show.status(run_id) == "failed"
    found = await show.office.owner.fetch("SELECT status, content FROM messages WHERE run_id = $1", run_id)
    assert [(row["status"], row["content"]) for row in found] == [("failed", "")]


async def test_an_answer_that_comes_while_the_graph_goes_on_with_another_is_not_lost(show: Show) -> None:
    run_id = await show.begin(2)
    first, second = await show.rows(run_id)
    await show.answer(first, "approve")
    await asyncio.gather(show.work(run_id), show.answer(second, "reject"))
    # The second came before the first was taken up, meanwhile, or after: at most one more job is due.
    if await show.status(run_id) == "queued":
        await show.work(run_id)
    assert await show.status(run_id) == "completed"
    answers = await show.answers(run_id)
    assert answers is not None
    assert [answers[n]["decision"] for n in (0, 1)] == ["approve", "reject"]


async def test_a_run_with_open_questions_that_is_withdrawn_takes_all_of_them_along(show: Show) -> None:
    run_id = await show.begin(3)
    first, *_ = await show.rows(run_id)
    await show.answer(first, "approve")
    async with show.office.db.tenant(show.office.tenant_id) as conn:
        assert await runs.stop_run(conn, run_id) == "queued"
        gone = await withdraw(conn, run_id, show.office.one.user_id)
    assert len(gone) == 2
    await show.work(run_id)
    assert await show.status(run_id) == "cancelled"
    assert await show.answers(run_id) is None


async def test_a_run_that_fails_takes_its_open_questions_along_and_asks_them_again_when_it_goes_on(show: Show) -> None:
    run_id = await show.begin(3)
    first, second, third = await show.rows(run_id)
    await show.answer(first, "approve")
    failing.add(run_id)
    await show.work(run_id)
    assert await show.status(run_id) == "failed"
    assert [row["status"] for row in await show.rows(run_id)] == ["approved", "cancelled", "cancelled"]
    with pytest.raises(AlreadyResolved):
        await show.answer(second, "approve")

    failing.remove(run_id)
    async with show.office.db.tenant(show.office.tenant_id) as conn:
        await history.resume(conn, show.office.one, first["thread_id"], "test")
    await show.work(run_id)
    assert await show.status(run_id) == "waiting"
    assert [(row["status"], row["version"]) for row in await show.rows(run_id)] == [
        ("approved", 2),
        ("pending", 3),
        ("pending", 3),
    ]
    await show.answer(second, "reject")
    await show.expire(third)
    await show.work(run_id)
    assert await show.status(run_id) == "completed"
    answers = await show.answers(run_id)
    assert answers is not None
    assert {n: answer["decision"] for n, answer in answers.items()} == {0: "approve", 1: "reject", 2: "expired"}
    assert await show.told(run_id) == Counter(interrupt=5, interrupt_resolved=4, interrupt_expired=1)


act = st.sampled_from(["approve", "reject", "respond", "expire", "leave"])


@pytest.mark.scenario(10)
def test_in_whatever_order_questions_are_answered_each_node_gets_its_own_answer_once(
    questions_database_url: str, valkey_server: EmbeddedValkey
) -> None:
    """Answers in any order, batched or one by one, with doubled jobs and answers that come while the graph runs."""

    # Not shrunk: an example is a second of real work, and the first that fails is short enough to read.
    @settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(
        questions=st.integers(2, 4),
        order=st.permutations(range(4)),
        acts=st.lists(act, min_size=4, max_size=4),
        batches=st.lists(st.integers(1, 3), min_size=4, max_size=4),
        doubled=st.booleans(),
        racing=st.booleans(),
    )
    def every(
        questions: int, order: list[int], acts: list[str], batches: list[int], doubled: bool, racing: bool
    ) -> None:
        async def story() -> None:
            async with open_show(questions_database_url, valkey_server.url) as show:
                await one_story(show, questions, [n for n in order if n < questions], acts, batches, doubled, racing)

        asyncio.run(story())

    every()


async def one_story(
    show: Show, questions: int, order: list[int], acts: list[str], batches: list[int], doubled: bool, racing: bool
) -> None:
    run_id = await show.begin(questions)
    rows = await show.rows(run_id)
    assert len(rows) == questions
    expected: dict[int, str] = {}
    left = list(order)
    for size in batches:
        batch, left = left[:size], left[size:]
        doing = []
        for n in batch:
            if acts[n] != "leave":
                expected[n] = acts[n]
                doing.append(show.expire(rows[n]) if acts[n] == "expire" else show.answer(rows[n], acts[n]))
        if racing:
            await asyncio.gather(*doing, show.work(run_id))
        else:
            for one in doing:
                await one
        await asyncio.gather(*(show.work(run_id) for _ in range(2 if doubled else 1)))
    while await show.status(run_id) == "queued":
        await show.work(run_id)
    now = await show.rows(run_id)
    open_ones = [n for n, row in enumerate(now) if row["status"] == "pending"]
    assert open_ones == [n for n in range(questions) if acts[n] == "leave"]
    told = await show.told(run_id)
    assert told["interrupt"] == questions, "each is asked once"
    assert told["interrupt_resolved"] + told["interrupt_expired"] == len(expected)
    claims = await show.office.owner.fetchval("SELECT attempt FROM runs WHERE id = $1", run_id)
    assert claims <= 1 + len(expected), "a job that had nothing to do took the run"
    answers = await show.answers(run_id)
    if open_ones:
        assert (await show.status(run_id), answers) == ("waiting", None)
        return
    assert await show.status(run_id) == "completed"
    assert answers is not None
    assert {n: said(answer) for n, answer in answers.items()} == expected


def said(answer: dict[str, Any]) -> str:
    if answer.get("hint"):
        return "respond"
    return {"expired": "expire"}.get(answer["decision"], answer["decision"])
