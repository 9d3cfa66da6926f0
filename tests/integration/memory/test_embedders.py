"""A new embedder is built beside the old one: the old serves until the new has read everything, whatever interrupts."""

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.errors import Conflict
from backend.memory import embedders
from backend.memory.documents import Request, forget
from backend.storage.postgres import Database
from tests.integration.memory.conftest import KeptEmbedder, Mind, another

TEXTS = [f"{goods}要讲{point}。" for goods in ("保温杯", "拖把", "牛排", "口红") for point in ("价格", "做工", "赠品")]


class OldEmbedder(KeptEmbedder):
    """As the release before reads: its only name is the first of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.known = self.known[:1]
        self.name = self.known[0]


async def remembered_by_the_old_one(mind: Mind, texts: list[str]) -> list[UUID | None]:
    new, mind.embedder = mind.embedder, OldEmbedder()
    ids = [await mind.keep(text) for text in texts]
    mind.embedder = new
    return ids


async def serving(mind: Mind) -> tuple[str | None, list[embedders.EmbedderState]]:
    async with mind.db.tenant(mind.tenant_id) as conn:
        states = await embedders.list_embedders(conn)
    return next((one.name for one in states if one.serving), None), states


async def step(mind: Mind) -> bool:
    return await embedders.build(mind.db, mind.embedder, mind.tenant_id, mind.embedder.name)


async def test_the_old_serves_until_the_new_has_read_everything_and_the_way_back_is_open(mind: Mind) -> None:
    old, new = mind.embedder.known
    await remembered_by_the_old_one(mind, TEXTS + [f"第{n}场要早点上链接。" for n in range(8)])
    assert (await mind.recall("保温杯价格")).embedder == old
    assert await step(mind)  # a batch is smaller than that
    name, states = await serving(mind)
    assert name == old
    building = next(one for one in states if one.name == new)
    assert (building.state, building.read, building.documents) == ("building", 16, 20)
    assert TEXTS[0] in await mind.texts("保温杯价格")
    async with mind.db.tenant(mind.tenant_id) as conn:
        with pytest.raises(Conflict):
            await embedders.serve(conn, new)
    # What is learned meanwhile is read with both.
    await mind.keep("拖把现场倒酱油。")
    while await step(mind):
        pass
    name, states = await serving(mind)
    assert name == new
    assert all(one.read == one.documents == 21 and one.state == "complete" for one in states)
    recalled = await mind.recall("拖把 酱油")
    assert (recalled.embedder, recalled.found[0].document.content) == (new, "拖把现场倒酱油。")

    await mind.keep("口红手背试色。")
    async with mind.db.tenant(mind.tenant_id) as conn:
        assert await embedders.serve(conn, old) == new
    assert (await mind.texts("口红 试色"))[0] == "口红手背试色。"
    assert not await step(mind)  # who went back meant it
    assert (await serving(mind))[0] == old
    async with mind.db.tenant(mind.tenant_id) as conn:
        with pytest.raises(Conflict):
            await embedders.drop(conn, old)
        await embedders.serve(conn, new)
        await embedders.drop(conn, old)
    assert await mind.traces() == {
        "memory_documents": 22, "memory_vectors": 22, "memory_words": 22, "counted": (await mind.traces())["counted"]
    }  # fmt: skip
    assert await mind.miscounted() == []


BUILDER = """
import asyncio, sys
from uuid import UUID
from backend.memory import embedders
from backend.memory.embed import Embedder
from backend.storage.postgres import Database

async def main():
    async with Database.open(sys.argv[1], size=2, acquire_timeout=30) as db:
        embedder = Embedder()
        while await embedders.build(db, embedder, UUID(sys.argv[2]), embedder.name):
            pass

asyncio.run(main())
"""


def a_builder(url: str, tenant_id: UUID) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", BUILDER, url, str(tenant_id)])


async def test_a_builder_that_is_killed_leaves_its_work_to_the_next(mind: Mind, memory_url: str) -> None:
    texts = [f"第{n}场的复盘：保温杯讲得太快，观众没听清赠品是什么，下次放慢。" for n in range(14)]
    await remembered_by_the_old_one(mind, texts)
    builder = a_builder(memory_url, mind.tenant_id)
    new = mind.embedder.name
    try:
        async with asyncio.timeout(120):
            while True:
                read = await mind.owner.fetchval(
                    "SELECT count(*) FROM memory_vectors WHERE tenant_id = $1 AND embedder = $2", mind.tenant_id, new
                )
                if read >= 3:
                    break
                assert builder.poll() is None
                await asyncio.sleep(0.01)
    finally:
        builder.send_signal(signal.SIGKILL)
        builder.wait()
    name, states = await serving(mind)
    assert name == mind.embedder.known[0]
    done = next(one.read for one in states if one.name == new)
    assert 3 <= done < 14
    assert not await step(mind)  # its claim holds for a while
    await mind.owner.execute(
        "UPDATE embedders SET claimed_until = now() - interval '1 second' WHERE tenant_id = $1", mind.tenant_id
    )
    async with mind.db.system() as conn:
        todo = await conn.fetch("SELECT * FROM system_memory_to_build($1, $2)", new, list(mind.embedder.known))
    assert (mind.tenant_id, new) in {(row["tenant_id"], row["name"]) for row in todo}
    while await step(mind):
        pass
    name, states = await serving(mind)
    assert name == new
    assert next(one.read for one in states if one.name == new) == 14
    assert await mind.miscounted() == []


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), actions=st.lists(st.sampled_from("kkffbbbcsd"), min_size=4, max_size=14))
def test_in_any_order_what_serves_has_everything_and_the_counts_are_right(
    memory_url: str, seed: int, actions: list[str]
) -> None:
    """keep, forget, build, crash while building, serve another, do two of them at once."""
    asyncio.run(_play(memory_url, seed, actions))


async def _play(url: str, seed: int, actions: list[str]) -> None:
    chance = random.Random(seed)
    owner = await asyncpg.connect(url)
    try:
        async with Database.open(url, size=4, acquire_timeout=30) as db:
            mind = await another(db, owner)
            alive = {one for one in await remembered_by_the_old_one(mind, chance.sample(TEXTS, 3)) if one}
            for action in actions:
                if action == "d":
                    await asyncio.gather(_act(mind, "b", chance, alive), _act(mind, "k", chance, alive))
                else:
                    await _act(mind, action, chance, alive)
                name, _ = await serving(mind)
                unread = await owner.fetchval(
                    """SELECT count(*) FROM memory_documents d WHERE tenant_id = $1 AND NOT EXISTS (
                         SELECT FROM memory_vectors v WHERE v.document_id = d.id AND v.embedder = $2)""",
                    mind.tenant_id, name,
                )  # fmt: skip
                assert unread == 0
                assert await mind.miscounted() == []
                found = {one.document.id for one in (await mind.recall("保温杯", limit=40)).found}
                assert found <= alive
            stored = await owner.fetch("SELECT id FROM memory_documents WHERE tenant_id = $1", mind.tenant_id)
            assert {row["id"] for row in stored} == alive
    finally:
        await owner.close()


async def _act(mind: Mind, action: str, chance: random.Random, alive: set[UUID]) -> None:
    if action == "k":
        made = await mind.keep(chance.choice(TEXTS))
        assert made is not None
        alive.add(made)
    elif action == "f" and alive:
        gone = chance.choice(sorted(alive))
        async with mind.db.tenant(mind.tenant_id) as conn:
            await forget(conn, mind.tenant_id, Request("document", gone), None)
        alive.discard(gone)
    elif action == "b":
        await step(mind)
    elif action == "c":
        task = asyncio.ensure_future(step(mind))
        await asyncio.sleep(chance.random() * 0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        # A process that dies gives nothing back; its claim runs out.
        await mind.owner.execute(
            "UPDATE embedders SET claimed_until = '-infinity' WHERE tenant_id = $1", mind.tenant_id
        )
    elif action == "s":
        _, states = await serving(mind)
        async with mind.db.tenant(mind.tenant_id) as conn:
            with contextlib.suppress(Conflict):
                await embedders.serve(conn, chance.choice(states).name)
