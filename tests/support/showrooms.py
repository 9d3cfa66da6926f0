"""A tenant with a room, products and a show, made of rows alone; its runs are moved by hand instead of by workers."""

from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from backend.domain import events, interrupts, rundowns, runs, scripts, shows
from backend.domain.runs import Claimed
from backend.domain.shows import NewItem, Show
from backend.ids import new_id
from backend.protocol.events import Problem, ShowItemView
from backend.protocol.snapshot import ShowView, fold
from backend.runs import shows as running
from backend.runs.start import stop
from tests.support.waiting import SETTINGS, Office

SCENARIOS = ("opening", "selling_points", "promotion")


@dataclass
class Showroom:
    """One show and everything that can happen to it."""

    office: Office
    show_id: UUID
    room_id: UUID
    claimed: dict[UUID, Claimed] = field(default_factory=dict)

    @classmethod
    async def make(cls, office: Office, items: int = 6, *, concurrency: int = 2) -> "Showroom":
        async with office.db.tenant(office.tenant_id) as conn:
            room_id = await conn.fetchval("INSERT INTO rooms (name) VALUES ($1) RETURNING id", new_id().hex)
            products = [
                await conn.fetchval("INSERT INTO products (name) VALUES ($1) RETURNING id", f"商品{n} {new_id().hex}")
                for n in range(-(-items // len(SCENARIOS)))
            ]
            wanted = [NewItem(product, scenario) for product in products for scenario in SCENARIOS][:items]
            show = await shows.create_show(
                conn, office.author.user_id, "test",
                room_id=room_id, name="双十一大场", starts_at=None, total_seconds=3600, items=wanted,
            )  # fmt: skip
        await office.owner.execute(
            "UPDATE tenants SET show_concurrency = $2 WHERE id = $1", office.tenant_id, concurrency
        )
        return cls(office, show.id, room_id)

    # What people do ---------------------------------------------------------------------------------------------------

    async def start(self) -> Show:
        async with self.office.db.tenant(self.office.tenant_id) as conn:
            return await running.start(conn, SETTINGS, self.office.author, self.show_id)

    async def pause(self) -> Show:
        async with self.office.db.tenant(self.office.tenant_id) as conn:
            return await running.pause(conn, self.office.author, self.show_id)

    async def retry(self, *item_ids: UUID) -> Show:
        async with self.office.db.tenant(self.office.tenant_id) as conn:
            return await running.retry(conn, self.office.author, self.show_id, item_ids or None)

    async def regenerate(self, item_id: UUID) -> Show:
        async with self.office.db.tenant(self.office.tenant_id) as conn:
            return await running.regenerate(conn, self.office.cache, self.office.author, self.show_id, item_id)

    async def cancel_rest(self) -> None:
        async with self.office.db.tenant(self.office.tenant_id) as conn:
            await running.skip_rest(conn, self.office.author, self.show_id)
        await running.stop_writing(self.office.db, self.office.cache, self.office.author, self.show_id)

    async def reorder(self, random: Random) -> None:
        ids = [item.id for item in await self.items()]
        random.shuffle(ids)
        async with self.office.db.tenant(self.office.tenant_id) as conn:
            await shows.reorder(conn, self.show_id, ids)

    async def stop_run(self, item: ShowItemView) -> None:
        assert item.thread_id is not None
        assert item.run_id is not None
        async with self.office.db.tenant(self.office.tenant_id) as conn:
            await stop(conn, self.office.cache, self.office.author, item.thread_id, item.run_id)

    # What workers do --------------------------------------------------------------------------------------------------

    async def fill(self) -> int:
        return await running.fill(self.office.db, self.office.tenant_id, self.show_id)

    async def claim(self, item: ShowItemView) -> None:
        """A worker takes the run up."""
        assert item.run_id is not None
        async with self.office.db.tenant(self.office.tenant_id) as conn:
            run = await runs.claim_run(conn, item.run_id, "test", 600)
            assert run is not None
        self.claimed[item.id] = run

    async def ask(self, item: ShowItemView) -> None:
        """The script is written and waits for a person."""
        question: dict[str, Any] = {
            "kind": "script_approval", "action": "publish_script", "params": {"content": "稿件"},
            "allowed": ["approve", "edit", "reject"],
        }  # fmt: skip
        run = self.claimed[item.id]
        async with self.office.db.tenant(self.office.tenant_id) as conn:
            await interrupts.insert_interrupt(conn, new_id().hex, run.thread_id, run.id, question, 1800)
            assert await runs.leave_run(conn, run, "waiting")

    async def decide(self, item: ShowItemView, decision: str) -> None:
        """A person decides; the run goes on and its worker brings it to its end."""
        assert item.interrupt_id is not None
        assert item.run_id is not None
        async with self.office.db.tenant(self.office.tenant_id) as conn:
            await conn.execute("SELECT FROM runs WHERE id = $1 FOR UPDATE", item.run_id)
            by = self.office.one.user_id
            assert await interrupts.resolve(conn, item.interrupt_id, decision, {"decision": decision}, by)  # type: ignore[arg-type]
            assert await runs.resume_run(conn, item.run_id)
        await self.claim(item)
        if decision == "approve":
            await self.publish(item)
        await self.leave(item, "completed")

    async def publish(self, item: ShowItemView) -> None:
        run = self.claimed[item.id]
        async with self.office.db.tenant(self.office.tenant_id) as conn:
            script_id, version = await scripts.publish(
                conn, script_id=None, thread_id=run.thread_id, run_id=run.id, room_id=self.room_id, product_id=None,
                host_id=None, title=item.product_name, scenario=item.scenario, content="姐妹们晚上好。",
                draft="姐妹们晚上好。", provenance={}, approved_by=None,
            )  # fmt: skip
            assert await rundowns.place(conn, run.id, script_id, version)

    async def leave(self, item: ShowItemView, status: str) -> None:
        run = self.claimed.pop(item.id)
        problem = Problem(code="model_timeout", message="late", retryable=True) if status == "failed" else None
        async with self.office.db.tenant(self.office.tenant_id) as conn:
            if status in ("failed", "expired"):
                await interrupts.withdraw(conn, run.id, None)
            assert await runs.leave_run(conn, run, status, error=problem)  # type: ignore[arg-type]

    # What is there ----------------------------------------------------------------------------------------------------

    async def items(self) -> list[ShowItemView]:
        async with self.office.db.tenant(self.office.tenant_id) as conn:
            return await shows.items_of(conn, self.show_id)

    async def statuses(self) -> list[str]:
        return [item.status for item in await self.items()]

    async def by_rows(self) -> ShowView:
        """The show as the tables have it."""
        async with self.office.db.tenant(self.office.tenant_id) as conn:
            show = await shows.get_show(conn, self.show_id)
            return ShowView(
                name=show.name, room_id=show.room_id, starts_at=show.starts_at, total_seconds=show.total_seconds,
                status=show.status, concurrency=show.concurrency, progress=show.progress,
                items=await shows.items_of(conn, self.show_id),
            )  # fmt: skip

    async def by_events(self) -> ShowView:
        """The show as whoever followed its log from the beginning has it."""
        async with self.office.db.tenant(self.office.tenant_id) as conn:
            read = await events.read_events(conn, self.show_id, 0, 10_000)
        assert [event.seq for event in read] == list(range(1, len(read) + 1))
        show = fold(read).show
        assert show is not None
        return show

    async def rundown(self) -> list[UUID]:
        async with self.office.db.tenant(self.office.tenant_id) as conn:
            return [entry.show_item_id for entry in await rundowns.of_room(conn, self.room_id)]
