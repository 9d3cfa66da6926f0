"""What a turn costs in a long conversation against a short one: `python -m benchmarks.long_thread [TURNS] [ROUNDS]`.

Starts a database of its own and throws it away. Reads what a run reads of its thread before it understands a message
(thread, window, notes, texts) and understands it, in turns for a thread of 20 and one of 500 turns, so that both have
the same machine; prints the median of each in milliseconds and the ratio.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

import asyncpg
import orjson

from backend.domain.policies import read_policies
from backend.domain.rooms import list_rooms
from backend.domain.thread_notes import read_notes, window
from backend.domain.threads import get_thread
from backend.graph.intent.reading import read
from backend.graph.standing import situation_of
from backend.ids import new_id
from backend.runs.notes import keep_notes
from backend.settings import Settings
from backend.storage.embedded import embedded_postgres
from backend.storage.migrate import upgrade
from backend.storage.postgres import Database

_SHORT = 20
_WISHES = ("再短一点", "把5号那条再短一点", "最开始那条改活泼点", "给保温杯写一段开场，30秒", "辣条那段再来一版")
_TEXT = "早上灌好的热水，到了办公室一喝已经凉透了？今天这只杯子双层杯身，手握着外壁也不烫，拧开就能喝。" * 5
_SETTINGS = Settings.model_construct()


async def main(turns: int, rounds: int) -> None:
    """Fill two threads and read them in turns."""
    with tempfile.TemporaryDirectory(prefix="cuedesk-long-") as folder:
        async with embedded_postgres(Path(folder), fsync=False) as server:
            await asyncio.to_thread(upgrade, server.owner_url)
            owner = await asyncpg.connect(server.owner_url)
            tenant = await owner.fetchval("INSERT INTO tenants (slug, name) VALUES ('bench', '基准') RETURNING id")
            short, long = [await _thread(owner, tenant, count) for count in (_SHORT, turns)]
            async with Database.open(server.owner_url, size=2, acquire_timeout=10) as db:
                for thread_id in (short, long):
                    job = {"tenant_id": str(tenant), "thread_id": str(thread_id)}
                    await keep_notes(db, _SETTINGS, None, orjson.dumps(job))
                await owner.execute("VACUUM ANALYZE")
                times: dict[UUID, list[float]] = {short: [], long: []}
                for place in range(rounds + 10):
                    for thread_id, taken in times.items():
                        began = time.perf_counter()
                        await _turn(db, tenant, thread_id, _WISHES[place % len(_WISHES)])
                        if place >= 10:
                            taken.append((time.perf_counter() - began) * 1000)
            await owner.close()
    one, many = (statistics.median(taken) for taken in times.values())
    print(
        json.dumps({f"{_SHORT} turns": round(one, 2), f"{turns} turns": round(many, 2), "ratio": round(many / one, 2)})
    )


async def _turn(db: Database, tenant: UUID, thread_id: UUID, content: str) -> None:
    async with db.tenant(tenant) as conn:
        thread = await get_thread(conn, thread_id)
        limits = await read_policies(conn, _SETTINGS)
        said = await window(conn, thread_id, limits.window_characters)
        notes = await read_notes(conn, thread_id)
        situation = await situation_of(conn, thread, said, notes, await list_rooms(conn), {"content": content})
    read(content, situation)


async def _thread(owner: "asyncpg.Connection[asyncpg.Record]", tenant: UUID, turns: int) -> UUID:
    thread_id = new_id()
    await owner.execute("INSERT INTO threads (id, tenant_id, graph_version) VALUES ($1, $2, '1')", thread_id, tenant)
    for turn in range(1, turns + 1):
        run = new_id()
        name = "卫龙辣条" if turn % 7 == 0 else "青禾316保温杯"
        await owner.execute(
            """INSERT INTO runs (id, tenant_id, thread_id, status, request, attempt, graph_version)
               VALUES ($1, $2, $3, 'completed', '{}', 1, '1')""", run, tenant, thread_id,
        )  # fmt: skip
        for role, agent, content in (
            ("user", None, f"给{name}写第{turn}版"),
            ("assistant", "script", f"{turn}：{_TEXT}"),
        ):
            await owner.execute(
                """INSERT INTO messages (id, tenant_id, thread_id, run_id, role, agent, content, status)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, 'complete')""",
                new_id(), tenant, thread_id, run, role, agent, content,
            )  # fmt: skip
        params = {"content": f"{turn}：{_TEXT}", "product_name": name, "slots": {"scenario": "opening"}}
        await owner.execute(
            """INSERT INTO interrupts (id, tenant_id, thread_id, run_id, kind, action, params, allowed, expires_at,
                                       status)
               VALUES ($1, $2, $3, $4, 'script_approval', 'publish_script', $5, '{}', now(), 'approved')""",
            run.hex, tenant, thread_id, run, json.dumps(params, ensure_ascii=False),
        )  # fmt: skip
    return thread_id


if __name__ == "__main__":
    asyncio.run(main(*(int(word) for word in (sys.argv[1:] + ["500", "200"][len(sys.argv) - 1 :])[:2])))
