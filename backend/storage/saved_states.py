"""What LangGraph stored for a run, read and copied without a graph: by those who look back, not by those who run.

Its tables know no tenant: a caller has found the checkpoint in `run_checkpoints`, under row-level security, first.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from langgraph.checkpoint.base.id import uuid6
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from backend.errors import CheckpointDamaged
from backend.storage.postgres import Connection

_SERDE: Final = JsonPlusSerializer()
#: Where LangGraph does not look: it reads the namespace '' only.
_SET_ASIDE: Final = "damaged"
#: The type of a channel that holds nothing any more.
_EMPTY: Final = "empty"


async def load_values(conn: Connection, run_id: UUID, checkpoint_id: str) -> dict[str, Any]:
    """Return the state's values at a checkpoint, without what LangGraph keeps there for itself.

    Raises:
        CheckpointDamaged: it is gone or cannot be decoded.
    """
    checkpoint, blobs = await _load(conn, run_id, checkpoint_id)
    values = {
        **checkpoint["channel_values"],
        **{name: _decoded(kind, blob) for name, _, kind, blob in blobs if kind != _EMPTY},
    }
    return {name: value for name, value in values.items() if _is_state(name)}


async def copy_checkpoint(
    conn: Connection,
    run_id: UUID,
    checkpoint_id: str,
    to_run: UUID,
    change: Callable[[str, Any], Any],
) -> str:
    """Copy a checkpoint to be the first one of another run and return its new id.

    `change(name, value)` gives what the copy holds of the state; the input that no node has read yet is passed by
    its parts. What nodes had begun there is not copied: they run again, and a question is asked anew under an id
    of its own.

    Raises:
        CheckpointDamaged: the original is gone or cannot be decoded.
    """
    checkpoint, blobs = await _load(conn, run_id, checkpoint_id)
    new_id = str(uuid6())
    values = checkpoint["channel_values"]
    copied = {
        **checkpoint,
        "id": new_id,
        "ts": datetime.now(UTC).isoformat(),
        "channel_values": {name: change(name, value) if _is_state(name) else value for name, value in values.items()},
    }
    await conn.executemany(
        """INSERT INTO checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
           VALUES ($1, '', $2, $3, $4, $5)""",
        [(str(to_run), name, version, *_changed(name, kind, blob, change)) for name, version, kind, blob in blobs],
    )
    await conn.execute(
        """INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id, checkpoint, metadata)
           SELECT $1, '', $2, $3, metadata || '{"source": "fork"}' FROM checkpoints
           WHERE thread_id = $4 AND checkpoint_ns = '' AND checkpoint_id = $5""",
        str(to_run),
        new_id,
        copied,
        str(run_id),
        checkpoint_id,
    )
    return new_id


async def set_aside(conn: Connection, run_id: UUID, checkpoint_ids: Sequence[str]) -> None:
    """Hide damaged checkpoints from LangGraph, so that it goes on from the one before; they stay to be looked into."""
    await conn.execute(
        """UPDATE checkpoints SET checkpoint_ns = $3
           WHERE thread_id = $1 AND checkpoint_ns = '' AND checkpoint_id = ANY ($2)""",
        str(run_id),
        list(checkpoint_ids),
        _SET_ASIDE,
    )


_Blob = tuple[str, str, str, bytes | None]


async def _load(conn: Connection, run_id: UUID, checkpoint_id: str) -> tuple[dict[str, Any], list[_Blob]]:
    checkpoint: dict[str, Any] | None = await conn.fetchval(
        "SELECT checkpoint FROM checkpoints WHERE thread_id = $1 AND checkpoint_ns = '' AND checkpoint_id = $2",
        str(run_id),
        checkpoint_id,
    )
    if checkpoint is None:
        raise CheckpointDamaged(run_id=str(run_id))
    rows = await conn.fetch(
        """SELECT b.channel, b.version, b.type, b.blob FROM checkpoint_blobs b
           JOIN unnest($2::text[], $3::text[]) AS used (channel, version) USING (channel, version)
           WHERE b.thread_id = $1 AND b.checkpoint_ns = '' ORDER BY b.channel""",
        str(run_id),
        list(checkpoint["channel_versions"]),
        [str(version) for version in checkpoint["channel_versions"].values()],
    )
    return checkpoint, [(row["channel"], row["version"], row["type"], row["blob"]) for row in rows]


def _is_state(name: str) -> bool:
    return ":" not in name and not name.startswith("__")


def _decoded(kind: str, blob: bytes | None) -> Any:
    try:
        return _SERDE.loads_typed((kind, blob or b""))
    except (ValueError, TypeError, KeyError, IndexError, NotImplementedError) as error:  # as the bytes would have it
        raise CheckpointDamaged from error


def _changed(name: str, kind: str, blob: bytes | None, change: Callable[[str, Any], Any]) -> tuple[str, bytes | None]:
    if name == "__start__" and blob:
        given = _decoded(kind, blob)
        return _SERDE.dumps_typed({part: change(part, value) for part, value in given.items()})
    if not _is_state(name) or kind == _EMPTY:
        return kind, blob
    return _SERDE.dumps_typed(change(name, _decoded(kind, blob)))
