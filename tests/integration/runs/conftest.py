"""What happens between people, clock and runs, on the real database without a server."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from backend.storage.embedded import EmbeddedValkey
from backend.telemetry.logging import configure_logging
from tests.support.databases import DatabaseFactory
from tests.support.waiting import Office, open_office


@pytest.fixture(autouse=True)
def plain_log() -> None:
    # Outside a server structlog draws tracebacks with every local: seconds for each.
    configure_logging(level="warning", form="json")


@pytest.fixture(scope="module")
def runs_database_url(databases: DatabaseFactory) -> Iterator[str]:
    with databases.fresh() as url:
        yield url


@pytest.fixture
async def office(runs_database_url: str, valkey_server: EmbeddedValkey) -> AsyncIterator[Office]:
    async with asyncio.timeout(150), open_office(runs_database_url, valkey_server.url) as office:
        yield office
