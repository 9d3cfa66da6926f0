"""Reads what the database holds, as its owner, past row-level security and past the server's own code."""

from collections import defaultdict
from typing import Any

import asyncpg
import orjson

from backend.domain import audit
from benchmarks.chaos.history import (
    AuditRow,
    Frame,
    InterruptRow,
    MessageRow,
    RunRow,
    ScreenRow,
    Truth,
    VersionRow,
)

Conn = "asyncpg.Connection[asyncpg.Record]"


async def read_truth(owner_url: str) -> Truth:
    """Return everything the checker looks at, from one snapshot of the database."""
    conn = await asyncpg.connect(owner_url)
    try:
        await conn.set_type_codec("jsonb", schema="pg_catalog", encoder=_dump, decoder=orjson.loads)
        await conn.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str, format="text")
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            return await _read(conn)
    finally:
        await conn.close()


def _dump(value: Any) -> str:
    return orjson.dumps(value).decode()


async def _read(conn: Conn) -> Truth:
    events: dict[str, list[Frame]] = defaultdict(list)
    for row in await conn.fetch("SELECT * FROM thread_events ORDER BY thread_id, seq"):
        envelope = {name: row[name] for name in ("type", "thread_id", "seq", "run_id", "attempt")}
        events[row["thread_id"]].append({**envelope, "event_id": row["id"], **row["payload"]})
    return Truth(
        heads={row["id"]: row["last_seq"] for row in await conn.fetch("SELECT id, last_seq FROM threads")},
        events=dict(events),
        runs=await _by_id(conn, RunRow, "SELECT id, thread_id, status, attempt, error FROM runs"),
        messages=await _by_id(conn, MessageRow, "SELECT id, thread_id, run_id, role, content, status FROM messages"),
        interrupts=await _by_id(
            conn,
            InterruptRow,
            """SELECT id, thread_id, run_id, params, status, decision, decided_by, created_at,
                 greatest(0, extract(epoch FROM clock_timestamp() - expires_at))::float8 AS overdue
               FROM interrupts""",
        ),
        commands={row["id"]: row["result"] for row in await conn.fetch("SELECT id, result FROM commands")},
        effects={row["key"]: row["result"] for row in await conn.fetch("SELECT key, result FROM effects")},
        versions=[
            VersionRow(**dict(row))
            for row in await conn.fetch("SELECT script_id, version, run_id, content FROM script_versions")
        ],
        screens={
            row["room_id"]: ScreenRow(**dict(row))
            for row in await conn.fetch(
                "SELECT room_id, version, script_id, script_version, content FROM prompter_state"
            )
        },
        audit=[
            AuditRow(**dict(row))
            for row in await conn.fetch("SELECT action, subject, actor, detail FROM audit_log ORDER BY tenant_id, n")
        ],
        audit_broken_at=await _broken_chains(conn),
    )


async def _by_id(conn: Conn, kind: Any, query: str) -> dict[str, Any]:
    return {row["id"]: kind(**dict(row)) for row in await conn.fetch(query)}


async def _broken_chains(conn: Conn) -> dict[str, int]:
    # `audit.verify` sees what row-level security shows it: one tenant's chain. The owner has to step down for that.
    broken: dict[str, int] = {}
    tenants = [row["id"] for row in await conn.fetch("SELECT id FROM tenants")]
    await conn.execute("SET LOCAL ROLE cuedesk_app")
    for tenant in tenants:
        await conn.execute(f"SET LOCAL app.tenant = '{tenant}'")
        first = await audit.verify(conn)
        if first is not None:
            broken[tenant] = first
    return broken
