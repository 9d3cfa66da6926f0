"""Rules that are saved while everybody checks: who asks after a save gets what was saved, whole, in every process."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from backend.domain import rule_overlays
from backend.fanout.hub import Hub, Sources
from backend.quality import rulebooks
from backend.quality.overlay import Overlay, OwnRule, Phrase, digest_of
from backend.quality.rulebooks import RuleBooks
from backend.storage.embedded import EmbeddedPostgres
from backend.storage.migrate import upgrade
from backend.storage.postgres import Database
from backend.storage.redis import Cache
from tests.support.databases import restart
from tests.support.desk_client import ADMIN, Rest
from tests.support.processes import ServerProcess
from tests.support.races import REQUEST

SAVES = 10
TEXT = "甲甲甲开头，中间乙乙乙，最后丙丙丙，大家看一看。"
WORDS = ("甲甲甲", "乙乙乙", "丙丙丙")


def overlay_of(number: int) -> Overlay:
    """Every rule of a revision is as grave as its number says: half of one and half of another would show."""
    severity = ("block", "fail", "warn", "info")[number % 4]
    rules = [OwnRule(id=f"H-{n}", severity=severity, terms=[word]) for n, word in enumerate(WORDS)]
    return Overlay(rules=rules, allow=[Phrase(text=f"第{number}版")])


@dataclass
class Saves:
    """What was saved, as one who saves knows it."""

    done: int = 0
    begun: int = 0
    checked: list[tuple[int, int, int]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, begin: int, version: str, end: int) -> None:
        revision = int(version.partition(".")[0])
        assert begin <= revision <= end, f"revision {revision} was not current between {begin} and {end}"
        self.checked.append((begin, revision, end))
        self.news.set()

    async def asked_again(self, times: int) -> None:
        enough = len(self.checked) + times
        while len(self.checked) < enough:
            self.news.clear()
            await self.news.wait()


async def test_under_load_no_request_sees_half_a_snapshot_or_one_that_was_not_current(
    desk_server: ServerProcess, second_gateway: ServerProcess
) -> None:
    saves = Saves()
    over = asyncio.Event()

    async def check(rest: Rest) -> None:
        while not over.is_set():
            begin = saves.done
            answer = await rest.client.post("/api/v1/quality/check", json={"content": TEXT})
            assert answer.status_code == 200, answer.text
            end = saves.begun
            report = answer.json()
            saves.note(begin, report["rules_version"], end)
            found = {f["excerpt"]: f["severity"] for f in report["findings"] if f["excerpt"] in WORDS}
            revision = int(report["rules_version"].partition(".")[0])
            severity = ("block", "fail", "warn", "info")[revision % 4]
            assert found == ({} if revision == 0 else dict.fromkeys(WORDS, severity)), (revision, found)

    async def converse(rest: Rest) -> None:
        async with rest.socket() as desk:
            while not over.is_set():
                thread = await rest.new_thread()
                await desk.follow(thread)
                begin = saves.done
                run_id = (await desk.ask(thread, REQUEST))["run_id"]
                feedback = await desk.until("quality_feedback", run_id=run_id, final=True, timeout=60)
                saves.note(begin, feedback["rules_version"], saves.begun)

    async def save(rest: Rest) -> None:
        for number in range(1, SAVES + 1):
            saves.begun = number
            body = {"revision": number - 1, "overlay": overlay_of(number).model_dump()}
            answer = await rest.client.put("/api/v1/rules/overlay", json=body)
            assert answer.status_code == 200, answer.text
            saves.done = number
            await saves.asked_again(3)  # so that each revision is asked for
        over.set()

    async with contextlib.AsyncExitStack() as stack:
        first, second, third = [
            await stack.enter_async_context(Rest.login(server.url, ADMIN, tenant="qinghe"))
            for server in (desk_server, second_gateway, second_gateway)
        ]
        try:
            async with asyncio.TaskGroup() as tasks:
                for rest in (first, second, third, third):
                    tasks.create_task(check(rest))
                for rest in (first, second):
                    tasks.create_task(converse(rest))
                tasks.create_task(save(first))
        finally:
            over.set()
            now = (await first.get("/rules/overlay"))["revision"]
            await first.client.put("/api/v1/rules/overlay", json={"revision": now, "overlay": {}})
    assert {revision for _, revision, _ in saves.checked} >= set(range(2, SAVES + 1))


# In this process, on a database of its own ---------------------------------------------------------------------------


@dataclass
class Office:
    """Two tenants, and the rules as one process keeps them."""

    db: Database
    books: RuleBooks
    tenants: tuple[UUID, UUID]
    author: UUID

    async def save(self, overlay: Overlay, tenant: int = 0) -> int:
        async with self.db.tenant(self.tenants[tenant]) as conn:
            head = await rule_overlays.head(conn)
            saved = await rule_overlays.add(
                conn,
                after=head.revision,
                overlay=overlay.model_dump(),
                digest=digest_of(overlay),
                note="",
                author=self.author,
            )
        return saved.revision


@contextlib.asynccontextmanager
async def opened(url: str, *, kept: int = 32) -> AsyncIterator[Office]:
    owner = await asyncpg.connect(url)
    try:
        tenants = [
            await owner.fetchval("INSERT INTO tenants (slug, name) VALUES ($1, $1) RETURNING id", slug)
            for slug in ("here", "there")
        ]
        author = await owner.fetchval(
            "INSERT INTO users (email, name, password_hash) VALUES ('a@b.c', 'A', '') RETURNING id"
        )
    finally:
        await owner.close()
    async with Database.open(url, size=3, acquire_timeout=10) as db:
        yield Office(db, RuleBooks(db, kept=kept), (tenants[0], tenants[1]), author)


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    async with opened(database_url, kept=3) as made:
        yield made


async def test_one_tenants_rules_are_nothing_to_another(office: Office) -> None:
    await office.save(overlay_of(4), 0)
    mine = await office.books.current(office.tenants[0])
    theirs = await office.books.current(office.tenants[1])
    assert {f.excerpt for f in mine.scan(TEXT)} >= set(WORDS)
    assert not {f.excerpt for f in theirs.scan(TEXT)} & set(WORDS)
    assert theirs.version.startswith("0.")
    async with office.db.tenant(office.tenants[1]) as conn:
        assert await rule_overlays.latest(conn) is None
        assert await rule_overlays.list_revisions(conn, None, 10) == []
    # The same content is compiled once, and still each has its own revision.
    await office.save(overlay_of(1), 1)
    await office.save(overlay_of(4), 1)
    assert (await office.books.current(office.tenants[1])).version.startswith("2.")
    assert (await office.books.current(office.tenants[0])).version.startswith("1.")


async def test_who_asks_at_once_waits_for_one_compilation_and_who_goes_away_takes_nothing_along(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    where: list[threading.Thread] = []
    go_on = threading.Event()
    compile_ = rulebooks.compiled

    def slowly(*args: object) -> object:
        where.append(threading.current_thread())
        assert go_on.wait(30)
        return compile_(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(rulebooks, "compiled", slowly)
    await office.save(overlay_of(3))
    asking = [asyncio.create_task(office.books.current(office.tenants[0])) for _ in range(12)]
    for _ in range(600):  # that this goes on at all shows that the loop does
        if where:
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)  # the others come to wait, too
    asking[0].cancel()
    await asyncio.sleep(0)
    go_on.set()
    snapshots = await asyncio.gather(*asking[1:])
    assert len(where) == 1
    assert where[0] is not threading.main_thread()
    assert {snapshot.version for snapshot in snapshots} == {snapshots[0].version}


async def test_no_more_is_kept_than_wanted_and_what_was_forgotten_comes_back(office: Office) -> None:
    versions = []
    for number in range(1, 7):
        await office.save(overlay_of(number))
        versions.append((await office.books.current(office.tenants[0])).version)
    assert len(set(versions)) == 6
    assert len(office.books._snapshots) == 3
    async with office.db.tenant(office.tenants[0]) as conn:
        first = await rule_overlays.get_revision(conn, 1)
    again = await office.books.at(rule_overlays.Head(office.tenants[0], 1, first.digest, None))
    assert again.version == versions[0]


async def test_rules_that_do_not_compile_leave_those_before_them_in_force(office: Office) -> None:
    await office.save(overlay_of(4))
    # As another release could have kept it, or a damaged disk: nothing that we would let pass.
    async with office.db.tenant(office.tenants[0]) as conn:
        await rule_overlays.add(
            conn, after=1, overlay={"rules": [{"id": "H-1", "patterns": ["((("]}]}, digest="broken", note="",
            author=office.author,
        )  # fmt: skip
    for _ in range(2):
        snapshot = await office.books.current(office.tenants[0])
        assert snapshot.version.startswith("1.")  # the findings say whose they are
        assert {f.excerpt for f in snapshot.scan(TEXT)} >= set(WORDS)


@pytest.fixture
def migrated(own_postgres: EmbeddedPostgres) -> EmbeddedPostgres:
    upgrade(own_postgres.address.owner_url)
    return own_postgres


async def test_what_is_saved_around_a_restart_of_the_database_holds_afterwards_and_is_compiled_ahead(
    migrated: EmbeddedPostgres, redis_url: str, tmp_path: Path
) -> None:
    async with opened(migrated.address.owner_url) as office, Cache.open(redis_url) as cache:
        hub = Hub(migrated.address.owner_url, cache, _nothing(), poll_interval=30)
        hub.on_rules = office.books.on_saved
        async with office.books.following(), hub.running():
            held = await office.books.current(office.tenants[0])
            await asyncio.to_thread(restart, migrated)
            # Who holds a snapshot goes on with it, whatever becomes of the database.
            assert held.scan("国家级的配方")
            async with asyncio.timeout(60):
                while True:
                    with contextlib.suppress(Exception):
                        revision = await office.save(overlay_of(4))
                        break
                    await asyncio.sleep(0.1)
                # Nobody asks: by its notice, or by looking when the line is up again.
                key = (None, digest_of(overlay_of(4)))
                for _ in range(600):
                    if key in office.books._snapshots:
                        break
                    await asyncio.sleep(0.1)
                assert key in office.books._snapshots
            now = await office.books.current(office.tenants[0])
            assert now.version.startswith(f"{revision}.")


def _nothing() -> Sources:
    async def none(*_: object) -> list[object]:
        return []

    async def empty(*_: object) -> dict[object, object]:
        return {}

    async def frame(*_: object) -> str:
        return ""

    return Sources(none, empty, frame, empty, none, empty, none)  # type: ignore[arg-type]
