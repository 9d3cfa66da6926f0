"""Real servers for the tests: one PostgreSQL and one Valkey for the session, a fresh database for each test."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql
from pwdlib.hashers.argon2 import Argon2Hasher
from redis import Redis

from backend.domain.demo import demo_password, seed_demo
from backend.storage.embedded import EmbeddedPostgres, EmbeddedValkey
from backend.storage.migrate import upgrade
from backend.storage.postgres import as_owner

TEMPLATE = "cuedesk_template"
_DEMO = "cuedesk_demo_template"


class DatabaseFactory:
    """Copies of one migrated template."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self._made = 0
        self._demo = ""

    def make_template(self) -> None:
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
        upgrade(with_database(self._server.address.owner_url, TEMPLATE))

    def demo(self) -> str:
        """The template with the demo in it, as a server finds it that was here before; made when first asked for.

        Its password is checked in no time: that costs a third of a second of a processor on purpose, and most tests
        sign somebody in. What a server itself puts in and hashes is what tests on the plain template are about.
        """
        if not self._demo:
            self._copy(TEMPLATE, _DEMO)
            url = with_database(self._server.address.owner_url, _DEMO)
            with ThreadPoolExecutor(1) as beside:  # while Playwright runs, this thread has an event loop
                beside.submit(asyncio.run, _seed(url)).result()
            cheap = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1).hash(demo_password())
            with psycopg.connect(url) as connection:
                connection.execute("UPDATE users SET password_hash = %s", [cheap])
            self._demo = _DEMO
        return self._demo

    @contextmanager
    def fresh(self, *, template: str = TEMPLATE) -> Iterator[str]:
        """The owner's address of a copy of the template (`template0` = empty), dropped at the end whoever uses it."""
        self._made += 1
        name = f"test_{self._made}"
        self._copy(template, name)
        try:
            yield with_database(self._server.address.owner_url, name)
        finally:
            self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _copy(self, template: str, name: str) -> None:
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        self._execute(made.format(sql.Identifier(name), sql.Identifier(template)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(with_database(self._server.address.owner_url, "postgres"), autocommit=True) as connection:
            connection.execute(statement)


async def _seed(url: str) -> None:
    async with as_owner(url) as conn:
        assert await seed_demo(conn)


def with_database(url: str, name: str) -> str:
    """The same server and role, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def restart(server: EmbeddedPostgres | EmbeddedValkey) -> None:
    """Start a server again at the same address, whether it was stopped or killed."""
    server.stop()
    server.prepare()
    server.spawn()
    server.wait_ready()


def kill(server: EmbeddedPostgres | EmbeddedValkey) -> None:
    """kill -9 the server; `restart` brings it back."""
    assert server.process is not None, "the server is not running"
    server.process.kill()
    server.process.wait()


@contextmanager
def started(server: EmbeddedPostgres | EmbeddedValkey) -> Iterator[None]:
    """Run a server that a test may kill and restart meanwhile."""
    server.prepare()
    try:
        server.spawn()
        server.wait_ready()
        yield
    finally:
        server.stop()


def forget_everything(redis_url: str) -> None:
    """Empty the Valkey server between two tests."""
    with Redis.from_url(redis_url) as client:
        client.flushall()
        client.config_resetstat()
