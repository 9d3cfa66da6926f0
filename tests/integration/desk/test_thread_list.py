"""The list of threads tells what a colleague does, and nothing of another tenant."""

from tests.support.desk_client import ADMIN, Frame, Rest
from tests.support.processes import ServerProcess


def row_of(frame: Frame) -> tuple[str | None, int]:
    row = frame["row"]
    return (row["active_run"] or {}).get("status"), row["pending_interrupts"]


async def test_the_list_of_threads_follows_what_colleagues_do_and_tells_other_teams_nothing(
    operator: Rest, second_gateway: ServerProcess
) -> None:
    async with (
        Rest.login(second_gateway.url, ADMIN) as admin,
        Rest.login(second_gateway.url, "admin@shanlan.demo.cuedesk") as stranger,
        admin.socket() as watching,
        stranger.socket() as outside,
        operator.socket() as desk,
    ):
        for one in (watching, outside):
            assert (await one.do("subscribe", topic="threads"))["status"] == "accepted"
            await one.until("subscribed", topic="threads")
        thread = await operator.new_thread()
        await desk.ask(thread, "写一段保温杯开场，15秒")
        first = await watching.until("thread_listed", thread_id=thread)
        # A row is told as it is when it is told: on a slow machine the script may be its last text already.
        assert first["row"]["last_text"]
        waits = await watching.until("thread_listed", thread_id=thread, where=lambda f: row_of(f) == ("waiting", 1))
        assert waits["row"]["title"]
        listed = next(one for one in (await admin.get("/threads"))["items"] if one["id"] == thread)
        personal = {"pinned_at"}
        assert {key: waits["row"][key] for key in listed.keys() - personal} | {"last_seq": 0, "updated_at": 0} == {
            key: listed[key] for key in listed.keys() - personal
        } | {"last_seq": 0, "updated_at": 0}, "row and list say the same"

        await operator.client.patch(f"/api/v1/threads/{thread}", json={"title": "保温杯夜场"})
        await watching.until("thread_listed", thread_id=thread, where=lambda f: f["row"]["title"] == "保温杯夜场")
        answer = await operator.client.delete(f"/api/v1/threads/{thread}")
        assert answer.status_code == 204
        await watching.until("thread_listed", thread_id=thread, row=None)
        # Nothing runs or waits in this one that would tell by its own end.
        calm = await operator.new_thread(title="改个名字就不动了")
        await operator.client.patch(f"/api/v1/threads/{calm}", json={"title": "不动了"})
        await watching.until("thread_listed", thread_id=calm)
        assert (await operator.client.delete(f"/api/v1/threads/{calm}")).status_code == 204
        await watching.until("thread_listed", thread_id=calm, row=None)
        await watching.do("unsubscribe", topic="threads")
        await watching.drain()
        told = len(watching.frames)
        other = await operator.new_thread()
        await desk.follow(other)
        asked = await desk.ask(other, "你好")
        await desk.until("run", status="completed", run_id=asked["run_id"])
        await watching.drain()
        assert len(watching.frames) == told, "who left is told nothing more"
        await outside.drain()
        assert not [frame for frame in outside.frames if frame["type"] == "thread_listed"]


async def test_what_was_said_last_stands_in_the_list_and_is_cut(operator: Rest) -> None:
    thread = await operator.new_thread(title="长话")
    async with operator.socket() as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, "你好")
        await desk.until("run", status="completed", run_id=asked["run_id"])
        said = await desk.until("message_complete", role="assistant")
    listed = next(one for one in (await operator.get("/threads"))["items"] if one["id"] == thread)
    assert listed["last_text"] == said["content"][:120]
    assert listed["show_id"] is None
