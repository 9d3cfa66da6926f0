"""How a thread stands when a message comes: what the tenant sells, who speaks, what was written and asked there.

What is read for that does not grow with the thread: the last turns, the notes of what was before them, the last texts,
and of the earlier ones those that the words point at.
"""

from collections.abc import Sequence
from typing import Any, Final

from backend.domain.clarifications import offered_options
from backend.domain.profiles import Names
from backend.domain.rooms import Room
from backend.domain.scripts import ThreadDraft, count_of_thread, last_of, of_thread
from backend.domain.thread_notes import SHOWN, Said, ThreadNotes, since
from backend.domain.threads import Thread
from backend.graph.intent import wishes
from backend.graph.intent.folding import fold
from backend.graph.intent.naming import Known, mentioned
from backend.graph.intent.references import far_away
from backend.graph.intent.segments import segments_in
from backend.graph.intent.situation import Draft, Situation
from backend.graph.intent.tripwire import planted
from backend.graph.offers import OFFER
from backend.memory.notes import product_order
from backend.storage.postgres import Connection

#: Characters a minute of whoever is not known.
PACE: Final = 260
#: So many of the last texts are always at hand.
_LAST = 16
#: Words that may name a text far back stand at the beginning or end of a message; ten thousand characters are pasted.
_LOOKED_AT = 300


async def situation_of(
    conn: Connection,
    thread: Thread,
    messages: Sequence[Said],
    notes: ThreadNotes,
    rooms: list[Room],
    names: Names,
    request: dict[str, Any],
    *,
    waiting: bool = False,
) -> Situation:
    """Return what a message of this thread is read against; `waiting` while a decision is awaited there.

    `messages` are the last ones (`thread_notes.window`), `request["content"]` the words, if there are any.
    """
    products = [
        Known(str(entry.id), entry.name, entry.brand, entry.category, tuple(entry.aliases)) for entry in names.products
    ]
    hosts = names.hosts
    drafts = [
        Draft(
            content=draft.content,
            scenario=draft.slots.get("scenario"),
            product_id=str(draft.product_id) if draft.product_id else None,
            product_name=draft.product_name,
            seconds=draft.slots.get("seconds"),
            style=tuple(draft.slots.get("style") or ()),
            must_not_say=tuple(draft.slots.get("must_not_say") or ()),
            script_id=str(draft.script_id) if draft.script_id else None,
            number=draft.number,
        )
        for draft in await _texts(conn, thread, products, notes, str(request.get("content") or ""))
    ]
    product_id = str(request.get("product_id") or thread.product_id or "") or None
    name = next((known.name for known in products if known.id == product_id), None)
    if name is None:
        product_id = None
        name = drafts[-1].product_name if drafts else None
    host_id = str(request.get("host_id") or thread.host_id or "")
    pace = next((host.pace for host in hosts if str(host.id) == host_id), PACE)

    said = [message for message in messages if message.role == "assistant"]
    asked = bool(said) and messages[-1].role == "assistant" and said[-1].agent == "clarify"
    options: list[tuple[str, str]] = []
    if asked:
        options = [(option.label, option.value) for option in await offered_options(conn, thread.id)]
    about = next((m.content for m in reversed(messages) if m.role == "user"), "") if asked else ""
    return Situation(
        products=products,
        hosts={str(host.id): host.name for host in hosts},
        rooms={str(room.id): room.name for room in rooms},
        product_id=product_id,
        product_name=name,
        drafts=tuple(drafts),
        pace=pace,
        asked=asked,
        asked_about=about,
        options=options,
        offered=asked and said[-1].content == OFFER,
        waiting=waiting,
        wishes=standing_wishes(messages, notes, pace),
        product_order=product_order(notes.notes),
        summary="" if planted(notes.summary) else notes.summary,
    )


def standing_wishes(messages: Sequence[Said], notes: ThreadNotes, pace: int) -> dict[str, Any]:
    """Return what holds for every text of a thread: by its notes, and by what was said since they were made."""
    return wishes.after(
        (notes.notes or {}).get("wishes", {}),
        # So much of each as the notes will be made from; the newest may be ten thousand characters.
        [one.content[:SHOWN] for one in since(messages, notes.through) if one.role == "user"],
        pace,
    )


async def _texts(
    conn: Connection, thread: Thread, products: Sequence[Known], notes: ThreadNotes, content: str
) -> list[ThreadDraft]:
    """Return the last texts of the thread, and those further back that the words point at."""
    total = await count_of_thread(conn, thread.id)
    numbers = list(range(max(total - _LAST, 0) + 1, total + 1))
    if total > _LAST:
        text = fold(content[:_LOOKED_AT] + content[_LOOKED_AT:][-_LOOKED_AT:])
        far, names = far_away(text, total, product_order(notes.notes))
        names += [match.product.name for match in mentioned(text, products)]
        segments = [mention.scenario for mention in segments_in(text)]
        if names or segments:
            far += await last_of(conn, thread.id, products=names, scenarios=segments)
        numbers = [*dict.fromkeys([*far, *numbers])]
    return await of_thread(conn, thread.id, numbers) if numbers else []
