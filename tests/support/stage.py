"""Texts on a room's teleprompter without writing them first: cued as a script that goes on air is."""

import asyncio
import uuid
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import psycopg

from backend.domain import rooms
from backend.storage.postgres import Database


async def cue(url: str, room: str, content: str, *, script: int = 1, title: str = "", pace: int = 240) -> int:
    """Put a text on the room's teleprompter; the same `script` again is a correction of it. Returns the version."""
    owner = await asyncpg.connect(url)
    try:
        tenant = await owner.fetchval("SELECT tenant_id FROM rooms WHERE id = $1", uuid.UUID(room))
    finally:
        await owner.close()
    async with Database.open(url, size=1, acquire_timeout=20) as db, db.tenant(tenant) as conn:
        return await rooms.cue(
            conn,
            uuid.UUID(room),
            script_id=uuid.UUID(int=script),
            script_version=1,
            title=title or f"稿{script}",
            content=content,
            pace=pace,
        )


def cue_now(url: str, room: str, content: str, *, script: int = 1, title: str = "", pace: int = 240) -> int:
    """As `cue`, for where there is no event loop to wait in, or Playwright's runs."""
    with ThreadPoolExecutor(1) as beside:
        work = cue(url, room, content, script=script, title=title, pace=pace)
        return beside.submit(asyncio.run, work).result()


def approved_script(url: str, room: str, title: str = "一段", versions: int = 1) -> str:
    """An approved script of the room's tenant, of no show."""
    with psycopg.connect(url) as owner:
        row = owner.execute(
            """INSERT INTO scripts (tenant_id, title, scenario, latest_version)
               SELECT tenant_id, %s, 'opening', %s FROM rooms WHERE id = %s RETURNING id, tenant_id""",
            [title, versions, room],
        ).fetchone()
        assert row is not None
        for version in range(1, versions + 1):
            owner.execute(
                """INSERT INTO script_versions (script_id, version, tenant_id, content, draft, provenance)
                   VALUES (%s, %s, %s, %s, '', '{}')""",
                [row[0], version, row[1], f"{title}第{version}版。"],
            )
    return str(row[0])
