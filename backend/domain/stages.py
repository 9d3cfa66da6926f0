"""What is on a room's stage: the text its displays read, how they move over it, and what an order changes of that.

The rules are plain functions of a `Stage` and a moment; `hold` and `save` read and write it in one transaction, so the
last of two directors wins and nobody sees half of an order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from backend.domain.reading import carry, pace_of, rate_of
from backend.errors import BadRequest, NothingOnStage, NothingWaits, VersionConflict
from backend.fanout.topics import ROOMS_CHANNEL
from backend.ids import new_id
from backend.protocol.commands import PrompterOrder
from backend.protocol.events import PrompterNote, Transport
from backend.storage.postgres import Connection

#: Seconds that a note stands, milliseconds that a cut-in is announced, when nobody says.
_NOTE: Final = 8
_HEADS_UP: Final = 3000
#: The slowest and the fastest pace that a target may ask for.
_PACES: Final = (60, 600)
#: Without a motion for so long (six hours) the room's session is over: another one begins as its host speaks.
_SESSION_MS: Final = 6 * 3_600_000
#: Orders about the text on stage or the one that waits: they mean the one their sender saw.
_OF_A_TEXT: Final = frozenset({"play", "pause", "seek", "take", "cut"})


@dataclass(frozen=True)
class Script:
    """A text as it was cued."""

    version: int
    script_id: UUID | None
    script_version: int | None
    title: str
    content: str
    #: 字/分 of who will speak it.
    pace: int


@dataclass(frozen=True)
class Stage:
    """The text that is being read and the motion over it; see `Transport`."""

    revision: int
    version: int
    script_id: UUID | None
    script_version: int | None
    title: str
    content: str
    pace: int
    playing: bool = False
    backwards: bool = False
    position: float = 0.0
    at_ms: int = 0
    target_at_ms: int | None = None
    blank: bool = False
    note: PrompterNote | None = None
    #: The pace that a person gave last: every text after it keeps it for the room's session. None: each its host's.
    chosen_pace: int | None = None
    #: When the session's first text was started.
    live_since_ms: int | None = None

    @property
    def rate(self) -> float:
        """Characters a second, negative when it runs backwards."""
        return rate_of(self.content, self.pace) * (-1 if self.backwards else 1)

    def position_at(self, now_ms: int) -> float:
        """Return where the text is at a moment."""
        moved = self.rate * max(0, now_ms - self.at_ms) / 1000 if self.playing else 0
        return min(max(self.position + moved, 0.0), float(len(self.content)))

    def is_read(self, now_ms: int) -> bool:
        """Return whether somebody is in the middle of reading it."""
        if not self.playing or not self.content.strip():
            return False
        position = self.position_at(now_ms)
        return position > 0 if self.backwards else position < len(self.content)

    def is_live(self, now_ms: int) -> bool:
        """Return whether this is still the session in which something was done last."""
        return now_ms - self.at_ms < _SESSION_MS

    def pace_for(self, own: int, now_ms: int) -> int:
        """Return the pace at which a text begins whose host speaks at `own`."""
        return own if self.chosen_pace is None or not self.is_live(now_ms) else self.chosen_pace

    def transport(self) -> Transport:
        """Return what the displays are told."""
        return Transport(
            revision=self.revision,
            version=self.version,
            playing=self.playing,
            position=self.position,
            rate=self.rate,
            pace=self.pace,
            length=len(self.content),
            at_ms=self.at_ms,
            target_at_ms=self.target_at_ms,
            live_since_ms=self.live_since_ms,
        )


def begun(revision: int, script: Script, now_ms: int) -> Stage:
    """Return the stage with this text at its beginning, standing."""
    return Stage(
        revision=revision,
        version=script.version,
        script_id=script.script_id,
        script_version=script.script_version,
        title=script.title,
        content=script.content,
        pace=script.pace,
        at_ms=now_ms,
    )


def cued(stage: Stage, script: Script, now_ms: int) -> Stage:
    """Return the stage after a text was cued.

    A correction of the text on stage takes its place, and the reader keeps the place in it. Another text waits while
    one is being read, else it is on stage at once.
    """
    same = stage.content == script.content if script.script_id is None else stage.script_id == script.script_id
    if same and stage.content.strip() and script.content.strip():
        return replace(
            stage,
            revision=stage.revision + 1,
            version=script.version,
            script_id=script.script_id,
            script_version=script.script_version,
            title=script.title,
            content=script.content,
            position=carry(stage.content, script.content, stage.position_at(now_ms)),
            # One that was read to its end does not run on because it became longer.
            playing=stage.is_read(now_ms),
            at_ms=max(stage.at_ms, now_ms),
        )
    if stage.is_read(now_ms):
        return stage
    return _after(stage, script, stage.revision + 1, now_ms, now_ms)


def ordered(stage: Stage, latest: Script, order: PrompterOrder, now_ms: int) -> Stage:
    """Return the stage after an order; the same object when nothing changes. `latest` is the text cued last.

    Raises:
        VersionConflict: the order means a text that is not on stage, or does not wait, any more.
        NothingOnStage: there is no text to move.
        NothingWaits: no other text waits.
        BadRequest: the order is none for a stage.
    """
    if order.action in _OF_A_TEXT:
        _require_text(stage, latest, order, now_ms)
    if _before_it_comes(stage, order, now_ms):
        changed = replace(stage, playing=order.action == "play")
        return stage if changed == stage else replace(changed, revision=stage.revision + 1)
    changed = _changed(stage, latest, order, now_ms)
    return stage if changed == stage else replace(changed, revision=stage.revision + 1)


def _before_it_comes(stage: Stage, order: PrompterOrder, now_ms: int) -> bool:
    """Return whether a reader stops, or starts again, the text that an announced one is about to replace.

    Its screens still show it: nobody can mean the next. What comes then comes standing, or running.
    """
    return order.action in ("play", "pause") and order.version < stage.version and now_ms < stage.at_ms


def _require_text(stage: Stage, latest: Script, order: PrompterOrder, now_ms: int) -> None:
    waiting = order.action in ("take", "cut")
    if waiting and stage.version == latest.version:
        raise NothingWaits(version=latest.version, on_stage=stage.version)
    if order.version != (latest.version if waiting else stage.version) and not _before_it_comes(stage, order, now_ms):
        raise VersionConflict(
            "another text is on the teleprompter by now", version=latest.version, on_stage=stage.version
        )
    if not waiting and not stage.content.strip():
        raise NothingOnStage


def _changed(stage: Stage, latest: Script, order: PrompterOrder, now_ms: int) -> Stage:  # noqa: PLR0911 (one an action)
    here = stage.position_at(now_ms)
    value = order.value
    length = float(len(stage.content))
    # A cut-in or a count-down that was announced comes when it was told to come.
    starts = max(stage.at_ms, now_ms)
    match order.action:
        case "play":
            return _playing(stage, here if value is None else min(value, length), order, now_ms)
        case "pause":
            return replace(stage, playing=False, position=here if value is None else min(value, length), at_ms=starts)
        case "seek":
            # Who has read to the end looks for a place; the text stands there until somebody plays it.
            return replace(stage, playing=stage.is_read(now_ms), position=min(value or 0, length), at_ms=starts)
        case "speed":
            moved = replace(stage, position=here, at_ms=max(stage.at_ms, now_ms))
            pace = round(value or stage.pace)
            return replace(moved, pace=pace, chosen_pace=pace)
        case "target":
            if value is None:
                return replace(stage, target_at_ms=None)
            wanted = pace_of(stage.content, max(0.0, length - here) / value)
            # At the end there is nothing to hurry for, nor to slow down. The next text is in no such hurry.
            pace = stage.pace if length - here < 1 else min(max(round(wanted), _PACES[0]), _PACES[1])
            moved = replace(stage, position=here, at_ms=max(stage.at_ms, now_ms), pace=pace)
            return replace(moved, target_at_ms=now_ms + round(value * 1000))
        case "take":
            return _after(stage, latest, stage.revision, now_ms, now_ms)
        case "cut":
            after = _HEADS_UP if order.after_ms is None else order.after_ms
            coming = _after(stage, latest, stage.revision, now_ms + after, now_ms)
            return replace(coming, playing=stage.is_read(now_ms))
        case "blank":
            return replace(stage, blank=value != 0)
        case "note":
            text = (order.text or "").strip()
            until = now_ms + round((value or _NOTE) * 1000)
            note = PrompterNote(id=new_id(), text=text, at_ms=now_ms, until_ms=until) if text else None
            return replace(stage, note=note)
        case "dismiss":
            return replace(stage, note=None) if stage.note and stage.note.id == order.note_id else stage
        case _:
            raise BadRequest("this is no order for a stage", field="action")


def _playing(stage: Stage, position: float, order: PrompterOrder, now_ms: int) -> Stage:
    length = len(stage.content)
    if not order.reverse and position >= length:
        position = 0.0  # read to the end: once more from the beginning
    backwards = order.reverse and position > 0
    at_ms = now_ms + (order.after_ms or 0)
    # Hours after the last motion another session begins, with nothing chosen for it yet.
    stays = stage.live_since_ms is not None and stage.is_live(now_ms)
    kept = stage if stage.is_live(now_ms) else replace(stage, chosen_pace=None)
    since = stage.live_since_ms if stays else at_ms
    return replace(kept, playing=True, backwards=backwards, position=position, at_ms=at_ms, live_since_ms=since)


def _after(stage: Stage, script: Script, revision: int, at_ms: int, now_ms: int) -> Stage:
    """Return the stage with another text at its beginning, and with what the room keeps from text to text."""
    fresh = begun(revision, replace(script, pace=stage.pace_for(script.pace, now_ms)), at_ms)
    kept = replace(fresh, blank=stage.blank, note=stage.note)
    if not stage.is_live(now_ms):
        return kept
    return replace(kept, chosen_pace=stage.chosen_pace, live_since_ms=stage.live_since_ms)


async def hold(conn: Connection, room_id: UUID) -> tuple[Stage, Script, int]:
    """Return the room's stage, the text cued last and the time (ms), and keep others from changing them until the end
    of the transaction. The room is one of this tenant's."""
    # A room without a stage gets one; the text is read after the lock, so a cue that was first is seen.
    await conn.execute("INSERT INTO prompter_stages (room_id) VALUES ($1) ON CONFLICT DO NOTHING", room_id)
    row = await conn.fetchrow("SELECT * FROM prompter_stages WHERE room_id = $1 FOR UPDATE", room_id)
    cue = await conn.fetchrow(
        """SELECT coalesce(s.version, 0) AS version, s.script_id, s.script_version, coalesce(s.title, '') AS title,
                  coalesce(s.content, '') AS content, coalesce(s.pace, h.pace, 240) AS pace,
                  (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms
           FROM rooms r LEFT JOIN prompter_state s ON s.room_id = r.id LEFT JOIN hosts h ON h.id = r.host_id
           WHERE r.id = $1""",
        room_id,
    )
    assert row is not None
    assert cue is not None
    told = dict(cue)
    now_ms: int = told.pop("now_ms")
    script = Script(**told)
    stage = stage_of(dict(row)) if row["revision"] else begun(0, script, now_ms)
    return stage, script, now_ms


async def waits(conn: Connection, room_id: UUID, version: int) -> bool:
    """Return whether a text that was cued is not on the room's stage yet, because another one is being read."""
    return bool(
        await conn.fetchval("SELECT version < $2 FROM prompter_stages WHERE room_id = $1", room_id, version),
    )


async def save(conn: Connection, room_id: UUID, stage: Stage) -> None:
    """Keep what `hold` read and an order changed; displays hear of it after commit."""
    await conn.execute(
        """UPDATE prompter_stages SET revision = $2, version = $3, script_id = $4, script_version = $5, title = $6,
             content = $7, pace = $8, playing = $9, backwards = $10, position = $11, at_ms = $12, target_at_ms = $13,
             blank = $14, note = $15, chosen_pace = $16, live_since_ms = $17 WHERE room_id = $1""",
        room_id,
        stage.revision,
        stage.version,
        stage.script_id,
        stage.script_version,
        stage.title,
        stage.content,
        stage.pace,
        stage.playing,
        stage.backwards,
        stage.position,
        stage.at_ms,
        stage.target_at_ms,
        stage.blank,
        stage.note.model_dump(mode="json") if stage.note else None,
        stage.chosen_pace,
        stage.live_since_ms,
    )
    await conn.execute("SELECT pg_notify($1, $2)", ROOMS_CHANNEL, str(room_id))


def stage_of(row: Mapping[str, Any]) -> Stage:
    """Return the stage in a row of `prompter_stages`."""
    fields = {name: row[name] for name in Stage.__dataclass_fields__}
    note = fields.pop("note")
    return Stage(**fields, note=PrompterNote.model_validate(note) if note else None)
