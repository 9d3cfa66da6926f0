"""Questions that we put to an operator."""

from typing import Any
from uuid import UUID

from backend.protocol.events import Option
from backend.storage.postgres import Connection


async def offered_options(conn: Connection, thread_id: UUID) -> list[Option]:
    """Return the answers that the thread's last question offered; nothing when none was put."""
    payload: dict[str, Any] | None = await conn.fetchval(
        """SELECT payload FROM thread_events WHERE thread_id = $1 AND type = 'clarification'
           ORDER BY seq DESC LIMIT 1""",
        thread_id,
    )
    return [Option(**option) for option in payload["options"]] if payload else []
