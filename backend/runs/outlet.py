"""Where a graph's words leave it: facts go to the thread's log in batches, text under way to lane B."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend import failpoints
from backend.domain import events, runs, threads
from backend.domain.runs import Claimed
from backend.fanout.live_text import LiveText, LiveTexts
from backend.protocol.events import MessageComplete, MessageStarted, NodeChanged, ThreadEvent, ThreadUpdated, Token
from backend.storage.postgres import Connection, Database

#: Seconds that news of steps may wait for what comes next, so that they share a transaction (and each reader's read).
_LAZY = 0.025
#: Events that change a row beside the log (`_apply`).
_CHANGES = (MessageStarted, MessageComplete, ThreadUpdated)


@dataclass(frozen=True, eq=False)
class Mark:
    """Stands behind what a step said; `passed` is set when all of it is in the log."""

    passed: asyncio.Event


class Outlet:
    """The way out for one attempt at a run. `take` never waits; `append` writes what has come, in order.

    What is left when the graph stops is written by `write`, in the transaction that says why it stopped.
    """

    def __init__(self, db: Database, texts: LiveTexts, run: Claimed) -> None:
        self._db = db
        self._texts = texts
        self._run = run
        self._waiting: list[ThreadEvent] = []
        self._unwritten = 0  # facts taken that are not in the log yet; news of steps do not count
        self._committing = False  # what was written is in the log only after this
        self._marks: list[Mark] = []
        self._wake = asyncio.Event()
        self._closed = False
        self._later: asyncio.TimerHandle | None = None
        self._live: dict[UUID, LiveText] = {}

    def take(self, frame: ThreadEvent | Token | Mark) -> None:
        """Accept what a node says."""
        if isinstance(frame, Mark):
            self._marks.append(frame)
            self._pass_marks()
            return
        if isinstance(frame, Token):
            if failpoints.folder is not None:
                failpoints.pass_by("mid_stream", self._run.id)
            self._texts.add(self._text(frame), frame.content)
            return
        if isinstance(frame, MessageStarted):
            # A message that begins anew in the same attempt (the writer tries again) starts from nothing.
            self._live.pop(frame.message_id, None)
        self._waiting.append(frame)
        self._unwritten += _is_fact(frame)
        if _is_fact(frame):
            self._wake.set()
        elif self._later is None:
            self._later = asyncio.get_running_loop().call_later(_LAZY, self._wake.set)

    async def said(self, say: Callable[[Any], None]) -> None:
        """Wait until what was given to `say`, which leads to `take`, is in the log.

        A step whose result is kept before its words would lose them when this process dies in between: the next one
        goes on behind the step. News of steps (which nodes began and ended) may be lost so, words may not.
        """
        mark = Mark(asyncio.Event())
        say(mark)
        await mark.passed.wait()

    def close(self) -> None:
        """Nothing more will come: `append` ends."""
        self._closed = True
        self._wake.set()

    def written(self) -> dict[UUID, str]:
        """Return what has been written of each message so far."""
        return {message_id: text.content for message_id, text in self._live.items()}

    async def append(self) -> None:
        """Write facts to the log until closed; what has come meanwhile goes into one transaction.

        Raises:
            LeaseLost: this attempt does not hold the run any more.
            StorageUnavailable: PostgreSQL is not there.
        """
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._later is not None:
                self._later.cancel()
                self._later = None
            if self._closed:
                self._closed = False  # the graph may go on at once, with an answer that was there already
                return
            if self._waiting:
                if failpoints.folder is not None:
                    await failpoints.reach("before_append", self._run.id)
                self._committing = True
                async with self._db.tenant(self._run.tenant_id) as conn:
                    await self.write(conn)
                self._committing = False
                if failpoints.folder is not None:
                    await failpoints.reach("after_append", self._run.id)
                self._pass_marks()

    async def write(self, conn: Connection) -> None:
        """Write what has come, in this transaction.

        Raises:
            LeaseLost: this attempt does not hold the run any more.
        """
        batch, self._waiting = self._waiting, []
        if not batch:
            return
        for event in batch:
            # Whoever gets the whole text must not get a late piece of it afterwards.
            if isinstance(event, MessageComplete) and event.message_id in self._live:
                await self._texts.flush(self._live[event.message_id])
        if any(isinstance(event, _CHANGES) for event in batch):
            # The run's row before messages and thread, as everybody does: who cancels the run has it and wants those.
            await runs.assert_held(conn, self._run.id, self._run.attempt)
        told = await _apply(conn, self._run, batch)
        await events.append(
            conn, self._run.thread_id, told, run_id=self._run.id, attempt=self._run.attempt, fenced=True
        )
        self._unwritten -= sum(_is_fact(event) for event in batch)

    def _pass_marks(self) -> None:
        if not self._unwritten and not self._committing:
            for mark in self._marks:
                mark.passed.set()
            self._marks.clear()

    def _text(self, token: Token) -> LiveText:
        text = self._live.get(token.message_id)
        if text is None:
            text = LiveText(self._run.thread_id, token.message_id, token.agent, self._run.attempt)
            self._live[token.message_id] = text
        return text


def _is_fact(event: ThreadEvent) -> bool:
    return not isinstance(event, NodeChanged)


async def _apply(conn: Connection, run: Claimed, batch: Sequence[ThreadEvent]) -> list[ThreadEvent]:
    """Bring the rows that an event speaks of to what it says; return the events to append."""
    told: list[ThreadEvent] = []
    for event in batch:
        match event:
            case MessageStarted():
                await conn.execute(
                    """INSERT INTO messages (id, thread_id, run_id, role, agent, status, attempt)
                       VALUES ($1, $2, $3, 'assistant', $4, 'writing', $5)
                       ON CONFLICT (id) DO UPDATE SET status = 'writing', content = '', attempt = $5""",
                    event.message_id,
                    run.thread_id,
                    run.id,
                    event.agent,
                    run.attempt,
                )
                told.append(event)
            case MessageComplete():
                await conn.execute(
                    """INSERT INTO messages (id, thread_id, run_id, role, agent, status, content, attempt)
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                       ON CONFLICT (id) DO UPDATE SET status = $6, content = $7, attempt = $8""",
                    event.message_id,
                    run.thread_id,
                    run.id,
                    event.role,
                    event.agent,
                    event.status,
                    event.content,
                    run.attempt,
                )
                told.append(event)
            case ThreadUpdated():
                changes = event.model_dump(include={"title", "room_id", "product_id", "host_id"})
                told.append(await threads.describe_thread(conn, run.thread_id, changes))
            case _:
                told.append(event)
    return told
