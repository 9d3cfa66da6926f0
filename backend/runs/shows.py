"""What happens to a whole show: its scripts are begun a few at a time, each as a run in a conversation of its own.

Nothing here remembers what is under way: the show's row is held while its items are counted and begun, in the
transaction that adds the runs. So whichever worker looks, however many do and whenever one dies, each item is begun
once, and no more than the tenant wants at a time. What a run then does moves its item by itself
(`follow_show_item` in revision 0009).
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from backend.domain import audit, people, policies, shows
from backend.domain.people import Identity
from backend.domain.runs import Request
from backend.domain.shows import Show
from backend.errors import ItemNotReady, NotFound, ProductGone, ShowBusy, ShowEmpty, SkillRefused
from backend.graph import skills
from backend.graph.intent.vocabulary import SCENARIO_NAMES
from backend.graph.version import GRAPH_VERSION
from backend.ids import derived_id
from backend.protocol.events import Person, Problem, ShowItemView
from backend.runs.jobs import enqueue_run
from backend.runs.start import add_request, require_still, stop
from backend.settings import Settings
from backend.storage.postgres import Connection, Database
from backend.storage.redis import Cache

#: What of a script can be tried again without anybody having read it.
_RETRIED: Final = frozenset({"failed", "rejected", "skipped"})


async def start(conn: Connection, settings: Settings, who: Identity, show_id: UUID) -> Show:
    """Let the planned scripts be written, in the name of `who`; also after a pause.

    Raises:
        NotFound: there is no such show.
        ShowEmpty: nothing is planned (any more).
        Forbidden: the role (read again in this transaction) does not allow it.
        SkillRefused: whole shows are not open to that role.
    """
    await require_still(conn, who)
    await skills.require(conn, skills.SKILLS["rundown"], who.user_id)
    show = await shows.lock_show(conn, show_id)
    if show.progress.planned == 0:
        raise ShowEmpty("every script of this show has been begun already")
    wanted = await policies.read_policies(conn, settings)
    show = await shows.set_status(conn, show_id, "running", by=who.user_id, concurrency=wanted.show_concurrency)
    await shows.wake_workers(conn)
    await audit.record(conn, who.user_id, "show.started", str(show_id), planned=show.progress.planned)
    return show


async def pause(conn: Connection, who: Identity, show_id: UUID) -> Show:
    """Begin nothing more for now; what is being written goes on.

    Raises:
        NotFound: there is no such show.
        ItemNotReady: it does not run.
        Forbidden: the role (read again in this transaction) does not allow it.
    """
    await require_still(conn, who)
    show = await shows.lock_show(conn, show_id)
    if show.status != "running":
        raise ItemNotReady("this show does not run", status=show.status)
    show = await shows.set_status(conn, show_id, "paused")
    await audit.record(conn, who.user_id, "show.paused", str(show_id), planned=show.progress.planned)
    return show


async def retry(conn: Connection, who: Identity, show_id: UUID, item_ids: Sequence[UUID] | None) -> Show:
    """Plan again what failed (all of it, or these: also what was rejected or left out); the rest is not touched.

    Raises:
        SkillRefused: whole shows are not open to that role.
        NotFound: there is no such show or item.
        ItemNotReady: one of them is under way or approved.
        ShowEmpty: nothing has failed.
        Forbidden: the role (read again in this transaction) does not allow it.
    """
    await require_still(conn, who)
    await skills.require(conn, skills.SKILLS["rundown"], who.user_id)
    await shows.lock_show(conn, show_id)
    items = {item.id: item for item in await shows.items_of(conn, show_id)}
    wanted = [id_ for id_, item in items.items() if item.status == "failed"] if item_ids is None else list(item_ids)
    for id_ in wanted:
        if id_ not in items:
            raise NotFound("there is no such item")
        if items[id_].status not in _RETRIED:
            raise ItemNotReady(status=items[id_].status)
    if not wanted:
        raise ShowEmpty("nothing of this show has failed")
    return await _again(conn, who, show_id, wanted, "show.retried")


async def regenerate(conn: Connection, cache: Cache, who: Identity, show_id: UUID, item_id: UUID) -> Show:
    """Let one script be written from the beginning; what waits for a decision of it is withdrawn.

    An approved one stays in the rundown until the new one is approved.

    Raises:
        SkillRefused: whole shows are not open to that role.
        NotFound: there is no such show or item.
        ItemNotReady: it is being written at the moment, or has not been begun.
        Forbidden: the role (read again in this transaction) does not allow it.
    """
    await require_still(conn, who)
    await skills.require(conn, skills.SKILLS["rundown"], who.user_id)
    await shows.get_show(conn, show_id)
    item = await shows.get_item(conn, show_id, item_id, shows.OVER | {"waiting"})
    # The run's row before the show's, as everybody does.
    if item.status == "waiting" and item.thread_id is not None and item.run_id is not None:
        await stop(conn, cache, who, item.thread_id, item.run_id)
    await shows.lock_show(conn, show_id)
    now = await shows.get_item(conn, show_id, item_id, shows.OVER | {"waiting"})
    if (now.run_id, now.thread_id) != (item.run_id, item.thread_id):
        raise ItemNotReady("somebody began it anew meanwhile", status=now.status)
    return await _again(conn, who, show_id, [item_id], "show.regenerated")


async def skip_rest(conn: Connection, who: Identity, show_id: UUID) -> Show:
    """Leave out what has not been begun; `stop_writing` then stops what is being written.

    Raises:
        NotFound: there is no such show.
        Forbidden: the role (read again in this transaction) does not allow it.
    """
    await require_still(conn, who)
    await shows.lock_show(conn, show_id)
    show = await shows.skip_planned(conn, show_id)
    await audit.record(conn, who.user_id, "show.cancelled", str(show_id))
    return show


async def stop_writing(db: Database, cache: Cache, who: Identity, show_id: UUID, *, waiting: bool = False) -> Show:
    """Stop the scripts of a show that are being written; `waiting`: withdraw what waits for a decision as well.

    Each by itself, for a run's row comes before the show's: one that ends meanwhile has ended.

    Raises:
        NotFound: there is no such show.
        Forbidden: the role (read again in each transaction) does not allow it.
    """
    async with db.tenant(who.tenant_id) as conn:
        items = await shows.items_of(conn, show_id)
    stopped = {"queued", "writing", "waiting"} if waiting else {"queued", "writing"}
    for item in items:
        if item.status in stopped and item.thread_id is not None and item.run_id is not None:
            async with db.tenant(who.tenant_id) as conn:
                await require_still(conn, who)
                await stop(conn, cache, who, item.thread_id, item.run_id)
    async with db.tenant(who.tenant_id) as conn:
        return await shows.get_show(conn, show_id)


async def remove(conn: Connection, who: Identity, show_id: UUID) -> None:
    """Take a show out of sight. Its scripts stay in the library, but not in the rundown.

    Raises:
        NotFound: there is no such show.
        ShowBusy: scripts are being written or wait for a decision.
        Forbidden: the role (read again in this transaction) does not allow it.
    """
    await require_still(conn, who)
    show = await shows.lock_show(conn, show_id)
    under_way = show.progress.queued + show.progress.writing + show.progress.waiting
    if under_way:
        raise ShowBusy(under_way=under_way)
    await shows.remove_show(conn, show_id)
    await audit.record(conn, who.user_id, "show.removed", str(show_id), name=show.name)


async def fill(db: Database, tenant_id: UUID, show_id: UUID) -> int:
    """Begin as many scripts of a running show as have a free place; return how many.

    Raises:
        NotFound: the show was removed meanwhile.
    """
    async with db.tenant(tenant_id) as conn:
        show = await shows.lock_show(conn, show_id)
        if show.status != "running" or show.started_by is None:
            return 0
        role = await people.current_role(conn, show.started_by)
        if role is None or not people.may(role, "thread.write"):
            # Nobody is left in whose name it could go on: whoever may starts it anew.
            await _stop_short(conn, show_id, "who started it may not write any more")
            return 0
        try:
            await skills.require(conn, skills.SKILLS["rundown"], show.started_by)
        except SkillRefused:
            await _stop_short(conn, show_id, "whole shows are not open to who started it any more")
            return 0
        name = await conn.fetchval("SELECT name FROM users WHERE id = $1", show.started_by)
        author = Person(id=show.started_by, name=name)
        free = show.concurrency - show.progress.queued - show.progress.writing
        begun = 0
        for item in await shows.items_of(conn, show_id):
            if begun >= free:
                break
            if item.status == "planned":
                begun += await _begin(conn, tenant_id, show, item, author)
        return begun


async def _stop_short(conn: Connection, show_id: UUID, reason: str) -> None:
    await shows.set_status(conn, show_id, "paused")
    await audit.record(conn, None, "show.paused", str(show_id), reason=reason)


async def _begin(conn: Connection, tenant_id: UUID, show: Show, item: ShowItemView, author: Person) -> bool:
    """Add conversation, message, run and job of one item; False when it cannot be written, as its status then says."""
    if not await conn.fetchval("SELECT EXISTS (SELECT FROM products WHERE id = $1)", item.product_id):
        gone = Problem(code=ProductGone.code, message=ProductGone().message)
        await shows.fail_item(conn, show.id, item.id, gone)
        return False
    generation = await shows.next_generation(conn, item.id)
    # Derived: should anything ever begin the same writing twice, the second meets the first one's key.
    thread_id = derived_id("show item", item.id, generation)
    title = f"{item.product_name} · {SCENARIO_NAMES[item.scenario]}"
    await shows.open_conversation(conn, show, item, thread_id, author.id, GRAPH_VERSION, title)
    await shows.begin_item(conn, item.id, thread_id)
    asked: dict[str, Any] = {
        "content": words(item),
        "room_id": str(show.room_id),
        "product_id": str(item.product_id),
        "host_id": str(show.host_id) if show.host_id else None,
        "scenario": item.scenario,
        "duration_seconds": item.planned_seconds,
    }
    asked = {name: value for name, value in asked.items() if value is not None}
    request = Request(thread_id, hashlib.sha256(item.id.bytes).digest())
    run_id, _, _ = await add_request(conn, tenant_id, thread_id, author, asked, GRAPH_VERSION, "queued", request)
    await enqueue_run(conn, tenant_id, run_id)
    return True


def words(item: ShowItemView) -> str:
    """Return what is asked for an item, as a person would say it; the product goes beside the words.

    Its name in the words could be taken for another product's that it is part of.
    """
    said = f"写一段{SCENARIO_NAMES[item.scenario]}话术，{item.planned_seconds}秒"
    return f"{said}，{item.notes}" if item.notes else said


async def _again(conn: Connection, who: Identity, show_id: UUID, item_ids: Sequence[UUID], action: str) -> Show:
    show = await shows.plan_again(conn, show_id, item_ids)
    await shows.wake_workers(conn)
    await audit.record(conn, who.user_id, action, str(show_id), items=[str(id_) for id_ in item_ids])
    return show
