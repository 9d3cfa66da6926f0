"""What is asked to be forgotten is gone at once, everywhere, and stays gone."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from backend.domain.scripts import publish
from backend.ids import new_id
from backend.memory.documents import Request, forget
from backend.memory.learning import enqueue_learning, learn
from backend.memory.lifetimes import set_lifetimes
from backend.quality.pii import mask_pii
from backend.runs.retention import Sweeper
from backend.settings import Settings
from backend.storage.checkpoints import create_tables
from tests.integration.memory.conftest import Mind, another

TEXT = "张晓梅老师说保温杯要现场倒热水，观众才信。"


async def forgotten(mind: Mind, request: Request) -> int:
    async with mind.db.tenant(mind.tenant_id) as conn:
        return await forget(conn, mind.tenant_id, request, None)


async def published(mind: Mind, content: str) -> UUID:
    async with mind.db.tenant(mind.tenant_id) as conn:
        thread, run = new_id(), new_id()
        await conn.execute("INSERT INTO threads (id, graph_version) VALUES ($1, 'test')", thread)
        await conn.execute(
            """INSERT INTO runs (id, thread_id, status, request, graph_version)
               VALUES ($1, $2, 'completed', '{}', 'test')""",
            run, thread,
        )  # fmt: skip
        script, _ = await publish(
            conn, script_id=None, thread_id=thread, run_id=run, room_id=None, product_id=None, host_id=None,
            title="开场", scenario="opening", content=content, draft=content, provenance={}, approved_by=None,
        )  # fmt: skip
        await enqueue_learning(conn, mind.tenant_id, script)
    return script


async def learned(mind: Mind) -> None:
    """Do what a worker does with the jobs of this tenant."""
    async with mind.db.system() as conn:
        jobs = await conn.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = 'learn'")
    for job in jobs:
        if str(mind.tenant_id).encode() in job["payload"]:
            await learn(mind.db, mind.embedder, mask_pii, job["payload"])


@pytest.mark.parametrize("subject", ["document", "host", "product", "person"])
async def test_what_is_forgotten_leaves_no_trace_in_any_index(mind: Mind, subject: str) -> None:
    host, product = await mind.host(), await mind.product()
    kept = await mind.keep(TEXT, host_id=host, product_id=product)
    await mind.keep("别的商品的笔记。")
    before = await mind.texts("保温杯")
    assert TEXT in before
    request = {
        "document": Request("document", kept),
        "host": Request("host", host),
        "product": Request("product", product),
        "person": Request("person", name="张晓梅"),
    }[subject]
    assert await forgotten(mind, request) == 1
    assert await mind.texts("保温杯 热水 张晓梅") == ["别的商品的笔记。"]
    traces = await mind.traces()
    assert (traces["memory_documents"], traces["memory_vectors"], traces["memory_words"]) == (1, 1, 1)
    assert await mind.miscounted() == []
    rows = await mind.owner.fetch("SELECT * FROM memory_forgotten WHERE tenant_id = $1", mind.tenant_id)
    assert "张晓梅" not in repr([dict(row) for row in rows])


async def test_a_script_that_was_forgotten_is_not_learned_again_from_the_same_source(mind: Mind) -> None:
    script = await published(mind, "保温杯开场，先问一句。")
    await learned(mind)
    [found] = (await mind.recall("保温杯开场")).found
    assert found.document.source_id == script
    await forgotten(mind, Request("document", found.document.id))
    await learned(mind)  # a job delivered twice, or one that waited
    assert (await mind.recall("保温杯开场")).found == []


async def test_a_persons_name_is_recognised_in_what_comes_later_without_being_kept(mind: Mind) -> None:
    await forgotten(mind, Request("person", name="Lily王"))
    assert await mind.keep("听lily王讲怎么选被子。") is None
    assert await mind.keep("听王老师讲怎么选被子。") is not None
    stranger = await another(mind.db, mind.owner)
    assert await stranger.keep("听lily王讲怎么选被子。") is not None


async def test_of_a_host_what_is_made_after_the_request_is_remembered(mind: Mind) -> None:
    host = await mind.host()
    await forgotten(mind, Request("host", host))
    hour = timedelta(hours=1)
    assert await mind.keep("从前的。", host_id=host, made_at=datetime.now(UTC) - hour) is None
    assert await mind.keep("以后的。", host_id=host, made_at=datetime.now(UTC) + hour) is not None
    assert await mind.keep("现在记下的。", host_id=host) is not None


async def test_learning_and_forgetting_at_once_leave_nothing_behind(mind: Mind) -> None:
    for turn in range(6):
        name = f"赵小{'一二三四五六'[turn]}"
        text = f"{name}推荐的牛排要讲整切。"
        await mind.embedder.read(text)  # so that both come to the database at the same time
        await asyncio.gather(
            *(mind.keep(text, source_id=new_id()) for _ in range(3)), forgotten(mind, Request("person", name=name))
        )
        assert not [one for one in await mind.texts("牛排 整切") if name in one]
    assert await mind.miscounted() == []


async def test_personal_data_is_masked_before_it_is_read_or_stored(mind: Mind) -> None:
    await mind.keep("客户电话13812345678，地址改过两次，保温杯补发。")
    stored = await mind.owner.fetchval("SELECT content FROM memory_documents WHERE tenant_id = $1", mind.tenant_id)
    assert "13812345678" not in stored
    assert "保温杯补发" in stored
    terms = await mind.owner.fetchval("SELECT terms FROM memory_words WHERE tenant_id = $1", mind.tenant_id)
    assert not set(terms) & set(mind.embedder.query_terms("13812345678"))


async def test_each_kind_lives_as_long_as_its_tenant_says(mind: Mind, memory_url: str) -> None:
    await create_tables(memory_url)
    other = await another(mind.db, mind.owner)
    for tenant in (mind, other):
        for kind in ("script", "note", "rejection"):
            await tenant.age(await tenant.keep(f"保温杯的{kind}。", kind=kind), 40)
    async with mind.db.tenant(mind.tenant_id) as conn:
        await set_lifetimes(conn, {"script": 30, "note": None, "rejection": 60})
    # Not recalled from that moment on, although it is not swept yet …
    assert set(await mind.texts("保温杯")) == {"保温杯的note。", "保温杯的rejection。"}
    assert (await mind.traces())["memory_documents"] == 3
    # … and then removed; the server's own days hold for who has none.
    settings = Settings(_env_file=None, memory_note_days=35, memory_rejection_days=0)
    removed = await Sweeper(settings, mind.db).sweep()
    assert removed["memories"] >= 2
    assert set(await mind.texts("保温杯")) == {"保温杯的note。", "保温杯的rejection。"}
    assert set(await other.texts("保温杯")) == {"保温杯的script。", "保温杯的rejection。"}
    assert await mind.miscounted() == []
