"""A rejection is taken back: what it began is withdrawn, and the same text waits again. Nothing on air changes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.integration.desk.conftest import StartServer
from tests.integration.desk.test_again import STRANGER, asked
from tests.integration.desk.test_policies import policies
from tests.support.desk_client import APPROVER, OPERATOR, Desk, Frame, Rest, new_id, no_gaps_no_doubles
from tests.support.failpoints import Failpoints
from tests.support.processes import ServerProcess
from tests.support.races import REQUEST

#: No test waits for the time to be over: it is put back.
WINDOW = 600


@pytest.fixture(scope="module")
def desk_server(
    module_database_url: str, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    settings = {"database_url": module_database_url, "redis_url": module_redis_url, "reject_undo_window": WINDOW}
    with ServerProcess(tmp_path_factory.mktemp("server"), settings).start() as server:
        yield server.wait_healthy()


@pytest.fixture
async def owner(module_database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    conn = await asyncpg.connect(module_database_url)
    yield conn
    await conn.close()


async def rejected(rest: Rest, desk: Desk, feedback: str | None = "再活泼一点") -> Frame:
    """A script that `desk` has rejected, and what it became: written anew and waiting, or over."""
    old = await asked(rest, desk)
    ack = await desk.decide(old, "reject", **({"feedback": feedback} if feedback else {}))
    assert ack["status"] == "accepted", ack
    if feedback:
        await desk.until("interrupt", run_id=old["run_id"], where=lambda f: f["interrupt_id"] != old["interrupt_id"])
    else:
        await desk.until("run", run_id=old["run_id"], status="completed")
    return old


async def take_back(desk: Desk, old: Frame) -> Frame:
    """Take the rejection back and return the new question."""
    ack = await desk.do("undo", interrupt_id=old["interrupt_id"])
    assert ack["status"] == "accepted", ack
    return await desk.until("interrupt", run_id=ack["result"]["run_id"])


async def refused(desk: Desk, old: Frame) -> dict[str, Any]:
    ack = await desk.do("undo", interrupt_id=old["interrupt_id"])
    assert ack["status"] == "rejected", ack
    error: dict[str, Any] = ack["error"]
    return error


async def test_in_the_middle_of_the_new_text_it_is_withdrawn_and_the_old_one_waits_as_it_was(
    start_server: StartServer, database_url: str
) -> None:
    server = start_server(offline_pace=30, reject_undo_window=WINDOW).wait_healthy()
    async with (
        Rest.login(server.url, OPERATOR) as operator,
        Rest.login(server.url, APPROVER) as approver,
        operator.socket() as seen,
        approver.socket() as desk,
    ):
        old = await asked(operator, seen)
        thread = old["thread_id"]
        await desk.follow(thread)
        shown = (await operator.get(f"/rooms/{old['params']['room_id']}/prompter"))["version"]
        await desk.decide(old, "reject", feedback="再活泼一点", reason="style")
        told = await seen.until("interrupt_resolved", interrupt_id=old["interrupt_id"])
        asked_of = await approver.get(f"/interrupts/{old['interrupt_id']}")
        assert asked_of["undo_until"] == told["undo_until"]
        half = await seen.until("message_started", run_id=old["run_id"], where=lambda f: f["seq"] > told["seq"])
        await seen.until("token", message_id=half["message_id"])

        new = await take_back(desk, old)
        assert new["interrupt_id"] != old["interrupt_id"]
        back = new["params"].pop("taken_back")
        assert (back["of"], back["by_name"]) == (old["interrupt_id"], "阿敏")
        assert new["params"] == old["params"], "text, marks and all that is known of them are the same"
        assert new["allowed"] == old["allowed"]
        held = await seen.until("interrupt_updated", interrupt_id=new["interrupt_id"])
        assert held["claimed_by"]["name"] == "阿敏", "it is claimed by who took it back"

        # Everybody sees it: what was half written is closed, the run withdrawn, and a line says by whom.
        closed = await seen.until("message_complete", message_id=half["message_id"])
        assert closed["status"] == "cancelled"
        await seen.until("run", run_id=old["run_id"], status="cancelled")
        said = await seen.until("message_complete", run_id=new["run_id"], role="user")
        assert (said["content"], said["author"]["name"]) == (f"撤回驳回《{old['params']['title']}》", "阿敏")
        assert said["agent"] == "taken_back", "pages tell it from what somebody typed"
        (listed,) = [row for row in (await operator.get("/threads"))["items"] if row["id"] == thread]
        assert "撤回驳回" not in listed["last_text"]
        await seen.until("run", run_id=new["run_id"], status="waiting")
        again = (await operator.get(f"/interrupts/{old['interrupt_id']}"))["again"]
        assert (again["run_id"], again["interrupt_id"], again["by"]["name"]) == (
            new["run_id"],
            new["interrupt_id"],
            "阿敏",
        )
        assert (await operator.get(f"/rooms/{old['params']['room_id']}/prompter"))["version"] == shown

        assert (await desk.decide(new, "approve"))["status"] == "accepted"
        await seen.until("run", run_id=new["run_id"], status="completed")
        view = seen.view(thread)
        assert [script.content for script in view.scripts] == [old["params"]["content"]]
        version = (await operator.get(f"/scripts/{view.scripts[0].script_id}"))["versions"][0]
        assert (version["provenance"]["request"], version["provenance"]["rejections"]) == (REQUEST, 0)
        assert no_gaps_no_doubles(seen.events(thread))
        assert (await operator.get(f"/threads/{thread}"))["active_run"] is None
        conn = await asyncpg.connect(database_url)
        try:
            assert (
                await conn.fetchval("SELECT count(*) FROM script_versions WHERE run_id = $1", UUID(old["run_id"])) == 0
            )
        finally:
            await conn.close()


async def test_what_was_rejected_for_good_waits_again_and_goes_on_from_there(operator: Rest, approver: Rest) -> None:
    async with approver.socket() as desk:
        old = await rejected(operator, desk, feedback=None)
        new = await take_back(desk, old)
        assert new["params"]["content"] == old["params"]["content"]
        # What it leans on is told of the run that asks now, too.
        recalled = await operator.get(f"/memory/recalls/{new['run_id']}")
        assert recalled["recalled"] == (await operator.get(f"/memory/recalls/{old['run_id']}"))["recalled"]
        # It is a question like any other: rejected with words it is written anew, and that is taken back in its turn.
        await desk.decide(new, "reject", feedback="短一点")
        third = await desk.until(
            "interrupt", run_id=new["run_id"], where=lambda f: f["interrupt_id"] != new["interrupt_id"]
        )
        assert third["params"]["content"] != old["params"]["content"]
        assert "taken_back" not in third["params"]
        fourth = await take_back(desk, new)
        assert fourth["params"]["content"] == old["params"]["content"]
        assert fourth["params"]["taken_back"]["of"] == new["interrupt_id"]


async def test_a_new_draft_that_waits_is_withdrawn_and_one_that_is_decided_stands(
    operator: Rest, approver: Rest
) -> None:
    async with approver.socket() as desk, operator.socket() as other:
        old = await rejected(operator, desk)
        draft = await desk.until(
            "interrupt", run_id=old["run_id"], where=lambda f: f["interrupt_id"] != old["interrupt_id"]
        )
        new = await take_back(desk, old)
        gone = await desk.until("interrupt_resolved", interrupt_id=draft["interrupt_id"])
        assert (gone["decision"], gone["by"]["name"]) == ("cancelled", "阿敏")
        late = await other.decide(draft, "approve")
        assert late["error"]["code"] == "already_resolved"
        assert new["params"]["content"] == old["params"]["content"]

        old = await rejected(operator, desk)
        draft = await desk.until(
            "interrupt", run_id=old["run_id"], where=lambda f: f["interrupt_id"] != old["interrupt_id"]
        )
        assert (await other.decide(draft, "approve"))["status"] == "accepted"
        error = await refused(desk, old)
        assert (error["code"], error["details"]["decision"]) == ("already_resolved", "approved")
        assert error["details"]["by"]["name"] == "小林"


async def test_only_who_rejected_it_takes_it_back_in_time_and_once(
    desk_server: ServerProcess, operator: Rest, approver: Rest, host: Rest, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with (
        approver.socket() as desk,
        operator.socket() as other,
        host.socket() as reader,
        Rest.login(desk_server.url, STRANGER) as stranger,
        stranger.socket() as far,
    ):
        old = await rejected(operator, desk)
        path = f"/api/v1/interrupts/{old['interrupt_id']}/undo"
        assert (await refused(other, old))["code"] == "forbidden"
        assert (await refused(reader, old))["code"] == "forbidden"
        assert (await refused(far, old))["code"] == "not_found"
        assert (await stranger.client.post(path)).status_code == 404
        assert await owner.fetchval("SELECT count(*) FROM runs WHERE again_of = $1", old["interrupt_id"]) == 0

        answers = [await approver.client.post(path, headers={"Idempotency-Key": "back"}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
        assert answers[0].json() == answers[1].json()
        new = await desk.until("interrupt", run_id=answers[0].json()["run_id"])
        error = await refused(desk, old)
        assert (error["code"], error["details"]["by"]["name"]) == ("taken_up_again", "阿敏")
        assert error["details"]["run_id"] == new["run_id"]

        late = await rejected(operator, desk)
        await owner.execute(
            "UPDATE interrupts SET decided_at = decided_at - make_interval(secs => $2) WHERE id = $1",
            late["interrupt_id"],
            float(WINDOW),
        )
        assert (await refused(desk, late))["code"] == "undo_over"

        # What waits, and what was let pass, is no rejection.
        waits = await asked(operator, desk)
        assert (await refused(desk, waits))["code"] == "decision_not_allowed"
        await desk.decide(waits, "approve")
        assert (await refused(desk, waits))["code"] == "decision_not_allowed"


async def test_what_the_author_withdrew_stays_so_and_nothing_comes_beside_what_is_at_work(
    operator: Rest, approver: Rest
) -> None:
    async with approver.socket() as desk, operator.socket() as author:
        old = await rejected(operator, desk)
        assert (await author.do("cancel", thread_id=old["thread_id"]))["status"] == "accepted"
        error = await refused(desk, old)
        assert (error["code"], error["details"]["decision"]) == ("already_resolved", "cancelled")

        old = await rejected(operator, desk, feedback=None)
        await author.follow(old["thread_id"])
        run_id = (await author.ask(old["thread_id"], REQUEST))["run_id"]
        await author.until("interrupt", run_id=run_id)
        assert (await refused(desk, old))["code"] == "interrupt_pending"


async def test_what_waits_its_turn_does_so_behind_what_came_back(operator: Rest, approver: Rest) -> None:
    async with approver.socket() as desk, operator.socket() as author:
        old = await asked(operator, desk)
        await author.follow(old["thread_id"])
        behind = (await author.ask(old["thread_id"], "你好", multitask="enqueue"))["run_id"]
        await desk.decide(old, "reject", feedback="再活泼一点")
        new = await take_back(desk, old)
        await desk.decide(new, "approve")
        await author.until("run", run_id=new["run_id"], status="completed")
        await author.until("run", run_id=behind, status="completed")
        order = [
            f["run_id"] for f in author.events(old["thread_id"]) if f["type"] == "run" and f["status"] == "completed"
        ]
        assert order == [new["run_id"], behind]


async def test_who_takes_it_back_does_not_become_its_author(operator: Rest, approver: Rest, admin: Rest) -> None:
    async with policies(admin, four_eyes=True), approver.socket() as desk, operator.socket() as author:
        old = await rejected(operator, author)
        new = await take_back(author, old)
        refused_too = await author.decide(new, "approve")
        assert refused_too["error"]["code"] == "four_eyes"
        assert (await desk.decide(new, "approve"))["status"] == "accepted"

        old = await asked(operator, author)
        await desk.follow(old["thread_id"])
        await desk.decide(old, "reject", feedback="再活泼一点")
        new = await take_back(desk, old)
        assert (await author.decide(new, "approve"))["error"]["code"] == "four_eyes"
        assert (await desk.decide(new, "approve"))["status"] == "accepted"


async def test_no_policy_lets_pass_what_a_person_has_had_a_word_in(operator: Rest, approver: Rest, admin: Rest) -> None:
    async with approver.socket() as desk:
        for _ in range(10):  # of one that a policy would have let pass
            old = await rejected(operator, desk)
            if not old["params"]["findings"] and not old["params"].get("held"):
                break
        async with policies(admin, auto_approve=True):
            new = await take_back(desk, old)
            await desk.until("run", run_id=new["run_id"], status="waiting")
        assert not [f for f in desk.frames if f["type"] == "script_finalized"]
        assert not [f for f in desk.frames if f["type"] == "interrupt_resolved" and f.get("policy")]


async def test_undone_twice_and_decided_at_once_one_is_first(
    operator: Rest, approver: Rest, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with approver.socket() as one, approver.socket() as two, operator.socket() as other:
        for _ in range(6):
            old = await rejected(operator, one)
            draft = await one.until(
                "interrupt", run_id=old["run_id"], where=lambda f, o=old: f["interrupt_id"] != o["interrupt_id"]
            )
            undone, again, decided = await asyncio.gather(
                one.do("undo", interrupt_id=old["interrupt_id"]),
                two.do("undo", interrupt_id=old["interrupt_id"]),
                other.decide(draft, "approve"),
            )
            accepted = [ack for ack in (undone, again, decided) if ack["status"] == "accepted"]
            assert len(accepted) == 1, (undone, again, decided)
            codes = {ack["error"]["code"] for ack in (undone, again, decided) if ack["status"] == "rejected"}
            assert codes <= {"already_resolved", "taken_up_again"}, codes
            rows = await owner.fetch(
                """SELECT run_id FROM script_versions
                   WHERE run_id = $1 OR run_id IN (SELECT id FROM runs WHERE again_of = $2)""",
                UUID(old["run_id"]),
                old["interrupt_id"],
            )
            if accepted[0] is not decided:
                assert rows == [], "nothing was published by the one that was withdrawn"


async def test_whatever_dies_meanwhile_the_text_waits_again_once(
    start_server: StartServer, database_url: str, tmp_path: Path
) -> None:
    points = Failpoints(tmp_path / "points")
    gateway = start_server("serve", "--no-worker", reject_undo_window=WINDOW, **points.settings).wait_healthy()
    worker = start_server("worker", **points.settings)
    async with Rest.login(gateway.url, APPROVER) as approver, approver.socket() as desk:
        for place in ("before_claim", "after_claim", "before_question", "after_question"):
            old = await rejected(approver, desk)
            points.order(place, "kill")  # type: ignore[arg-type]  # one of the places
            new_run = (await desk.do("undo", interrupt_id=old["interrupt_id"]))["result"]["run_id"]
            await points.reached(place)  # type: ignore[arg-type]
            points.lift(place)  # type: ignore[arg-type]
            worker.__exit__()
            worker = start_server("worker", **points.settings)
            new = await desk.until("interrupt", run_id=new_run)
            await desk.until("run", run_id=new_run, status="waiting")
            assert new["params"]["content"] == old["params"]["content"]
            assert (await desk.decide(new, "approve"))["status"] == "accepted"
            await desk.until("run", run_id=new_run, status="completed")
            raised = [f for f in desk.events(old["thread_id"]) if f["type"] == "interrupt" and f["run_id"] == new_run]
            assert len(raised) == 1
            assert no_gaps_no_doubles(desk.events(old["thread_id"]))


async def test_a_rejection_that_was_taken_back_is_no_lesson(
    operator: Rest, approver: Rest, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async def lessons(word: str) -> int:
        await owner.execute("UPDATE pgqueuer SET execute_after = now() WHERE entrypoint = 'learn'")
        async with asyncio.timeout(60):
            while await owner.fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'learn'"):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        found: int = await owner.fetchval(
            "SELECT count(*) FROM memory_documents WHERE kind = 'rejection' AND content LIKE $1", f"{word}%"
        )
        return found

    async with approver.socket() as desk:
        kept, back = f"别喊家人们{new_id()[-6:]}", f"别提家里人{new_id()[-6:]}"
        await rejected(operator, desk, feedback=kept)
        assert await lessons(kept) == 1
        await take_back(desk, await rejected(operator, desk, feedback=back))
        assert await lessons(back) == 0


async def test_a_shows_item_waits_with_what_came_back_and_is_placed_when_that_is_approved(
    operator: Rest, approver: Rest
) -> None:
    room, product = await operator.room_of("小雅的直播间"), (await operator.get("/products"))["items"][0]["id"]
    async with approver.socket() as desk:
        for feedback in ("再活泼一点", None):  # written anew, and over
            plan = [{"product_id": product, "scenario": "opening", "seconds": 30}]
            body = {"room_id": room, "name": "撤回", "total_seconds": 600, "items": plan}
            show = (await operator.post("/shows", body, 201))["show"]["id"]
            await desk.follow(show)
            await operator.post(f"/shows/{show}/start", {})

            async def item(show: str = show, **fields: object) -> Frame:
                told = await desk.until(
                    "show_item",
                    thread_id=show,
                    where=lambda frame: all(frame["item"][name] == value for name, value in fields.items()),
                )
                found: Frame = told["item"]
                return found

            first = await item(status="waiting")
            await desk.follow(first["thread_id"])
            old = await desk.until("interrupt", interrupt_id=first["interrupt_id"])
            await desk.decide(old, "reject", **({"feedback": feedback} if feedback else {}))
            await item(status="writing" if feedback else "rejected")
            new = await take_back(desk, old)

            # The show follows to the run that asks now, as its log and its page say it; nothing else is begun for it.
            waits = await item(status="waiting", interrupt_id=new["interrupt_id"])
            assert (waits["run_id"], waits["thread_id"]) == (new["run_id"], first["thread_id"])
            assert (await operator.get(f"/shows/{show}"))["items"] == [waits]
            assert new["params"]["content"] == old["params"]["content"]
            await desk.decide(new, "approve")
            done = await item(status="approved")
            placed = (await operator.get(f"/rooms/{room}/rundown"))["items"]
            assert [entry["script_id"] for entry in placed if entry["show_id"] == show] == [done["script_id"]]
            assert no_gaps_no_doubles(desk.events(show))
