"""PostgreSQL that is there and lets nobody in for a while: too many clients, a maintenance, a restore."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from backend.storage.embedded import EmbeddedPostgres
from backend.storage.migrate import upgrade
from tests.integration.desk.conftest import StartServer
from tests.support.databases import with_database
from tests.support.desk_client import OPERATOR, Rest
from tests.support.processes import ServerProcess

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
#: Of one process: the hub's line and the worker's.
_LISTENERS = 2
LEASES = {"lease": 4, "lease_renewal": 0.5, "lease_self_cancel": 3, "sweep_interval": 0.3}


async def listening(server: ServerProcess, since: int) -> None:
    """Wait until the hub and the worker hear notices again, not just the job queue: both said so after `since`."""
    async with asyncio.timeout(30):
        while True:
            if server.log_text()[since:].count('"listening"') >= _LISTENERS:
                return
            await asyncio.sleep(0.1)


@pytest.mark.scenario(24)
async def test_a_database_that_refused_everybody_for_a_while_is_used_again_in_full(
    start_server: StartServer, own_postgres: EmbeddedPostgres
) -> None:
    url = own_postgres.address.owner_url
    upgrade(url)
    conn = await asyncpg.connect(url)
    name = await conn.fetchval("SELECT current_database()")
    await conn.close()
    server = start_server(database_url=url, offline_pace=12, **LEASES).wait_healthy()
    async with Rest.login(server.url, OPERATOR) as rest:
        async with rest.socket() as desk:
            # It must be in a worker's hands, with seconds of writing before it: a lease that is due for prolonging
            # meanwhile. One that is not yet taken, or about to keep its next step, renews nothing.
            waiting = await rest.new_thread()
            await desk.follow(waiting)
            await desk.ask(waiting, REQUEST)
            await desk.until("token")
        keeper = await asyncpg.connect(with_database(url, "template1"))
        refused_at = len(server.log_text())
        await keeper.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await keeper.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        await asyncio.to_thread(server.wait_for_log, "lease_renewal_failed")
        await asyncio.to_thread(server.wait_for_log, "listen_unreachable")
        await keeper.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await keeper.close()
        await asyncio.to_thread(server.wait_healthy)
        await listening(server, refused_at)
        conn = await asyncpg.connect(url)
        async with rest.socket() as desk:
            thread = await rest.new_thread()
            await desk.follow(thread)
            run_id = (await desk.ask(thread, REQUEST))["run_id"]
            # It takes longer than a lease: only one that is prolonged keeps it in one pair of hands.
            await desk.until("interrupt", run_id=run_id, timeout=60)
            assert await conn.fetchval("SELECT attempt FROM runs WHERE id = $1", UUID(run_id)) == 1
        await conn.close()
