"""How a thread stands when a message comes: what the tenant sells, who speaks, what was written and asked there."""

from typing import Any

from backend.domain.clarifications import offered_options
from backend.domain.hosts import list_hosts
from backend.domain.products import catalogue
from backend.domain.rooms import Room
from backend.domain.scripts import of_thread
from backend.domain.threads import Message, Thread
from backend.graph.intent.naming import Known
from backend.graph.intent.situation import Draft, Situation
from backend.storage.postgres import Connection


async def situation_of(
    conn: Connection,
    thread: Thread,
    messages: list[Message],
    rooms: list[Room],
    request: dict[str, Any],
    *,
    waiting: bool = False,
) -> Situation:
    """Return what a message of this thread is read against; `waiting` while a decision is awaited there."""
    products = [
        Known(str(entry.id), entry.name, entry.brand, entry.category, tuple(entry.aliases))
        for entry in await catalogue(conn)
    ]
    hosts = await list_hosts(conn)
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
        )
        for draft in await of_thread(conn, thread.id)
    ]
    product_id = str(request.get("product_id") or thread.product_id or "") or None
    name = next((known.name for known in products if known.id == product_id), None)
    if name is None:
        product_id = None
        name = drafts[-1].product_name if drafts else None
    host_id = str(request.get("host_id") or thread.host_id or "")
    pace = next((host.pace for host in hosts if str(host.id) == host_id), 260)

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
        waiting=waiting,
    )
