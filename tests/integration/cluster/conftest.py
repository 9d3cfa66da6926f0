"""Two gateways and two workers behind nginx, for the tests of one module."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from tests.support import rolling
from tests.support.cluster import Cluster
from tests.support.databases import DatabaseFactory
from tests.support.desk_client import Rest


@pytest.fixture(scope="module")
def cluster(
    databases: DatabaseFactory, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """Shared by a module: open your own thread, and leave every member running.

    Hardly a poll: what one gateway tells another within a second came by notice.
    """
    with (
        databases.fresh(template=databases.demo()) as url,
        Cluster(
            tmp_path_factory.mktemp("cluster"),
            settings={**rolling.SETTINGS, "sweep_interval": 0.3, "poll_interval": 30},
            database_url=url,
            redis_url=module_redis_url,
        ) as running,
    ):
        yield running


@pytest.fixture
async def operator(cluster: Cluster) -> AsyncIterator[Rest]:
    """Signed in through nginx."""
    async with Rest.login(cluster.url) as rest:
        yield rest


@pytest.fixture
async def conn(cluster: Cluster) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(cluster.database_url)
    yield connection
    await connection.close()
