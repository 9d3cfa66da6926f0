"""When scripts of a thread were on a room's teleprompter, read from the audit log: whatever puts a text on a stage, or
takes it from there, stands in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from backend.protocol.events import Person
from backend.storage.postgres import Connection

#: Entries of a room that are looked through for what came after. What lies behind so many is on no screen any more.
_MOST: Final = 5000


@dataclass(frozen=True)
class Airing:
    """A script that was put on a room's teleprompter, by its approval (`published`) or by a person (`cued`).

    `waited`: another text was being read, so it waited for the stage (None: written by a release that did not note it).
    `shown_at` is None while it waits, and for what was displaced before it came on. `ended_at` is when another text
    came on; None as long as it is there (`on_screen`), or when nobody noted what came after.
    """

    room_id: UUID
    room_name: str
    script_id: UUID
    script_version: int
    title: str
    how: Literal["published", "cued"]
    put_at: datetime
    put_by: Person | None
    waited: bool | None
    shown_at: datetime | None
    shown_by: Person | None
    ended_at: datetime | None
    on_screen: bool


@dataclass(frozen=True)
class Entry:
    """What the audit log says of a room's stage: a script was put there (`how`), or what waited was taken (None)."""

    at: datetime
    by: Person | None
    room_id: UUID
    how: Literal["published", "cued"] | None
    script_id: UUID | None
    script_version: int | None
    prompter_version: int | None
    waits: bool | None


# What a release published that noted no room is told by its event.
_ENTRIES: Final = """
SELECT a.at, a.actor, u.name AS actor_name, a.action, e.room_id, e.prompter_version, (a.detail ->> 'waits')::boolean
         AS waits,
       CASE WHEN a.action LIKE 'script.%' THEN a.subject::uuid END AS script_id,
       CASE WHEN a.action LIKE 'script.%' THEN (a.detail ->> 'version')::int END AS script_version
FROM audit_log a LEFT JOIN users u ON u.id = a.actor
  LEFT JOIN runs r ON a.action = 'script.published' AND NOT a.detail ? 'room' AND r.id = (a.detail ->> 'run_id')::uuid
  CROSS JOIN LATERAL (
    SELECT CASE WHEN a.action LIKE 'prompter.%' THEN a.subject ELSE a.detail ->> 'room' END::uuid AS room_id,
           (a.detail ->> CASE WHEN a.action LIKE 'prompter.%' THEN 'version' ELSE 'prompter_version' END)::int
             AS prompter_version
    WHERE r.id IS NULL
    UNION ALL
    SELECT (payload ->> 'room_id')::uuid, (payload ->> 'prompter_version')::int FROM thread_events
    WHERE thread_id = r.thread_id AND run_id = r.id AND type = 'script_finalized'
  ) AS e
WHERE a.action = ANY ($1) AND e.room_id IS NOT NULL
  AND (a.action <> 'script.published' OR e.prompter_version IS NOT NULL)
"""
_PUT: Final = ("script.published", "script.cued")
_TAKEN: Final = ("prompter.take", "prompter.cut")


async def airings_of(conn: Connection, thread_id: UUID) -> list[Airing]:
    """Return when scripts of a thread were put on teleprompters, the first one first. The thread is this tenant's."""
    own = {
        row["id"]: row["title"]
        for row in await conn.fetch("SELECT id, title FROM scripts WHERE thread_id = $1", thread_id)
    }
    if not own:
        return []
    first = await conn.fetch(
        f"{_ENTRIES} AND a.subject = ANY ($2) ORDER BY a.n", list(_PUT), [str(script_id) for script_id in own]
    )
    room_ids = list({row["room_id"] for row in first})
    if not room_ids:
        return []
    since = first[0]["at"]
    rows = await conn.fetch(
        f"{_ENTRIES} AND a.at >= $2 AND e.room_id = ANY ($3) ORDER BY a.n LIMIT $4",
        [*_PUT, *_TAKEN],
        since,
        room_ids,
        _MOST,
    )
    entries = [
        Entry(
            at=row["at"],
            by=Person(id=row["actor"], name=row["actor_name"] or "") if row["actor"] else None,
            room_id=row["room_id"],
            how=row["action"].removeprefix("script.") if row["action"] in _PUT else None,
            script_id=row["script_id"],
            script_version=row["script_version"],
            prompter_version=row["prompter_version"],
            waits=row["waits"],
        )
        for row in rows
    ]
    stages = await conn.fetch(
        """SELECT r.id, r.name, coalesce(t.script_id, s.script_id) AS script_id,
                  coalesce(t.script_version, s.script_version) AS script_version
           FROM rooms r LEFT JOIN prompter_state s ON s.room_id = r.id
             LEFT JOIN prompter_stages t ON t.room_id = r.id AND t.revision > 0 WHERE r.id = ANY ($1)""",
        room_ids,
    )
    now = {row["id"]: (row["script_id"], row["script_version"]) for row in stages}
    names = {row["id"]: row["name"] for row in stages}
    found = [
        replace(
            one,
            room_name=names.get(one.room_id, ""),
            title=own[one.script_id],
            on_screen=one.shown_at is not None
            and one.ended_at is None
            and now.get(one.room_id) == (one.script_id, one.script_version),
        )
        for room_id in room_ids
        for one in told(entry for entry in entries if entry.room_id == room_id)
        if one.script_id in own
    ]
    return sorted(found, key=lambda one: one.put_at)


def told(entries: Iterable[Entry]) -> list[Airing]:
    """Return what entries of one room, in order, say of every script that was put on its stage."""
    airings: list[Airing] = []
    shown: int | None = None
    waiting: tuple[int, int | None] | None = None
    for entry in entries:
        if entry.how is None:
            # What was cued before these entries begin can be taken, too: then only what was there ends.
            taken = waiting if waiting is not None and waiting[1] in (None, entry.prompter_version) else None
            if shown is not None:
                airings[shown] = replace(airings[shown], ended_at=entry.at)
            shown = taken[0] if taken is not None else None
            if taken is not None:
                airings[taken[0]] = replace(airings[taken[0]], shown_at=entry.at, shown_by=entry.by)
                waiting = None
            continue
        assert entry.script_id is not None, "only what takes has none"
        assert entry.script_version is not None, "only what takes has none"
        place = len(airings)
        airings.append(
            Airing(
                room_id=entry.room_id,
                room_name="",
                script_id=entry.script_id,
                script_version=entry.script_version,
                title="",
                how=entry.how,
                put_at=entry.at,
                put_by=entry.by,
                waited=entry.waits,
                shown_at=None if entry.waits else entry.at,
                shown_by=None if entry.waits else entry.by,
                ended_at=None,
                on_screen=False,
            )
        )
        if entry.waits:
            waiting = (place, entry.prompter_version)
            continue
        # A text that waited is displaced by any other that was put after it.
        waiting = None
        if shown is not None:
            airings[shown] = replace(airings[shown], ended_at=entry.at)
        shown = place
    return airings
