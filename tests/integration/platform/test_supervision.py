"""Our own PostgreSQL and Valkey killed below a running server: they are started again and the work goes on."""

import signal
from pathlib import Path

import psutil
import pytest

from tests.support.desk_client import OPERATOR, Rest, no_gaps_no_doubles
from tests.support.processes import ServerProcess

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"


def child(server: ServerProcess, name: str) -> psutil.Process:
    return next(one for one in psutil.Process(server.pid).children() if one.name() == name)


@pytest.mark.scenario(22, 24)
async def test_embedded_servers_that_are_killed_come_back_and_runs_go_on(tmp_path: Path) -> None:
    recovers_soon = {"lease": 4, "lease_renewal": 0.8, "lease_self_cancel": 3, "sweep_interval": 0.3}
    with ServerProcess(tmp_path, {"offline_pace": 40, **recovers_soon}).start() as server:
        server.wait_healthy(60)
        async with Rest.login(server.url, OPERATOR) as rest, rest.socket() as desk:
            thread = await rest.new_thread()
            await desk.follow(thread)
            run_id = (await desk.ask(thread, REQUEST))["run_id"]
            await desk.until("token")
            killed = [child(server, name) for name in ("postgres", "valkey-server")]
            for process in killed:
                process.send_signal(signal.SIGKILL)
            interrupt = await desk.until("interrupt", run_id=run_id, timeout=60)
            assert (await desk.decide(interrupt, "approve"))["status"] == "accepted"
            await desk.until("run", run_id=run_id, status="completed", timeout=60)
            assert no_gaps_no_doubles(desk.events(thread))
            assert server.log_text().count("embedded_server_restarted") == 2
            assert {child(server, name).pid for name in ("postgres", "valkey-server")}.isdisjoint(
                {process.pid for process in killed}
            )
        assert server.terminate(60) == 0, "and the servers end with us"
    assert not [process for process in killed if process.is_running() and process.status() != "zombie"]
