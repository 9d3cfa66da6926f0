"""The whole server as a process, on a database of its own, for the tests of one module."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.support.databases import DatabaseFactory
from tests.support.desk_client import ADMIN, APPROVER, HOST, OPERATOR, Rest
from tests.support.processes import ServerProcess

StartServer = Callable[..., ServerProcess]


@pytest.fixture(scope="module")
def module_database_url(databases: DatabaseFactory) -> Iterator[str]:
    with databases.fresh(template=databases.demo()) as url:
        yield url


@pytest.fixture
def database_url(databases: DatabaseFactory) -> Iterator[str]:
    """As the one of all tests, and with the demo in it."""
    with databases.fresh(template=databases.demo()) as url:
        yield url


@pytest.fixture(scope="module")
def desk_server(
    module_database_url: str, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """Gateway and worker in one process; the writer takes no time. Shared by a module: open your own thread."""
    settings = {"database_url": module_database_url, "redis_url": module_redis_url}
    with ServerProcess(tmp_path_factory.mktemp("server"), settings).start() as server:
        yield server.wait_healthy()


@pytest.fixture(scope="module")
def second_gateway(
    desk_server: ServerProcess,
    module_database_url: str,
    module_redis_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ServerProcess]:
    """Another gateway on the module's database, without a worker; and hardly a poll: what comes came by notice."""
    settings = {"database_url": module_database_url, "redis_url": module_redis_url, "poll_interval": 30}
    folder = tmp_path_factory.mktemp("second")
    with ServerProcess(folder, settings, command=("serve", "--no-worker")).start() as server:
        yield server.wait_healthy()


@pytest.fixture
def start_server(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[StartServer]:
    """Start servers of your own on one fresh database; all are ended with the test."""
    running: list[ServerProcess] = []

    def start(*command: str, **settings: object) -> ServerProcess:
        folder = tmp_path / f"process{len(running)}"
        chosen = {"database_url": database_url, "redis_url": redis_url, **settings}
        server = ServerProcess(folder, chosen, command=command or ("serve",)).start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.__exit__()


@pytest.fixture
async def operator(desk_server: ServerProcess) -> AsyncIterator[Rest]:
    async with Rest.login(desk_server.url, OPERATOR) as rest:
        yield rest


@pytest.fixture
async def approver(desk_server: ServerProcess) -> AsyncIterator[Rest]:
    async with Rest.login(desk_server.url, APPROVER) as rest:
        yield rest


@pytest.fixture
async def host(desk_server: ServerProcess) -> AsyncIterator[Rest]:
    async with Rest.login(desk_server.url, HOST) as rest:
        yield rest


@pytest.fixture
async def admin(desk_server: ServerProcess) -> AsyncIterator[Rest]:
    async with Rest.login(desk_server.url, ADMIN, tenant="qinghe") as rest:
        yield rest
