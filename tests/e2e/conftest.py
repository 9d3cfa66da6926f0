"""One Chromium for all e2e tests, and the real server with the built pages for each module."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.browser import Seats, built, launch, seats_at
from tests.support.databases import DatabaseFactory
from tests.support.processes import ServerProcess

# Playwright's five seconds are short for a page on a machine that runs two suites at once; a test that is about time
# says its own bound.
expect.set_options(timeout=45_000)

#: Characters per second: slow enough to be caught in the middle, fast enough to wait for.
PACE = 60


# Of the package, not of the session: while Playwright runs, no other test can have an event loop.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    built()
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def module_database_url(databases: DatabaseFactory) -> Iterator[str]:
    """The database of the module's servers."""
    with databases.fresh(template=databases.demo()) as url:
        yield url


@pytest.fixture(scope="module")
def start_server(
    module_database_url: str, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., ServerProcess]]:
    """Start servers on a database of the module; all are ended with it."""
    running: list[ServerProcess] = []

    def start(folder: Path | None = None, **settings: object) -> ServerProcess:
        chosen = {"database_url": module_database_url, "redis_url": module_redis_url, "offline_pace": PACE, **settings}
        port = int(str(chosen.pop("port", 0)))
        server = ServerProcess(folder or tmp_path_factory.mktemp("server"), chosen, port=port).start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.__exit__()


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    """The module's server, ready."""
    return start_server().wait_healthy()


@pytest.fixture
def seats(browser: Browser, server: ServerProcess) -> Iterator[Seats]:
    """Browser windows at the module's server."""
    with seats_at(browser, server.url) as seats:
        yield seats
