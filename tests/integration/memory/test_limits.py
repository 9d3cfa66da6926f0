"""How many documents a tenant may have in memory, and what goes when there is no more room."""

import asyncio

import pytest

from backend.errors import MemoryFull
from backend.ids import new_id
from tests.integration.memory.conftest import Mind


async def texts(mind: Mind) -> list[str]:
    rows = await mind.owner.fetch(
        "SELECT content FROM memory_documents WHERE tenant_id = $1 ORDER BY created_at", mind.tenant_id
    )
    return [row["content"] for row in rows]


async def limit(mind: Mind, most: int) -> None:
    await mind.owner.execute("UPDATE tenants SET memory_documents = $2 WHERE id = $1", mind.tenant_id, most)


async def test_the_oldest_that_nobody_approved_goes_first_and_notes_stay(mind: Mind) -> None:
    await limit(mind, 10)
    await mind.keep("笔记：开场先说场景", most=20_000)
    for n in range(4):
        await mind.keep(f"批准的{n}：这只杯子双层杯身", kind="script", source_id=new_id(), most=20_000)
    for n in range(3):
        await mind.keep(f"没人看过的{n}：拧开就能喝", kind="script", source_id=new_id(), approval=0.85, most=20_000)
    for n in range(2):
        await mind.keep(f"退回的{n}：太慢", kind="rejection", source_id=new_id(), most=20_000)
    before = await texts(mind)
    assert len(before) == 10
    for n in range(4):
        await mind.keep(f"新的{n}：今天这款", kind="script", source_id=new_id(), most=20_000)
    now = await texts(mind)
    assert len(now) == 10
    assert now[:5] == before[:5], "what somebody stood behind is the last to go"
    assert now[5:] == ["退回的1：太慢", *(f"新的{n}：今天这款" for n in range(4))]
    for n in range(3):
        await mind.keep(f"更新的{n}：今天这款", kind="script", source_id=new_id(), most=20_000)
    assert (await texts(mind))[0] == "笔记：开场先说场景"
    assert (await texts(mind))[1] == "批准的2：这只杯子双层杯身"
    assert await mind.miscounted() == []


async def test_a_memory_full_of_notes_says_so_and_stays_as_it_is(mind: Mind) -> None:
    for n in range(10):
        await mind.keep(f"笔记{n}", most=10)
    before = await texts(mind)
    with pytest.raises(MemoryFull) as full:
        await mind.keep("再来一条", most=10)
    assert full.value.details == {"limit": 10}
    assert await texts(mind) == before
    assert await mind.miscounted() == []


async def test_many_who_remember_at_once_do_not_go_over_the_limit(mind: Mind) -> None:
    await limit(mind, 10)
    await asyncio.gather(
        *(mind.keep(f"同时的{n}：今天这款", kind="script", source_id=new_id(), most=20_000) for n in range(16))
    )
    assert len(await texts(mind)) == 10
    assert await mind.miscounted() == []
