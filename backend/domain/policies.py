"""What a tenant wants: how long its interrupts live, who may decide, what needs no person, how shows are written,
how much is kept in mind, what language models may be used.
"""

from dataclasses import dataclass
from typing import Any

from backend.errors import LimitsCrossed
from backend.settings import Settings
from backend.storage.postgres import Connection, interval

#: The policies that are times, in seconds; the others are numbers, or yes or no.
TIMES = ("interrupt_ttl", "show_interrupt_ttl", "extension_step", "extension_limit", "escalate_before", "undo_window")


@dataclass(frozen=True)
class Policies:
    """The policies of one tenant, the server's settings filled in where it has none of its own. Times in seconds."""

    #: How long a question waits for a person.
    interrupt_ttl: float
    #: The same for a script of a show: they come all at once and are read one after the other.
    show_interrupt_ttl: float
    #: What one extension adds.
    extension_step: float
    #: How long a question may live at most, all extensions together.
    extension_limit: float
    #: How long before its end a question becomes urgent; 0 = never.
    escalate_before: float
    #: How long an approved script is held, and may be called back, before it is on air; 0 = not at all.
    undo_window: float
    #: Who asked for a script may not approve or edit it.
    four_eyes: bool
    #: A script in which the checks found nothing needs no person.
    auto_approve: bool
    #: How many scripts of a show are written at once.
    show_concurrency: int
    #: How much of a conversation a run sees as it was said, in characters; what is before is summed up.
    window_characters: int
    #: How long that summary may be, in characters; 0: none is made.
    summary_characters: int
    #: How many documents are remembered; for one more the oldest that nobody approved goes.
    memory_documents: int
    #: What language models may be used: tokens in a minute, calls in a second, and money in a month (UTC, in the
    #: currency of the prices): at the first sum somebody is told, at the second it is over. None: no limit.
    model_tokens_per_minute: int | None
    model_calls_per_second: int | None
    model_cost_soft: float | None
    model_cost_hard: float | None
    #: Whether what is said to and by language models is kept for people to look at, masked, and for how many days.
    model_texts: bool
    model_text_days: int


async def read_policies(conn: Connection, settings: Settings) -> Policies:
    """Return the policies of the connection's tenant."""
    return await _read(conn, settings, "")


async def hold_policies(conn: Connection, settings: Settings) -> Policies:
    """Return the policies of the connection's tenant and keep them so until the transaction ends.

    For what is decided by them: whoever changes them meanwhile waits, so nothing is decided after a change by what was
    before. Lock order: a run's row, then this, then interrupts and threads.
    """
    return await _read(conn, settings, "FOR SHARE")


async def _read(conn: Connection, settings: Settings, lock: str) -> Policies:
    row = await conn.fetchrow(
        f"""SELECT extract(epoch FROM coalesce(interrupt_ttl, $1))::float8 AS interrupt_ttl,
                  extract(epoch FROM coalesce(show_interrupt_ttl, $5))::float8 AS show_interrupt_ttl,
                  extract(epoch FROM coalesce(extension_step, $2))::float8 AS extension_step,
                  extract(epoch FROM coalesce(extension_limit, $3))::float8 AS extension_limit,
                  extract(epoch FROM coalesce(escalate_before, $4))::float8 AS escalate_before,
                  extract(epoch FROM undo_window)::float8 AS undo_window, four_eyes, auto_approve,
                  coalesce(show_concurrency, $6) AS show_concurrency,
                  coalesce(window_characters, $7) AS window_characters,
                  coalesce(summary_characters, $8) AS summary_characters,
                  coalesce(memory_documents, $9) AS memory_documents,
                  coalesce(model_tokens_per_minute, $10) AS model_tokens_per_minute,
                  coalesce(model_calls_per_second, $11) AS model_calls_per_second,
                  coalesce(model_cost_soft::float8, $12) AS model_cost_soft,
                  coalesce(model_cost_hard::float8, $13) AS model_cost_hard,
                  model_texts, coalesce(model_text_days, $14) AS model_text_days
           FROM tenants WHERE id = current_tenant() {lock}""",
        interval(settings.interrupt_ttl),
        interval(settings.extension_step),
        interval(settings.extension_limit),
        interval(settings.escalate_before),
        interval(settings.show_interrupt_ttl),
        settings.show_concurrency,
        settings.window_characters,
        settings.summary_characters,
        settings.memory_documents,
        settings.model_tokens_per_minute,
        settings.model_calls_per_second,
        settings.model_cost_soft,
        settings.model_cost_hard,
        settings.model_text_days,
    )
    assert row is not None, "a connection of a tenant that is not there"
    return Policies(**row)


async def change_policies(conn: Connection, changes: dict[str, Any]) -> None:
    """Set some policies of the connection's tenant; None brings the server's setting back."""
    columns = [name for name in Policies.__dataclass_fields__ if name in changes]
    values = [
        interval(changes[name]) if name in TIMES and changes[name] is not None else changes[name] for name in columns
    ]
    if columns:
        # The names are the class's own fields, the values parameters.
        assignments = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, 1))
        await conn.execute(f"UPDATE tenants SET {assignments} WHERE id = current_tenant()", *values)


def require_order(wanted: Policies) -> None:
    """Let pass only limits of money that can be told before they are reached.

    Raises:
        LimitsCrossed: somebody would be told of the money only above the sum at which it is over.
    """
    soft, hard = wanted.model_cost_soft, wanted.model_cost_hard
    if soft is not None and hard is not None and soft > hard:
        raise LimitsCrossed(field="model_cost_soft", soft=soft, hard=hard)
