"""A worker that dies between a checkpoint and its row of the index: there is both or neither."""

from collections import Counter
from uuid import UUID

from tests.support.desk_client import Rest, no_gaps_no_doubles
from tests.support.failpoints import failpoint

from .test_recovery import (
    Conn,
    Workers,
    approved,
    asked,
    common,
    conn,
    crew,
    desk_server,
    finished,
    points,
    workers,
)

__all__ = ["common", "conn", "crew", "desk_server", "points", "workers"]


async def test_a_worker_killed_between_checkpoint_and_index_leaves_neither(
    operator: Rest, workers: Workers, conn: Conn, module_database_url: str
) -> None:
    async with operator.socket() as desk:
        async with failpoint(module_database_url, "run_checkpoints", "NEW.nodes = '{quality}'") as point:
            thread, run_id = await asked(operator, desk)
            await point.reached()
            # LangGraph's row is written and not committed: the statement of the index waits in the same transaction.
            workers.kill(await workers.holder(conn, run_id))
            await point.lift()
        workers.start()
        await approved(desk, run_id, timeout=30)
        kinds = Counter(f["type"] for f in desk.events(thread))
        assert (kinds["interrupt"], kinds["script_finalized"]) == (1, 1)
        assert no_gaps_no_doubles(desk.events(thread))
        # The checks ran twice, because nothing durable said that they had; what was durable was not done again.
        assert {node for node, times in finished(desk, thread).items() if times > 1} <= {"quality"}
    versions = await operator.get(f"/threads/{thread}/checkpoints")
    found = versions["items"][::-1]
    assert [v["version"] for v in found] == list(range(1, len(found) + 1))
    assert all(v["intact"] for v in found)
    assert [v["nodes"] for v in found].count(["quality"]) == 1
    rows = await conn.fetch("SELECT checkpoint_id FROM run_checkpoints WHERE thread_id = $1", UUID(thread))
    stored = await conn.fetch("SELECT checkpoint_id FROM checkpoints WHERE thread_id = $1", run_id)
    assert {row["checkpoint_id"] for row in rows} == {row["checkpoint_id"] for row in stored}
    assert [v["attempt"] for v in found] == sorted(v["attempt"] for v in found)
    assert found[-1]["status"] == "completed"
