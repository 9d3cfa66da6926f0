"""The saver of a run writes what the stock saver reads, and nothing once the run is another attempt's."""

import operator
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, TypedDict
from uuid import UUID

import asyncpg
import pytest
from langgraph.checkpoint.base import id as checkpoint_ids
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from backend.errors import LeaseLost
from backend.ids import new_id
from backend.storage.checkpoints import CheckpointPool, FencedSaver, create_tables, open_checkpoints


class State(TypedDict, total=False):
    said: Annotated[list[str], operator.add]
    answer: dict[str, Any]
    count: int


async def _one(_: State) -> State:
    return {"said": ["一"], "count": 1}


async def _other(_: State) -> State:
    return {"said": ["二"]}


async def _ask(_: State) -> State:
    return {"answer": interrupt({"question": "可以吗？"})}


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[CheckpointPool]:
    await create_tables(database_url)
    async with open_checkpoints(database_url, size=2, acquire_timeout=20) as opened:
        yield opened


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def run_id(owner: "asyncpg.Connection[asyncpg.Record]") -> UUID:
    run: UUID = new_id()
    tenant = await owner.fetchval("INSERT INTO tenants (slug, name) VALUES ($1, '测试') RETURNING id", run.hex)
    thread = await owner.fetchval(
        "INSERT INTO threads (tenant_id, graph_version) VALUES ($1, '1') RETURNING id", tenant
    )
    await owner.execute(
        """INSERT INTO runs (id, tenant_id, thread_id, status, request, attempt, graph_version)
           VALUES ($1, $2, $3, 'running', '{}', 1, '1')""",
        run,
        tenant,
        thread,
    )
    return run


def graph_with(saver: AsyncPostgresSaver) -> Any:
    graph = StateGraph(State)
    graph.add_node("one", _one)
    graph.add_node("other", _other)
    graph.add_node("ask", _ask)
    graph.add_edge(START, "one")
    graph.add_edge(START, "other")
    graph.add_edge(["one", "other"], "ask")
    graph.add_edge("ask", END)
    return graph.compile(checkpointer=saver)


async def test_the_stock_saver_reads_what_ours_wrote_and_goes_on_from_it(pool: CheckpointPool, run_id: UUID) -> None:
    config: Any = {"configurable": {"thread_id": str(run_id)}}
    await graph_with(FencedSaver(pool, run_id, 1, "trace")).ainvoke({"said": []}, config, durability="sync")
    stock = graph_with(AsyncPostgresSaver(pool))
    found = await stock.aget_state(config)
    assert found.values == {"said": ["一", "二"], "count": 1}
    assert [question.value for question in found.interrupts] == [{"question": "可以吗？"}]
    done = await stock.ainvoke(Command(resume={"yes": True}), config, durability="sync")
    assert done["answer"] == {"yes": True}


async def test_ours_goes_on_from_what_the_stock_saver_wrote(pool: CheckpointPool, run_id: UUID) -> None:
    config: Any = {"configurable": {"thread_id": str(run_id)}}
    await graph_with(AsyncPostgresSaver(pool)).ainvoke({"said": []}, config, durability="sync")
    ours = graph_with(FencedSaver(pool, run_id, 1, "trace"))
    done = await ours.ainvoke(Command(resume={"yes": True}), config, durability="sync")
    assert done == {"said": ["一", "二"], "count": 1, "answer": {"yes": True}}


@pytest.mark.scenario(11)
async def test_an_attempt_that_lost_the_run_writes_neither_checkpoints_nor_results(
    pool: CheckpointPool, run_id: UUID, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    config: Any = {"configurable": {"thread_id": str(run_id)}}
    saver = FencedSaver(pool, run_id, 1, "trace")
    await graph_with(saver).ainvoke({"said": []}, config, durability="sync")
    found = await saver.aget_tuple(config)
    assert found is not None
    await owner.execute("UPDATE runs SET attempt = 2 WHERE id = $1", run_id)
    counts = """SELECT (SELECT count(*) FROM checkpoints) + (SELECT count(*) FROM checkpoint_blobs)
                     + (SELECT count(*) FROM checkpoint_writes) + (SELECT count(*) FROM run_checkpoints)"""
    before = await owner.fetchval(counts)
    with pytest.raises(LeaseLost):
        await saver.aput(
            found.config,
            {**found.checkpoint, "id": new_id().hex, "channel_values": {"said": ["三"]}},
            found.metadata,
            {"said": "99"},
        )
    with pytest.raises(LeaseLost):
        await saver.aput_writes(found.config, [("said", ["三"])], "task")
    assert await owner.fetchval(counts) == before


class Rewritten(TypedDict, total=False):
    written: Annotated[list[int], operator.add]
    good: bool


async def _write(state: Rewritten) -> Rewritten:
    return {"written": [len(state.get("written", [])) + 1]}


async def _review(state: Rewritten) -> Rewritten:
    return {"good": interrupt({"text": state["written"][-1]})}


async def _after_review(state: Rewritten) -> str:
    return END if state["good"] else "write"


@pytest.mark.scenario(28)
async def test_a_run_goes_on_from_its_last_checkpoint_although_a_worker_before_had_a_clock_ahead(
    pool: CheckpointPool, run_id: UUID, owner: "asyncpg.Connection[asyncpg.Record]", monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = StateGraph(Rewritten)
    graph.add_node("write", _write)
    graph.add_node("review", _review)
    graph.add_edge(START, "write")
    graph.add_edge("write", "review")
    graph.add_conditional_edges("review", _after_review, ["write", END])
    compiled = graph.compile()
    config: Any = {"configurable": {"thread_id": str(run_id)}}
    now = time.time_ns()

    async def worker(attempt: int, ahead: int) -> Any:
        """The graph in another process, whose clock is off by so many seconds."""
        monkeypatch.setattr(checkpoint_ids, "_last_v6_timestamp", None)
        monkeypatch.setattr(time, "time_ns", lambda: now + (ahead + attempt) * 10**9)
        await owner.execute("UPDATE runs SET attempt = $2 WHERE id = $1", run_id, attempt)
        return compiled.copy(update={"checkpointer": FencedSaver(pool, run_id, attempt, "trace")})

    await (await worker(1, 600)).ainvoke({"written": []}, config, durability="sync")
    second = await worker(2, 0)
    await second.ainvoke(Command(resume=False), config, durability="sync")
    assert (await second.aget_state(config)).values["written"] == [1, 2]
    third = await worker(3, -600)
    standing = await third.aget_state(config)
    assert [question.value for question in standing.interrupts] == [{"text": 2}]
    done = await third.ainvoke(Command(resume=True), config, durability="sync")
    assert done == {"written": [1, 2], "good": True}
    assert not (await (await worker(4, -1200)).aget_state(config)).next, "the end is found as the end"
