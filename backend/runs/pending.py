"""What somebody says in the chat while a decision is awaited: words never decide, they are pointed to the card."""

from typing import Final
from uuid import UUID

from backend.domain import events, interrupts, people
from backend.domain.interrupts import Interrupt
from backend.domain.people import Identity
from backend.domain.profiles import read_names
from backend.domain.rooms import list_rooms
from backend.domain.thread_notes import read_notes, window
from backend.domain.threads import Thread
from backend.graph.intent.reading import read
from backend.graph.standing import situation_of
from backend.ids import derived_id
from backend.protocol.events import MessageComplete, MessageStarted, Person
from backend.storage.postgres import Connection

#: Characters: who says yes or no says it in few words; more is a request, which is refused or withdraws what waits.
_LONGEST: Final = 60
#: Characters of the conversation that such words are read against.
_WINDOW: Final = 3000


async def answer_words(
    conn: Connection, who: Identity, thread: Thread, run_id: UUID, command_id: UUID, content: str
) -> tuple[UUID, int] | None:
    """Answer a message that is about what waits (确认, 先别发); return its id and the last `seq`, None for any other.

    Both messages stand beside the run that waits, they are none of its own: what it wrote stays its outcome.

    Nothing is decided and nothing withdrawn, whatever the command asks to be done with the run: a decision is made at
    the card, by whoever may, on the version that was read.
    """
    waiting = next((one for one in (await interrupts.of_run(conn, run_id)).values() if one.status == "pending"), None)
    if waiting is None or len(content) > _LONGEST:
        return None
    messages = await window(conn, thread.id, _WINDOW)
    notes, rooms, names = await read_notes(conn, thread.id), await list_rooms(conn), await read_names(conn)
    situation = await situation_of(conn, thread, messages, notes, rooms, names, {"content": content}, waiting=True)
    reading = read(content, situation)
    if (reading.kind, reading.about) != ("chat", "decision"):
        return None
    said, told = derived_id("said to what waits", command_id), derived_id("told of what waits", command_id)
    text = _pointer(waiting, people.may(who.role, "interrupt.decide"))
    await conn.executemany(
        """INSERT INTO messages (id, thread_id, role, agent, author_id, content, status)
           VALUES ($1, $2, $3, $4, $5, $6, 'complete')""",
        [
            (said, thread.id, "user", None, who.user_id, content),
            (told, thread.id, "assistant", "chat", None, text),
        ],
    )
    seq = await events.append(
        conn,
        thread.id,
        [
            MessageComplete(
                message_id=said, role="user", content=content, author=Person(id=who.user_id, name=who.name)
            ),
            MessageStarted(message_id=told, agent="chat"),
            MessageComplete(message_id=told, role="assistant", agent="chat", content=text),
        ],
    )
    return said, seq


def _pointer(waiting: Interrupt, may_decide: bool) -> str:
    """Say what waits, and where it is decided."""
    title = waiting.params.get("title")
    what = f"《{title}》" if title else "这条稿子" if waiting.kind == "script_approval" else "这项操作"
    if waiting.action == "go_on_air":
        return f"{what}已经批准，马上上屏。聊天里的话不改变它；要叫停，请点卡片上的「撤回」。"
    where = (
        "请在审批卡上点「通过」「修改」或「驳回」"
        if may_decide
        else "你没有审批权限，请叫审批人在审批卡上点「通过」「修改」或「驳回」"
    )
    return (
        f"{what}还在等审批，聊天里的话不算决定，什么都没有变。{where}；想改哪里，写在驳回原因里，或者撤回它重新提要求。"
    )
