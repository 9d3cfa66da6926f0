"""Rooms: where a host goes live, and what the room's teleprompter is to show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from backend.domain import rundowns, wrapping
from backend.domain.hosts import get_host
from backend.domain.stages import Script, Stage, begun, cued, hold, save, stage_of
from backend.errors import Conflict, NotFound
from backend.fanout.topics import ROOMS_CHANNEL
from backend.protocol.events import PrompterState, StageText
from backend.storage.postgres import Connection, UniqueViolation, interval

_COLUMNS = """id, name, host_id, platform, created_at, by_hand,
  extract(epoch FROM undo_window)::float8 AS undo_window"""
_STAGE = ", ".join(f"t.{name} AS stage_{name}" for name in Stage.__dataclass_fields__)


class KeepIt:
    """Says that a value stays as it is, where None is a value."""


KEEP_IT: Final = KeepIt()


@dataclass(frozen=True)
class Room:
    """A live room."""

    id: UUID
    name: str
    host_id: UUID | None
    #: Whose extra rules hold here; None: those of the tenant's platform.
    platform: str | None
    created_at: datetime
    #: What is approved waits in the rundown until somebody puts it on air.
    by_hand: bool
    #: How long an approved script is held before it is on air, in seconds; None: as the team wants it.
    undo_window: float | None


async def list_rooms(
    conn: Connection, q: str | None = None, before: UUID | None = None, limit: int = 200
) -> list[Room]:
    """Return rooms whose name holds `q`, newest first, those made before the room `before`."""
    rows = await conn.fetch(
        f"""SELECT {_COLUMNS} FROM rooms
            WHERE ($1::text IS NULL OR position(lower($1) IN lower(name)) > 0) AND ($2::uuid IS NULL OR id < $2)
            ORDER BY id DESC LIMIT $3""",
        q,
        before,
        limit,
    )
    return [Room(**row) for row in rows]


async def get_room(conn: Connection, room_id: UUID) -> Room:
    """Return the room.

    Raises:
        NotFound: this tenant has no such room.
    """
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM rooms WHERE id = $1", room_id)
    if row is None:
        raise NotFound
    return Room(**row)


async def create_room(conn: Connection, *, name: str, host_id: UUID | None = None) -> Room:
    """Add a room.

    Raises:
        NotFound: this tenant has no such host.
        Conflict: a room of this name is there already.
    """
    if host_id is not None:
        # The foreign key alone would accept another tenant's host: it is checked past row-level security.
        await get_host(conn, host_id)
    try:
        row = await conn.fetchrow(
            f"INSERT INTO rooms (name, host_id) VALUES ($1, $2) RETURNING {_COLUMNS}",
            name,
            host_id,
        )
    except UniqueViolation:
        raise Conflict("a room of this name is there already", field="name") from None
    assert row is not None
    return Room(**row)


async def set_platform(conn: Connection, room_id: UUID, platform: str | None) -> Room:
    """Say which platform the room is on.

    Raises:
        NotFound: this tenant has no such room.
    """
    row = await conn.fetchrow(f"UPDATE rooms SET platform = $2 WHERE id = $1 RETURNING {_COLUMNS}", room_id, platform)
    if row is None:
        raise NotFound
    return Room(**row)


async def set_air_rule(
    conn: Connection, room_id: UUID, *, by_hand: bool | None = None, undo_window: float | KeepIt | None = KEEP_IT
) -> Room:
    """Say how what is approved comes on air in the room: by hand, or by itself after so many seconds.

    `by_hand` None leaves that; `undo_window` None brings the team's back.

    Raises:
        NotFound: this tenant has no such room.
    """
    given = not isinstance(undo_window, KeepIt)
    row = await conn.fetchrow(
        f"""UPDATE rooms SET by_hand = coalesce($2, by_hand), undo_window = CASE WHEN $3 THEN $4 ELSE undo_window END
            WHERE id = $1 RETURNING {_COLUMNS}""",
        room_id,
        by_hand,
        given,
        interval(undo_window) if isinstance(undo_window, float | int) else None,
    )
    if row is None:
        raise NotFound
    await _notify(conn, room_id)
    return Room(**row)


async def undo_window_of(conn: Connection, run_id: UUID, otherwise: float) -> float:
    """Return how long what a run's room is to show is held before, in seconds; `otherwise` where the room says nothing.

    What waits for a hand in any case is not held besides, unless it belongs to a show.
    """
    row = await conn.fetchrow(
        """SELECT m.by_hand AND r.show_item_id IS NULL AS waits,
                  extract(epoch FROM m.undo_window)::float8 AS undo_window
           FROM runs r JOIN threads t ON t.id = r.thread_id JOIN rooms m ON m.id = t.room_id WHERE r.id = $1""",
        run_id,
    )
    if row is None:
        return otherwise
    if row["waits"]:
        return 0.0
    return otherwise if row["undo_window"] is None else float(row["undo_window"])


async def read_prompter(conn: Connection, room_id: UUID) -> PrompterState:
    """Return what the room's teleprompter is to show; version 0 and no text before anything was cued.

    Raises:
        NotFound: this tenant has no such room.
    """
    row = await conn.fetchrow(
        f"""SELECT r.id AS room_id, coalesce(s.version, 0) AS version, s.script_id, s.script_version,
                  coalesce(s.title, '') AS title, coalesce(s.content, '') AS content,
                  coalesce(s.pace, h.pace, 240) AS pace, coalesce(s.updated_at, r.created_at) AS updated_at,
                  coalesce(s.acked_version, 0) AS acked_version, s.acked_at, coalesce(s.position, 0) AS position,
                  {_STAGE}, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms,
                  r.rundown_revision
           FROM rooms r LEFT JOIN prompter_state s ON s.room_id = r.id LEFT JOIN hosts h ON h.id = r.host_id
             LEFT JOIN prompter_stages t ON t.room_id = r.id AND t.revision > 0
           WHERE r.id = $1""",
        room_id,
    )
    if row is None:
        raise NotFound
    told = dict(row)
    now_ms = told.pop("now_ms")
    found = {name: told.pop(f"stage_{name}") for name in Stage.__dataclass_fields__}
    stage = stage_of(found) if found["revision"] is not None else begun(0, _cued_last(told), 0)
    waits = stage.version < told["version"]
    told["pace"] = stage.pace_for(told["pace"], now_ms)
    upcoming = await rundowns.next_title(conn, room_id, told["script_id"], told["script_version"])
    names = await wrapping.names_of(conn, filter(None, {told["script_id"], stage.script_id}))
    return PrompterState(
        **told,
        pieces=wrapping.pieces(told["content"], names.get(told["script_id"], ())),
        next_title=upcoming,
        transport=stage.transport(),
        stage=_on_stage(stage, names) if waits else None,
        blank=stage.blank,
        note=stage.note if stage.note is not None and stage.note.until_ms > now_ms else None,
    )


def _on_stage(stage: Stage, names: Mapping[UUID, Sequence[str]]) -> StageText:
    whole = () if stage.script_id is None else names.get(stage.script_id, ())
    return StageText(
        version=stage.version,
        script_id=stage.script_id,
        script_version=stage.script_version,
        title=stage.title,
        content=stage.content,
        pieces=wrapping.pieces(stage.content, whole),
    )


def _cued_last(row: Mapping[str, Any]) -> Script:
    return Script(**{name: row[name] for name in Script.__dataclass_fields__})


async def cue(
    conn: Connection, room_id: UUID, *, script_id: UUID, script_version: int, title: str, content: str, pace: int
) -> int:
    """Put a text on the room's teleprompter and return the state's new version; displays hear of it after commit.

    Raises:
        NotFound: this tenant has no such room.
    """
    await get_room(conn, room_id)
    stage, latest, now_ms = await hold(conn, room_id)
    waited = latest.script_id is not None and stage.version < latest.version
    if waited and (latest.script_id, latest.script_version) != (script_id, script_version):
        # What waited comes back into the queue: it was never on a screen. After a correction of what is read it is due.
        assert latest.script_id is not None, "what waited is a script"
        assert latest.script_version is not None, "what waited is a script"
        corrects = script_id == stage.script_id
        await rundowns.mark_unsaid(conn, room_id, latest.script_id, latest.script_version, due=corrects)
    version: int = await conn.fetchval(
        """INSERT INTO prompter_state AS s (room_id, version, script_id, script_version, title, content, pace)
           VALUES ($1, 1, $2, $3, $4, $5, $6)
           ON CONFLICT (room_id) DO UPDATE SET version = s.version + 1, script_id = $2, script_version = $3,
             title = $4, content = $5, pace = $6, position = 0, updated_at = clock_timestamp()
           RETURNING version""",
        room_id,
        script_id,
        script_version,
        title,
        content,
        pace,
    )
    script = Script(version, script_id, script_version, title, content, pace)
    await save(conn, room_id, cued(stage, script, now_ms))
    return version


async def is_awaited(conn: Connection, room_id: UUID, script_id: UUID) -> bool:
    """Return whether another text than this script waits for the room's stage, and keep it so until the end of the
    transaction: what comes by itself stands in line behind it. A correction of what is on stage never does."""
    stage, latest, _ = await hold(conn, room_id)
    return stage.version < latest.version and script_id not in (latest.script_id, stage.script_id)


async def acknowledge(conn: Connection, room_id: UUID, version: int, position: float) -> PrompterState | None:
    """Note which version a display shows and where it is (characters from the start).

    Returns None and changes nothing for a version that was never cued, or older than one confirmed already, or when
    it says no more than what is known.

    Raises:
        NotFound: this tenant has no such room.
    """
    noted = await conn.fetchval(
        """UPDATE prompter_state SET acked_version = $2, position = $3, acked_at = clock_timestamp()
           WHERE room_id = $1 AND acked_version <= $2 AND version >= $2
             AND (acked_version < $2 OR abs(position - $3) >= 0.5 OR acked_at IS NULL) RETURNING room_id""",
        room_id,
        version,
        position,
    )
    if noted is None:
        await get_room(conn, room_id)
        return None
    await _notify(conn, room_id)
    return await read_prompter(conn, room_id)


async def _notify(conn: Connection, room_id: UUID) -> None:
    await conn.execute("SELECT pg_notify($1, $2)", ROOMS_CHANNEL, str(room_id))
