"""The versions of a thread: read, replayed, gone on from after a failure, forked into another thread."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.support.desk_client import ADMIN, Desk, Frame, Rest, no_gaps_no_doubles
from tests.support.processes import ServerProcess, free_port
from tests.support.scripted_model import Script, ScriptedModel, scripted_model

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
TEXT = (
    "姐妹们，早上灌的热水，到了下午喝还是热的，你们信吗？来，看这里，这只沐野随行保温杯，三一六不锈钢内胆，"
    "一键弹盖，单手就能开，往通勤包里一放，一点都不压肩。首次使用请用温水清洗，请勿盛装碳酸饮料和干冰。"
    "想看细节的在公屏上打个杯字，我给你们拿近了看；觉得合适的，点下方小黄车的链接下单。"
)
GOOD = Script("text", text=TEXT)
NEVER = "00000000-0000-7000-8000-000000000000"
Conn = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture(scope="module")
def model_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def desk_server(
    module_database_url: str, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory, model_port: int
) -> Iterator[ServerProcess]:
    settings = {
        "database_url": module_database_url,
        "redis_url": module_redis_url,
        "llm_provider": "openai",
        "llm_base_url": f"http://127.0.0.1:{model_port}/v1",
        "llm_api_key": "sk-test",
        "llm_model": "scripted",
        "llm_judge": False,  # what is played is the writer's part
    }
    with ServerProcess(tmp_path_factory.mktemp("server"), settings).start() as server:
        yield server.wait_healthy()


@pytest.fixture
async def model(desk_server: ServerProcess, model_port: int) -> AsyncIterator[ScriptedModel]:
    """Says `GOOD` unless a test plays something else first."""
    async with scripted_model(model_port) as server:
        server.by_model["scripted"] = GOOD
        yield server


@pytest.fixture
async def conn(module_database_url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(module_database_url)
    yield connection
    await connection.close()


async def history(rest: Rest, thread: str) -> list[dict[str, Any]]:
    """All versions, oldest first."""
    found, cursor = [], None
    while True:
        page = await rest.get(f"/threads/{thread}/checkpoints", limit=3, **({"cursor": cursor} if cursor else {}))
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found[::-1]


async def waiting(rest: Rest, desk: Desk) -> tuple[str, Frame]:
    """A thread whose run waits for a decision, and its interrupt."""
    thread = await rest.new_thread(room_id=await rest.room_of("小雅的直播间"))
    await desk.follow(thread)
    asked = await desk.ask(thread, REQUEST)
    interrupt = await desk.until("interrupt", run_id=asked["run_id"])
    await desk.until("run", run_id=asked["run_id"], status="waiting")
    return thread, interrupt


async def approved(desk: Desk, interrupt: Frame) -> None:
    assert (await desk.decide(interrupt, "approve"))["status"] == "accepted"
    await desk.until("run", run_id=interrupt["run_id"], status="completed")


async def refused(rest: Rest, method: str, path: str, status: int, code: str, **body: Any) -> dict[str, Any]:
    answer = await rest.client.request(method, f"/api/v1{path}", **({"json": body} if body else {}))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return dict(answer.json())


async def damage(conn: Conn, run_id: str, checkpoint_id: str) -> None:
    """Change one letter of the draft that a checkpoint holds."""
    done = await conn.execute(
        """UPDATE checkpoints SET checkpoint = jsonb_set(checkpoint, '{channel_values,draft}', '"别的"')
           WHERE thread_id = $1 AND checkpoint_id = $2 AND checkpoint_ns = ''""",
        run_id,
        checkpoint_id,
    )
    assert done == "UPDATE 1"


async def checkpoint_ids(conn: Conn, thread: str) -> dict[int, str]:
    rows = await conn.fetch("SELECT version, checkpoint_id FROM run_checkpoints WHERE thread_id = $1", UUID(thread))
    return {row["version"]: row["checkpoint_id"] for row in rows}


async def test_a_replayed_state_shows_nobodys_telephone_number(operator: Rest, model: ScriptedModel) -> None:
    async with operator.socket() as desk:
        thread = await operator.new_thread(room_id=await operator.room_of("小雅的直播间"))
        await desk.follow(thread)
        asked = await desk.ask(thread, f"{REQUEST}，联系人李娜，电话138 0013 8000")
        await desk.until("run", run_id=asked["run_id"], status="waiting")
        latest = await operator.get(f"/threads/{thread}/checkpoints/latest")
        replay = await operator.get(f"/threads/{thread}/checkpoints/{latest['version']}/replay")
    for part in ("values", "snapshot"):
        shown = str(replay[part])
        assert "138****8000" in shown, part
        assert "李娜" not in shown, part
        assert "138 0013 8000" not in shown, part
    assert replay["values"]["draft"] == TEXT
    # What is taken out as a file: the same events, each in its place, without the number.
    plain, masked = [(await operator.get(f"/threads/{thread}/events", masked=m))["items"] for m in (False, True)]
    assert "138 0013 8000" in str(plain)
    assert "138 0013 8000" not in str(masked)
    assert "李娜" not in str(masked)
    assert [(one["seq"], one["type"]) for one in masked] == [(one["seq"], one["type"]) for one in plain]
    assert [one["content"] for one in replay["snapshot"]["messages"] if one["role"] == "assistant"] == [TEXT]


async def test_every_step_is_a_version_that_can_be_replayed_without_running_anything(
    operator: Rest, model: ScriptedModel, conn: Conn
) -> None:
    async with operator.socket() as desk:
        thread, interrupt = await waiting(operator, desk)
        before = await history(operator, thread)
        assert [v["version"] for v in before] == list(range(1, len(before) + 1))
        assert [(v["nodes"], v["next"], v["status"]) for v in before] == [
            ([], ["__start__"], "running"),
            ([], ["intent"], "running"),
            (["intent"], ["product", "profile", "recall"], "running"),
            (["product", "profile", "recall"], ["script"], "running"),
            (["script"], ["quality"], "running"),
            (["quality"], ["review"], "waiting"),
        ]
        assert all(v["intact"] and v["run_id"] == interrupt["run_id"] and len(v["checksum"]) == 64 for v in before)
        assert len({v["trace_id"] for v in before}) == 1
        await approved(desk, interrupt)
        await desk.drain()

    after = await history(operator, thread)
    assert [v | {"status": "waiting"} if v["version"] == 6 else v for v in after][:6] == before
    assert [(v["nodes"], v["status"]) for v in after[6:]] == [(["review"], "running"), (["finalize"], "completed")]
    assert await operator.get(f"/threads/{thread}/checkpoints/latest") == after[-1]
    assert await operator.get(f"/threads/{thread}/checkpoints/3") == after[2]
    only = await operator.get(f"/threads/{thread}/checkpoints", run_id=NEVER)
    assert only == {"items": [], "next_cursor": None}

    log = (await operator.get(f"/threads/{thread}/events"))["items"]
    asked_of_the_model = len(model.requests)
    replays = [await operator.get(f"/threads/{thread}/checkpoints/{v['version']}/replay") for v in after]
    ends = [replay["snapshot"]["seq"] for replay in replays]
    assert ends == sorted(ends)
    # Each replay ends where its step did: with what its nodes said, and without a word of the next ones.
    for replay in replays:
        done = {s["node"] for run in replay["snapshot"]["runs"] for s in run["steps"] if s["status"] == "finished"}
        expected = {node for v in after[: replay["checkpoint"]["version"]] for node in v["nodes"]}
        assert done == expected, replay["checkpoint"]
    assert replays[2]["values"]["kind"] == "write"
    assert "draft" not in replays[3]["values"]
    assert replays[4]["values"]["draft"] == TEXT
    assert [m["role"] for m in replays[3]["snapshot"]["messages"]] == ["user"]
    assert [m["content"] for m in replays[4]["snapshot"]["messages"]] == [REQUEST, TEXT]
    assert [i["status"] for i in replays[5]["snapshot"]["interrupts"]] == ["pending"]
    whole = (await operator.get(f"/threads/{thread}/snapshot"))["snapshot"]
    assert replays[-1]["snapshot"] == whole
    assert len(model.requests) == asked_of_the_model
    assert (await operator.get(f"/threads/{thread}/events"))["items"] == log
    assert await history(operator, thread) == after
    provenance = await conn.fetchval("SELECT provenance FROM script_versions v WHERE v.run_id = $1",
                                     UUID(interrupt["run_id"]))  # fmt: skip
    assert f'"{(await checkpoint_ids(conn, thread))[7]}"' in provenance


async def test_what_the_index_says_goes_on_is_what_the_graph_would_do(
    operator: Rest, model: ScriptedModel, conn: Conn
) -> None:
    async with operator.socket() as desk:
        thread, interrupt = await waiting(operator, desk)
        await approved(desk, interrupt)
    stored = await conn.fetch(
        "SELECT checkpoint_id FROM checkpoints WHERE thread_id = $1 ORDER BY checkpoint_id", interrupt["run_id"]
    )
    ids = await checkpoint_ids(conn, thread)
    assert [row["checkpoint_id"] for row in stored] == [ids[v] for v in sorted(ids)], "one row for each, in order"


async def test_a_failed_run_goes_on_where_it_failed_and_finished_nodes_are_not_run_again(
    operator: Rest, model: ScriptedModel, conn: Conn
) -> None:
    model.play(Script("cut", count=4))
    async with operator.socket() as desk:
        thread = await operator.new_thread(room_id=await operator.room_of("小雅的直播间"))
        await refused(operator, "POST", f"/threads/{thread}/checkpoints/resume", 409, "nothing_to_resume")
        await desk.follow(thread)
        run_id = (await desk.ask(thread, REQUEST))["run_id"]
        await desk.until("run", run_id=run_id, status="failed")
        failed = await history(operator, thread)
        assert (failed[-1]["status"], failed[-1]["next"]) == ("failed", ["script"])
        key = {"Idempotency-Key": f"resume {thread}"}
        answers = [
            await operator.client.post(f"/api/v1/threads/{thread}/checkpoints/resume", headers=key) for _ in range(2)
        ]
        assert [a.status_code for a in answers] == [202, 202]
        assert answers[0].json() == answers[1].json(), "asked twice, resumed once"
        resumed = answers[0].json()
        assert (resumed["run_id"], resumed["version"], resumed["damaged"]) == (run_id, failed[-1]["version"], [])
        interrupt = await desk.until("interrupt", run_id=run_id)
        await desk.until("run", run_id=run_id, status="waiting")
        await refused(operator, "POST", f"/threads/{thread}/checkpoints/resume", 409, "interrupt_pending")
        await approved(desk, interrupt)
        await refused(operator, "POST", f"/threads/{thread}/checkpoints/resume", 409, "nothing_to_resume")
        finished = Counter(f["node"] for f in desk.events(thread) if f["type"] == "node" and f["status"] == "finished")
        assert set(finished.values()) == {1}, finished
        assert no_gaps_no_doubles(desk.events(thread))
        statuses = [f["status"] for f in desk.events(thread) if f["type"] == "run"]
        assert statuses == ["queued", "running", "failed", "queued", "running", "waiting", "running", "completed"]
        view = desk.view(thread)
        assert [(m.status, m.content) for m in view.messages] == [("complete", REQUEST), ("complete", TEXT)]
    assert len(model.requests) == 2
    done = await history(operator, thread)
    assert [v["version"] for v in done] == list(range(1, len(done) + 1))
    assert {v["attempt"] for v in done} == {1, 2, 3}
    assert await conn.fetchval("SELECT count(*) FROM audit_log WHERE action = 'run.resumed' AND subject = $1",
                               run_id) == 1  # fmt: skip


async def test_a_damaged_checkpoint_is_told_not_believed_and_passed_over(
    operator: Rest, model: ScriptedModel, conn: Conn
) -> None:
    async with operator.socket() as desk:
        thread, interrupt = await waiting(operator, desk)
        run_id = interrupt["run_id"]
        ids = await checkpoint_ids(conn, thread)
        latest = max(ids)
        await damage(conn, run_id, ids[latest])
        found = await history(operator, thread)
        assert [v["intact"] for v in found] == [True] * (latest - 1) + [False]
        path = f"/threads/{thread}/checkpoints/{latest}"
        assert (await operator.get(path))["intact"] is False
        problem = await refused(operator, "GET", f"{path}/replay", 409, "checkpoint_damaged")
        assert problem["details"]["version"] == latest
        await refused(operator, "POST", f"{path}/fork", 409, "checkpoint_damaged")

        assert (await desk.decide(interrupt, "approve"))["status"] == "accepted"
        failed = await desk.until("run", run_id=run_id, status="failed")
        assert failed["error"]["code"] == "checkpoint_damaged"
        assert not [f for f in desk.frames if f["type"] == "script_finalized"], "nobody approved this text"

        resumed = await operator.post(f"/threads/{thread}/checkpoints/resume", {}, 202)
        assert (resumed["version"], resumed["damaged"]) == (latest - 1, [latest])
        again = await desk.until("interrupt", where=lambda f: f["interrupt_id"] != interrupt["interrupt_id"])
        assert again["params"]["content"] == TEXT
        await approved(desk, again)
        assert (await desk.until("script_finalized"))["content"] == TEXT
    assert len(model.requests) == 1, "what the model had written was not written again"
    after = await history(operator, thread)
    assert [v["intact"] for v in after if v["version"] != latest] == [True] * (len(after) - 1)


async def test_a_lost_value_is_damage_too(operator: Rest, model: ScriptedModel, conn: Conn) -> None:
    async with operator.socket() as desk:
        thread, interrupt = await waiting(operator, desk)
    await conn.execute("DELETE FROM checkpoint_blobs WHERE thread_id = $1 AND channel = 'report'", interrupt["run_id"])
    found = await history(operator, thread)
    assert [v["intact"] for v in found] == [True] * (len(found) - 1) + [False]


async def test_a_fork_waits_at_its_own_question_and_the_original_does_not_notice(
    operator: Rest, model: ScriptedModel, conn: Conn
) -> None:
    async with operator.socket() as desk:
        thread, interrupt = await waiting(operator, desk)
        before = (await operator.get(f"/threads/{thread}/events"))["items"], await history(operator, thread)
        forked = await operator.post(f"/threads/{thread}/checkpoints/6/fork", {"title": "另一条路"}, 201)
        copy = forked["thread_id"]
        await desk.follow(copy)
        question = await desk.until("interrupt", run_id=forked["run_id"])
        assert question["interrupt_id"] != interrupt["interrupt_id"]
        assert question["params"]["content"] == TEXT
        view = desk.view(copy)
        original = desk.view(thread)
        assert [(m.role, m.content, m.status) for m in view.messages] == [
            (m.role, m.content, m.status) for m in original.messages
        ]
        assert not {m.id for m in view.messages} & {m.id for m in original.messages}
        assert question["params"]["message_id"] in {str(m.id) for m in view.messages}
        assert view.messages[-1].quality is not None
        thread_of_copy = await operator.get(f"/threads/{copy}")
        assert thread_of_copy["title"] == "另一条路"
        assert thread_of_copy["room_id"] == (await operator.get(f"/threads/{thread}"))["room_id"]
        stored = (await operator.get(f"/threads/{copy}/messages"))["items"]
        assert [m["content"] for m in stored] == [REQUEST, TEXT]

        await approved(desk, question)
        assert ((await operator.get(f"/threads/{thread}/events"))["items"], await history(operator, thread)) == before
        await approved(desk, interrupt)
        scripts = await conn.fetch(
            "SELECT thread_id FROM scripts WHERE thread_id = ANY ($1)", [UUID(thread), UUID(copy)]
        )
        assert {str(row["thread_id"]) for row in scripts} == {thread, copy}, "a script each"
        assert no_gaps_no_doubles(desk.events(copy))
    assert len(model.requests) == 1
    of_copy = await history(operator, copy)
    assert [v["version"] for v in of_copy] == list(range(1, len(of_copy) + 1))
    assert all(v["intact"] for v in of_copy)
    # Whoever asked for the copy is its author, and every id of the original is gone from its state.
    text = str((await operator.get(f"/threads/{copy}/checkpoints/1/replay"))["values"])
    assert interrupt["run_id"] not in text
    assert str(original.messages[-1].id) not in text
    audited = "SELECT detail ->> 'version' FROM audit_log WHERE action = 'thread.forked' AND subject = $1"
    assert await conn.fetchval(audited, copy) == "6"


async def test_a_fork_from_an_early_version_writes_anew(operator: Rest, model: ScriptedModel) -> None:
    async with operator.socket() as desk:
        thread, _ = await waiting(operator, desk)
        for version, roles in ((1, ["user", "assistant"]), (4, ["user", "assistant"])):
            model.play(Script("text", text=TEXT.replace("姐妹们", "大家好")))
            forked = await operator.post(f"/threads/{thread}/checkpoints/{version}/fork", {}, 201)
            await desk.follow(forked["thread_id"])
            question = await desk.until("interrupt", run_id=forked["run_id"])
            assert question["params"]["content"].startswith("大家好")
            assert [m.role for m in desk.view(forked["thread_id"]).messages] == roles
    assert len(model.requests) == 3


async def test_a_copy_is_counted_in_an_experiment_for_what_it_writes_not_for_what_it_was_given(
    operator: Rest, desk_server: ServerProcess, model: ScriptedModel
) -> None:
    variants = [{"key": "usual", "weight": 50}, {"key": "tried", "weight": 50, "changes": {"style": ["专业"]}}]
    async with Rest.login(desk_server.url, ADMIN) as admin:
        made = await admin.post("/experiments", {"key": "copies", "variants": variants}, 201)
        at = f"/experiments/{made['id']}"
        started = await admin.post(f"{at}/start", {"version": made["version"]}, 200)

        async def counted() -> dict[str, int]:
            ways = (await admin.get(f"{at}/results"))["variants"]
            names = ("runs", "units", "approved", "open")
            return {name: sum(way[name] for way in ways) for name in names}

        async with operator.socket() as desk:
            thread, interrupt = await waiting(operator, desk)
            await approved(desk, interrupt)
            assert await counted() == {"runs": 1, "units": 1, "approved": 1, "open": 0}
            for version in (6, 1):  # where the text was there already, and where it was not
                forked = await operator.post(f"/threads/{thread}/checkpoints/{version}/fork", {}, 201)
                await desk.follow(forked["thread_id"])
                await approved(desk, await desk.until("interrupt", run_id=forked["run_id"]))
        assert await counted() == {"runs": 2, "units": 2, "approved": 2, "open": 0}
        await admin.post(f"{at}/stop", {"version": started["version"]}, 200)
    assert len(model.requests) == 2


async def test_a_fork_of_the_end_has_the_conversation_to_go_on_with(
    operator: Rest, model: ScriptedModel, conn: Conn
) -> None:
    async with operator.socket() as desk:
        thread, interrupt = await waiting(operator, desk)
        await approved(desk, interrupt)
        last = await operator.get(f"/threads/{thread}/checkpoints/latest")
        forked = await operator.post(f"/threads/{thread}/checkpoints/{last['version']}/fork", {}, 201)
        copy = forked["thread_id"]
        assert forked["run_id"] is None
        assert (await operator.get(f"/threads/{copy}"))["active_run"] is None
        await desk.follow(copy)
        view = desk.view(copy)
        assert [run.status for run in view.runs] == ["completed"]
        assert [i.status for i in view.interrupts] == ["approve"]
        # “再短一点” speaks of the draft of the copy.
        asked = await desk.ask(copy, "再短一点")
        question = await desk.until("interrupt", run_id=asked["run_id"])
        await approved(desk, question)
        scripts = await conn.fetch(
            "SELECT latest_version FROM scripts WHERE thread_id = ANY ($1)", [UUID(thread), UUID(copy)]
        )
        assert [row["latest_version"] for row in scripts] == [1, 1], "the original's script got no version of the copy"


async def test_another_version_of_the_graph_neither_resumes_nor_forks(
    operator: Rest, model: ScriptedModel, conn: Conn
) -> None:
    model.play(Script("cut", count=4))
    async with operator.socket() as desk:
        thread = await operator.new_thread()
        await desk.follow(thread)
        run_id = (await desk.ask(thread, REQUEST))["run_id"]
        await desk.until("run", run_id=run_id, status="failed")
    await conn.execute("UPDATE runs SET graph_version = '0' WHERE id = $1", UUID(run_id))
    await conn.execute("UPDATE run_checkpoints SET graph_version = '0' WHERE run_id = $1", UUID(run_id))
    for path in ("resume", "3/fork"):
        problem = await refused(
            operator, "POST", f"/threads/{thread}/checkpoints/{path}", 409, "graph_version_mismatch"
        )
        assert problem["details"]["made_by"] == "0"
    assert (await operator.get(f"/threads/{thread}/checkpoints/3/replay"))["checkpoint"]["graph_version"] == "0"


@pytest.mark.scenario(17)
async def test_another_tenant_cannot_tell_a_thread_with_history_from_none(
    operator: Rest, model: ScriptedModel, desk_server: ServerProcess, conn: Conn
) -> None:
    async with operator.socket() as desk:
        thread, _ = await waiting(operator, desk)
    async with Rest.login(desk_server.url, "admin@shanlan.demo.cuedesk") as stranger:
        for method, path in (
            ("GET", ""),
            ("GET", "/latest"),
            ("GET", "/3"),
            ("GET", "/3/replay"),
            ("POST", "/resume"),
            ("POST", "/3/fork"),
        ):
            answers = [
                await stranger.client.request(method, f"/api/v1/threads/{one}/checkpoints{path}")
                for one in (thread, NEVER)
            ]
            assert [a.status_code for a in answers] == [404, 404], path
            assert answers[0].json() == answers[1].json(), path
    assert await conn.fetchval("SELECT count(*) FROM threads WHERE id = $1", UUID(NEVER)) == 0


async def test_who_may_only_read_neither_resumes_nor_forks(operator: Rest, host: Rest, model: ScriptedModel) -> None:
    async with operator.socket() as desk:
        thread, _ = await waiting(operator, desk)
    assert (await history(host, thread))[-1]["status"] == "waiting"
    for path in ("resume", "3/fork"):
        await refused(host, "POST", f"/threads/{thread}/checkpoints/{path}", 403, "forbidden")
