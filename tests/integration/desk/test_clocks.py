"""Machines whose clocks are wrong by ten minutes: the database's clock decides, and the steady one of the process."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from tests.integration.desk.conftest import StartServer
from tests.support.desk_client import APPROVER, OPERATOR, Rest, no_gaps_no_doubles
from tests.support.processes import ROOT, ServerProcess

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
SHIFTED = ROOT / "tests" / "support" / "shifted_clock"


def shifted(folder: Path, settings: dict[str, object], seconds: int, command: tuple[str, ...]) -> ServerProcess:
    """A process whose wall clock is off by so many seconds."""
    process = ServerProcess(folder, {**settings, "test_clock_shift": seconds}, command=command)
    process.environment["PYTHONPATH"] = f"{SHIFTED}:{ROOT}"
    return process


@pytest.mark.scenario(28)
async def test_gateways_and_workers_ten_minutes_apart_work_together(
    start_server: StartServer, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    settings: dict[str, object] = {"database_url": database_url, "redis_url": redis_url, "offline_pace": 60}
    settings["secret_key"] = "one secret for both, as in production"
    early, late = (
        shifted(tmp_path / name, settings, seconds, ("serve", "--no-worker")) for name, seconds in
        (("early", 600), ("late", -600))
    )  # fmt: skip
    worker = shifted(tmp_path / "worker", {**settings, "lease": 60, "lease_renewal": 1}, -600, ("worker",))
    conn = await asyncpg.connect(database_url)
    try:
        with early.start(), late.start(), worker.start():
            early.wait_healthy(60)
            late.wait_healthy(60)
            # The processes do believe another time: their logs say so.
            stamps = [read_stamp(process) for process in (early, late)]
            assert 1000 < (stamps[0] - stamps[1]).total_seconds() < 1400

            async with Rest.login(early.url, OPERATOR) as rest, Rest.login(late.url, APPROVER) as approver:
                # A token of the late one is good at the early one: both count from the database's clock.
                token = (await approver.post("/auth/token", {}))["access_token"]
                answer = await rest.client.get(
                    f"{early.url}/api/v1/threads", headers={"Authorization": f"Bearer {token}"}
                )
                assert answer.status_code == 200, answer.text
                thread = await rest.new_thread()
                async with rest.socket() as desk, approver.socket() as other:
                    await desk.follow(thread)
                    await other.follow(thread)
                    run_id = (await desk.ask(thread, REQUEST))["run_id"]
                    interrupt = await other.until("interrupt", run_id=run_id, timeout=60)
                    now = await conn.fetchval("SELECT now()")
                    left = (datetime.fromisoformat(interrupt["expires_at"]) - now).total_seconds()
                    assert 1500 < left <= 1800, "half an hour by the database's clock"
                    assert (await other.decide(interrupt, "approve"))["status"] == "accepted"
                    await desk.until("run", run_id=run_id, status="completed", timeout=60)
                    assert await conn.fetchval("SELECT attempt FROM runs WHERE id = $1", UUID(run_id)) == 2
                    assert no_gaps_no_doubles(desk.events(thread))

                    await conn.execute("UPDATE tenants SET interrupt_ttl = interval '1 second'")
                    run_id = (await desk.ask(thread, REQUEST))["run_id"]
                    await desk.until("interrupt_expired", timeout=60)
                    await desk.until("run", run_id=run_id, status="expired", timeout=60)
    finally:
        await conn.close()


def read_stamp(process: ServerProcess) -> datetime:
    line = process.wait_for_log('"event": "ready"')
    return datetime.fromisoformat(line.split('"timestamp": "')[1].split('"')[0])
