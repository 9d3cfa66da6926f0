"""Fixtures of every test room. Servers start only when a test asks for them."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from backend.storage.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.support.databases import DatabaseFactory, forget_everything, started
from tests.support.processes import ServerProcess

# The same examples at each run, so that a red build means a change; `make properties` looks for new ones.
hypothesis.settings.register_profile("ci", max_examples=120, deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile(
    "long", max_examples=int(os.environ.get("PROPERTIES", "4000")), deadline=None, print_blob=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)  # fmt: skip
hypothesis.settings.load_profile("long" if "PROPERTIES" in os.environ else "ci")

ServerProcess.forked = True

# Settings of the developer's own shell must not reach a test.
for _name in [name for name in os.environ if name.startswith(("CUEDESK_", "OTEL_"))]:
    del os.environ[_name]


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    # In memory where there is enough of it: the database of each test is half a thousand files, made and removed.
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 8 * 2**30
    with tempfile.TemporaryDirectory(
        prefix="cuedesk-tests-", dir=memory if roomy else None, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres_server(servers_folder: Path) -> Iterator[EmbeddedPostgres]:
    """The session's PostgreSQL. A test that kills or restarts it makes its own instead (`own_postgres`)."""
    server = EmbeddedPostgres(servers_folder, fsync=False)
    with started(server):
        yield server


@pytest.fixture(scope="session")
def valkey_server(servers_folder: Path) -> Iterator[EmbeddedValkey]:
    """The session's Valkey. A test that kills or restarts it makes its own instead (`own_valkey`)."""
    server = EmbeddedValkey(servers_folder, fsync=False)
    with started(server):
        yield server


@pytest.fixture(scope="session")
def databases(postgres_server: EmbeddedPostgres) -> DatabaseFactory:
    factory = DatabaseFactory(postgres_server)
    factory.make_template()
    return factory


@pytest.fixture
def database_url(databases: DatabaseFactory) -> Iterator[str]:
    """The owner's address of a fresh, migrated database, as `CUEDESK_DATABASE_URL` would hold it."""
    with databases.fresh() as url:
        yield url


@pytest.fixture
def empty_database_url(databases: DatabaseFactory) -> Iterator[str]:
    """The owner's address of a database that nobody migrated yet."""
    with databases.fresh(template="template0") as url:
        yield url


@pytest.fixture
def redis_url(valkey_server: EmbeddedValkey) -> str:
    """The address of an empty Valkey."""
    forget_everything(valkey_server.url)
    return valkey_server.url


@pytest.fixture(scope="module")
def module_redis_url(valkey_server: EmbeddedValkey) -> str:
    """The address of a Valkey that was empty when the module began: sockets of the module before are counted for a
    while after its servers were killed, and the demo's people have the same ids in each database."""
    forget_everything(valkey_server.url)
    return valkey_server.url


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL for this test alone, not migrated: `kill` and `restart` of tests.support.databases act on it."""
    server = EmbeddedPostgres(tmp_path / "own", fsync=False)
    with started(server):
        yield server


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A Valkey for this test alone, append-only, so that data survives `kill` and `restart`."""
    server = EmbeddedValkey(tmp_path / "own", fsync=True)
    with started(server):
        yield server


#: The rooms by how long their modules take; each module runs whole in one process.
_BROWSERS, _SERVERS = ("tests/e2e/",), ("tests/integration/cluster/", "tests/integration/desk/")
_SOON = ("tests/integration/", "tests/api/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that at the end no process is left alone with it; a browser keeps a processor
    busy, while tests of servers wait for much of their time, so two of these come after each of those."""
    modules: dict[str, list[pytest.Item]] = {}
    for item in items:
        modules.setdefault(item.nodeid.partition("::")[0], []).append(item)
    browsers = [name for name in modules if name.startswith(_BROWSERS)]
    servers = [name for name in modules if name.startswith(_SERVERS)]
    order = []
    while browsers or servers:
        order += [*browsers[:1], *servers[:2]]
        browsers, servers = browsers[1:], servers[2:]
    rest = [name for name in modules if not name.startswith((*_BROWSERS, *_SERVERS))]
    order += sorted(rest, key=lambda name: not name.startswith(_SOON))
    items[:] = [item for name in order for item in modules[name]]
