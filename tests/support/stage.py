"""Texts on a room's teleprompter without writing them first: cued as a script that goes on air is."""

import asyncio
import uuid
from concurrent.futures import ThreadPoolExecutor

import asyncpg

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
