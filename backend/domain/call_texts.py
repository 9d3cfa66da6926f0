"""What was said in calls of language models: kept only where the tenant allows it, masked, for so many days.

Nothing else depends on these texts: they go when the tenant takes its word back, with their thread, with what is asked
to be forgotten, and with the account of the call.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from backend.errors import NotFound
from backend.llm.accounts import CallRecord, CallTexts
from backend.llm.gateway import ToolCallPart, called
from backend.storage.postgres import Connection, interval

#: Characters of one turn, or of the answer, that are kept; what is longer is cut in its middle.
_LONGEST: Final = 8_000
_CUT: Final = "\n[…]\n"
#: Characters of all turns of a call: the last ones are kept.
_LONGEST_TOGETHER: Final = 24_000
#: Characters that are masked at once: what looks like one endless number takes the square of its length.
_MASKED_AT_ONCE: Final = 1_000
_BY_NUMBER: Final = re.compile(r"\\u([0-9A-Fa-f]{4})")
_BREAK: Final = re.compile(r"[\n。！？；，、!?;,]")


@dataclass(frozen=True, slots=True)
class SpokenTexts:
    """The texts of one call, without personal data. `began` is when it did, on the clock that `keep` is given."""

    id: UUID
    thread_id: UUID | None
    turns: list[dict[str, str]]
    answer: str
    began: float

    @classmethod
    def masked(
        cls, call: UUID, thread_id: UUID | None, texts: CallTexts, mask: Callable[[str], str], *, began: float
    ) -> "SpokenTexts":
        """Make them: what is too long is cut, and `mask` is applied to the rest."""
        turns: list[dict[str, str]] = []
        left = _LONGEST_TOGETHER
        for turn in reversed(texts.turns):
            content = _shortened(_in_words(turn.content, turn.tool_calls, turn.role), min(left, _LONGEST))
            left -= len(content)
            turns.append({"role": turn.role, "content": _clean(content, mask)})
        answer = _in_words(texts.answer, texts.tool_calls, "assistant")
        return cls(call, thread_id, turns[::-1], _clean(_shortened(answer, _LONGEST), mask), began)


def _in_words(content: str, calls: Sequence[ToolCallPart], role: str) -> str:
    """Return what was said with its tool calls. What tools are given and give is JSON, in which letters may be written
    by their numbers: no mask and nobody who asks for a name to be forgotten would find it so."""
    if role == "tool":
        return _spelled_out(content)
    told = [call._replace(arguments=_spelled_out(call.arguments)) for call in calls]
    return "\n".join(filter(None, (content, called(told))))


def _spelled_out(text: str) -> str:
    if "\\" not in text:
        return text
    with suppress(orjson.JSONDecodeError):
        return orjson.dumps(orjson.loads(text)).decode()
    # It broke off: what is written by number is spelled out at least.
    return _BY_NUMBER.sub(lambda found: chr(int(found[1], 16)), text)


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    half = max(0, longest - len(_CUT)) // 2
    return text[:half] + _CUT + text[len(text) - half :]


def _clean(text: str, mask: Callable[[str], str]) -> str:
    return _storable("".join(mask(piece) for piece in _pieces(text)))


def _pieces(text: str) -> Iterator[str]:
    """Cut a text behind line ends and commas, where no number goes on; a long stretch without any is left out."""
    while len(text) > _MASKED_AT_ONCE:
        ends = [found.end() for found in _BREAK.finditer(text, 0, _MASKED_AT_ONCE)]
        if ends:
            yield text[: ends[-1]]
            text = text[ends[-1] :]
            continue
        yield _CUT
        following = _BREAK.search(text, _MASKED_AT_ONCE)
        text = text[following.end() :] if following else ""
    yield text


def _storable(text: str) -> str:
    # A model may say what PostgreSQL cannot hold.
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def without(record: CallRecord) -> CallRecord:
    """Return a record without its texts."""
    return replace(record, texts=None)


@dataclass(frozen=True)
class KeptTexts:
    """What was said in a call, as it is kept."""

    turns: list[dict[str, Any]]
    answer: str
    kept_at: datetime


async def are_kept(conn: Connection) -> bool:
    """Tell whether the connection's tenant lets texts be kept."""
    return bool(await conn.fetchval("SELECT model_texts FROM tenants WHERE id = current_tenant()"))


async def keep(conn: Connection, rows: Sequence[SpokenTexts], clock: Callable[[], float]) -> None:
    """Keep texts of calls that are accounted, if the tenant allows it still.

    Not those of a thread that was removed, and not those of calls that were under way when something was asked to be
    forgotten: they may hold it. The caller holds the tenant's memory as it is (`lock_memory`).
    """
    # Whoever takes the word back, or removes the thread, waits for us and removes what we wrote.
    if not await conn.fetchval("SELECT model_texts FROM tenants WHERE id = current_tenant() FOR SHARE"):
        return
    threads = sorted({row.thread_id for row in rows if row.thread_id is not None})
    gone = await conn.fetch("SELECT id, deleted_at FROM threads WHERE id = ANY ($1) ORDER BY id FOR SHARE", threads)
    there = {row["id"] for row in gone if row["deleted_at"] is None}
    kept = [row for row in rows if row.thread_id is None or row.thread_id in there]
    # By the database's clock, as requests to forget are dated; rather too early than too late.
    now, looked = await conn.fetchval("SELECT clock_timestamp()"), clock()
    await conn.executemany(
        """INSERT INTO llm_call_texts (id, thread_id, turns, answer)
           SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT FROM llm_calls WHERE id = $1)
             AND NOT EXISTS (SELECT FROM memory_forgotten WHERE asked_at >= $5::timestamptz)
           ON CONFLICT (id) DO NOTHING""",
        [(row.id, row.thread_id, row.turns, row.answer, now - interval(looked - row.began)) for row in kept],
    )


async def read(conn: Connection, call: UUID) -> KeptTexts:
    """Return the texts of a call.

    Raises:
        NotFound: none are kept.
    """
    row = await conn.fetchrow("SELECT turns, answer, kept_at FROM llm_call_texts WHERE id = $1", call)
    if row is None:
        raise NotFound("no texts are kept of this call")
    return KeptTexts(**row)


async def forget_all(conn: Connection) -> int:
    """Remove all texts of the connection's tenant; return how many calls these were."""
    return _gone(await conn.execute("DELETE FROM llm_call_texts"))


async def forget_of_thread(conn: Connection, thread_id: UUID) -> None:
    """Remove the texts of a thread."""
    await conn.execute("DELETE FROM llm_call_texts WHERE thread_id = $1", thread_id)


async def forget_naming(conn: Connection, names: Sequence[str]) -> int:
    """Remove the texts, and the answers kept for repeated keys, that hold one of these names."""
    removed = 0
    for name in names:
        lowered = name.lower()
        removed += _gone(
            await conn.execute(
                "DELETE FROM llm_call_texts WHERE position($1 IN lower(answer || turns::text)) > 0", lowered
            )
        )
        await conn.execute("DELETE FROM model_answers WHERE position($1 IN lower(answer::text)) > 0", lowered)
    return removed


def _gone(told: str) -> int:
    return int(told.rpartition(" ")[2])
