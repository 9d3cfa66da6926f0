"""The log of a thread (lane A): appended with the state change it tells of, numbered without gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson
import structlog

from backend.errors import NotFound
from backend.fanout.topics import EVENTS_CHANNEL
from backend.ids import new_id
from backend.protocol.events import AnyThreadEvent, ThreadEvent, UnknownEvent, read_event
from backend.storage.postgres import Connection, Record

log = structlog.get_logger(__name__)

INTERRUPT_TYPES = ("interrupt", "interrupt_updated", "interrupt_resolved", "interrupt_expired")

_ENVELOPE = {"type", "thread_id", "seq", "event_id", "at", "run_id", "attempt"}

# The thread's row lock, held until commit, is what keeps seq free of gaps: a sequence would number commits out of
# order and a reader at `seq > last` would lose events. A fenced append fails when another worker holds the run.
_APPEND = f"""
WITH head AS (
  UPDATE threads SET last_seq = last_seq + cardinality($2::uuid[]), updated_at = now()
  WHERE id = $1 AND ($7::int IS NULL OR assert_fence($5, $7))
  RETURNING tenant_id, last_seq
), written AS (
  INSERT INTO thread_events (tenant_id, thread_id, seq, id, type, run_id, attempt, payload)
  SELECT head.tenant_id, $1, head.last_seq - cardinality($2::uuid[]) + e.n, e.id, e.type, $5, $6, e.payload::jsonb
  FROM head, unnest($2::uuid[], $3::text[], $4::text[]) WITH ORDINALITY AS e (id, type, payload, n)
)
SELECT last_seq, pg_notify('{EVENTS_CHANNEL}', concat_ws(' ', $1, last_seq, tenant_id, $8::text)) FROM head
"""


@dataclass(frozen=True)
class StoredEvent:
    """An event as it goes over the wire: encoded once, sent to everybody."""

    seq: int
    type: str
    text: str


async def append(
    conn: Connection,
    thread_id: UUID,
    events: Sequence[ThreadEvent],
    *,
    run_id: UUID | None = None,
    attempt: int | None = None,
    fenced: bool = False,
) -> int:
    """Append `events` in order and announce them at commit; return the last `seq`.

    Raises:
        NotFound: the tenant has no such thread.
        LeaseLost: `fenced`, and the run is not held by this attempt any more.
    """
    types = [event.type for event in events]  # type: ignore[attr-defined]  # each class of the union has one
    payloads = [orjson.dumps(event.model_dump(mode="json", exclude=_left_out(event))).decode() for event in events]
    flag = "i" if any(kind in INTERRUPT_TYPES for kind in types) else "-"
    last = await conn.fetchval(
        _APPEND,
        thread_id,
        [new_id() for _ in events],
        types,
        payloads,
        run_id,
        attempt,
        attempt if fenced else None,
        flag,
    )
    if last is None:
        raise NotFound("there is no such thread")
    return int(last)


async def read_stored(
    conn: Connection, thread_id: UUID, after: int, limit: int, until: int | None = None
) -> list[StoredEvent]:
    """Return up to `limit` events after `after` (and not after `until`), oldest first, ready to be sent."""
    rows = await conn.fetch(
        """SELECT thread_id, seq, id, type, run_id, attempt, payload::text AS payload, created_at
           FROM thread_events WHERE thread_id = $1 AND seq > $2 AND ($4::bigint IS NULL OR seq <= $4)
           ORDER BY seq LIMIT $3""",
        thread_id,
        after,
        limit,
        until,
    )
    return [_stored(row) for row in rows]


async def read_events(
    conn: Connection, thread_id: UUID, after: int, limit: int, until: int | None = None
) -> list[AnyThreadEvent | UnknownEvent]:
    """Return up to `limit` events after `after` (and not after `until`), oldest first, as objects."""
    read = [read_event(stored.text) for stored in await read_stored(conn, thread_id, after, limit, until)]
    for event in read:
        if isinstance(event, UnknownEvent):
            log.warning("event_not_understood", type=event.type, seq=event.seq)
    return read


async def read_interrupt_events(conn: Connection, seconds: float) -> list[tuple[UUID, StoredEvent]]:
    """Return the tenant's interrupt events of the last `seconds`, each with its event id."""
    rows = await conn.fetch(
        """SELECT thread_id, seq, id, type, run_id, attempt, payload::text AS payload, created_at
           FROM thread_events WHERE type = ANY ($1) AND created_at > clock_timestamp() - make_interval(secs => $2)
           ORDER BY created_at, seq""",
        list(INTERRUPT_TYPES),
        seconds,
    )
    return [(row["id"], _stored(row)) for row in rows]


def _left_out(event: ThreadEvent) -> set[str]:
    if not event.LATER:
        return _ENVELOPE
    return _ENVELOPE | {name for name in event.LATER if getattr(event, name) is None}


def _stored(row: Record) -> StoredEvent:
    # The payload is already JSON text: put the envelope before it instead of decoding and encoding it again.
    at: datetime = row["created_at"]
    envelope = {
        "type": row["type"],
        "thread_id": str(row["thread_id"]),
        "seq": row["seq"],
        "event_id": str(row["id"]),
        "at": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "run_id": str(row["run_id"]) if row["run_id"] else None,
        "attempt": row["attempt"],
    }
    head = orjson.dumps(envelope).decode()
    payload: str = row["payload"]
    text = head if payload == "{}" else f"{head[:-1]},{payload[1:]}"
    return StoredEvent(seq=row["seq"], type=row["type"], text=text)
