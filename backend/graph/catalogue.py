"""Which state of the catalogue a run reads: the one its first step found, as long as that step was just now."""

from typing import Any
from uuid import UUID

from backend.domain.profiles import read_stamp
from backend.graph.state import GraphContext, ScriptState
from backend.storage.postgres import Connection


async def seen_now(conn: Connection, context: GraphContext) -> tuple[UUID | None, dict[str, Any]]:
    """Return the catalogue's stamp, and the note of it that the state keeps for the steps behind."""
    stamp = await read_stamp(conn)
    return stamp, {"stamp": str(stamp) if stamp else None, "run": str(context.run_id), "attempt": context.attempt}


async def stamp_for(state: ScriptState, context: GraphContext) -> UUID | None:
    """Return the stamp to read hosts and products under.

    A checkpoint may be hours old: whoever takes a run over, goes on with it after a question, or begins another from
    an earlier step of it, asks anew.
    """
    seen = state.get("catalogue")
    if seen is not None and (seen["run"], seen["attempt"]) == (str(context.run_id), context.attempt):
        return UUID(seen["stamp"]) if seen["stamp"] else None
    async with context.db.tenant(context.tenant_id) as conn:
        return await read_stamp(conn)
