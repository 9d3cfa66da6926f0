"""A database that lost its tail: restored from a backup, on a timeline of its own."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from backend.storage.embedded import EmbeddedPostgres
from backend.storage.migrate import upgrade
from tests.integration.desk.conftest import StartServer
from tests.support.databases import kill, restart
from tests.support.desk_client import OPERATOR, Rest, no_gaps_no_doubles


def copy(source: Path, target: Path) -> None:
    """Copy with owners and all, as a backup does."""
    subprocess.run(["cp", "-a", source, target], check=True)


def take_over(backup: Path, folder: Path) -> None:
    """Put the backup in the place of the server's data, to be recovered to its end and go on on a new timeline."""
    subprocess.run(["rm", "-rf", folder], check=True)
    copy(backup, folder)
    settings = folder / "postgresql.auto.conf"
    settings.write_text(settings.read_text() + "restore_command = 'false'\n")
    copy(settings, folder / "recovery.signal")  # a file of the right owner, that is all


@pytest.mark.scenario(15, 49)
async def test_after_a_failover_that_lost_the_tail_cursors_are_void_and_numbers_go_on(
    start_server: StartServer, own_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    upgrade(own_postgres.address.owner_url)
    server = start_server(database_url=own_postgres.address.owner_url).wait_healthy()
    async with Rest.login(server.url, OPERATOR) as rest:
        thread = await rest.new_thread()
        async with rest.socket() as desk:
            await desk.follow(thread)
            epoch = (await desk.until("welcome"))["epoch"]
            first = await desk.ask(thread, "你好")
            await desk.until("run", run_id=first["run_id"], status="completed")
            kept = desk.events(thread)[-1]["seq"]

        backup = tmp_path / "backup"
        await asyncio.to_thread(own_postgres.stop)
        copy(own_postgres.folder, backup)
        await asyncio.to_thread(restart, own_postgres)
        await asyncio.to_thread(server.wait_healthy, 60)
        async with rest.socket() as desk:
            assert (await desk.until("welcome"))["epoch"] == epoch, "a restart loses nothing"
            await desk.follow(thread, kept)
            lost = await desk.ask(thread, "在吗")
            await desk.until("run", run_id=lost["run_id"], status="completed")
            ahead = desk.events(thread)[-1]["seq"]
            assert ahead > kept

            # The standby that takes over had not received the second message. It goes on on a timeline of its own.
            kill(own_postgres)
            await asyncio.to_thread(take_over, backup, own_postgres.folder)
            await asyncio.to_thread(restart, own_postgres)
            assert (await desk.until("reconnect", timeout=30))["reason"] == "epoch_changed"

        async with rest.socket() as desk:
            assert (await desk.until("welcome"))["epoch"] != epoch
            await desk.do("subscribe", topic=f"thread:{thread}", after_seq=ahead)
            told = await desk.until("resync_required")
            assert told["reason"] == "cursor_ahead"
            snapshot = (await rest.get(told["snapshot_url"].removeprefix("/api/v1")))["snapshot"]
            assert snapshot["seq"] == kept
            await desk.follow(thread, 0)
            again = await desk.ask(thread, "在吗")
            await desk.until("run", run_id=again["run_id"], status="completed")
            assert no_gaps_no_doubles(desk.events(thread))
            assert desk.events(thread)[-1]["seq"] > kept
