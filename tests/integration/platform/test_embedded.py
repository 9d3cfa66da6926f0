"""The embedded servers: data stays, servers do not outlive us, and what is wrong with the folder is said clearly."""

import asyncio
import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil
import psycopg
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from backend.errors import DataDirDamaged, DataDirInUse, DataDirUnwritable, DataVersionMismatch, SetupError
from backend.storage.embedded import EmbeddedPostgres, EmbeddedValkey, embedded_postgres, embedded_valkey, running
from tests.support.databases import kill, restart
from tests.support.processes import ROOT

as_root_only = pytest.mark.skipif(os.geteuid() != 0, reason="changes the user, which only root can")


@dataclass(frozen=True)
class Server:
    """A server process as it was when it was seen: PostgreSQL's helpers come and go at any moment."""

    name: str
    user: int
    words: str


def servers_in(folder: Path) -> list[Server]:
    """Every server process that works in `folder`."""
    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] in {"postgres", "valkey-server"}:
            try:
                if Path(process.cwd()).is_relative_to(folder.resolve()):
                    found.append(Server(process.name(), process.uids().real, " ".join(process.cmdline())))
            except (psutil.Error, OSError):
                continue
    return found


async def eventually(condition: Callable[[], bool], timeout: float = 10.0) -> bool:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.03)
    return True


async def test_both_drivers_connect_and_the_data_is_there_after_a_second_start(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path, fsync=False) as address:
        connection = await asyncpg.connect(address.owner_url)
        await connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
        await connection.close()
    assert servers_in(tmp_path) == []
    async with embedded_postgres(tmp_path, fsync=False) as address:
        with psycopg.connect(address.owner_url) as blocking:
            assert blocking.execute("SELECT value FROM kept").fetchone() == (7,)


async def test_valkey_keeps_what_was_written_before_it_was_stopped(tmp_path: Path) -> None:
    async with embedded_valkey(tmp_path) as url:
        with Redis.from_url(url) as client:
            client.set("kept", "七")
    assert servers_in(tmp_path) == []
    async with embedded_valkey(tmp_path) as url:
        with Redis.from_url(url, decode_responses=True) as client:
            assert client.get("kept") == "七"


async def test_nobody_gets_in_without_the_password(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path, fsync=False) as address, embedded_valkey(tmp_path, fsync=False) as url:
        secret = address.owner_url.split(":")[2].split("@")[0]
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(address.owner_url.replace(secret, "wrong"))
        with (
            Redis.from_url(url.replace(url.split("@")[0], "unix://")) as client,
            pytest.raises(AuthenticationError),
        ):
            client.ping()
        assert not any(secret in server.words for server in servers_in(tmp_path))


async def test_a_second_start_on_the_same_folder_is_refused_and_the_first_lives_on(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path, fsync=False) as address, embedded_valkey(tmp_path, fsync=False):
        for server in (EmbeddedPostgres(tmp_path), EmbeddedValkey(tmp_path)):
            with pytest.raises(DataDirInUse) as refused, running(server):
                pass
            assert refused.value.code == "data_dir_in_use"
        with psycopg.connect(address.owner_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


PARENT = textwrap.dedent("""
    import asyncio, sys
    from pathlib import Path
    from backend.storage.embedded import embedded_postgres, embedded_valkey

    async def main() -> None:
        async with embedded_postgres(Path(sys.argv[1])) as address, embedded_valkey(Path(sys.argv[1])):
            import psycopg
            with psycopg.connect(address.owner_url) as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS written (value int)")
                connection.execute("INSERT INTO written VALUES (1)")
            print("up", flush=True)
            await asyncio.sleep(600)

    asyncio.run(main())
""")


def interpreter_for(user: int | None) -> str:
    """An interpreter that `user` may run: ours can lie below /root."""
    if user is None:
        return sys.executable
    for candidate in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        with contextlib.suppress(OSError):
            answer = subprocess.run([candidate, "-c", ""], user=user, group=user, extra_groups=[], check=False)
            if answer.returncode == 0:
                return candidate
    pytest.skip(f"user {user} may run no Python 3.{sys.version_info.minor} on this machine")


def start_parent(folder: Path, user: int | None = None, script: str = "") -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [interpreter_for(user), "-c", script or PARENT, str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        user=user,
        group=user,
        extra_groups=[] if user is not None else None,
    )


@pytest.mark.parametrize("user", [None, pytest.param(65534, marks=as_root_only)], ids=["as_we_are", "as_nobody"])
async def test_kill_minus_9_leaves_no_server_and_no_lost_row(tmp_path: Path, user: int | None) -> None:
    folder = tmp_path / "data"
    if user is not None:
        # pytest's own folders are closed to others.
        folder = Path(f"/tmp/cuedesk-test-{os.getpid()}")
        folder.mkdir(mode=0o700)
        os.chown(folder, user, user)
    try:
        for round_ in (1, 2):
            with start_parent(folder, user) as parent:
                assert parent.stdout is not None
                assert await asyncio.to_thread(parent.stdout.readline) == b"up\n"
                assert {server.name for server in servers_in(folder)} == {"postgres", "valkey-server"}
                assert all(server.user != 0 for server in servers_in(folder))
                parent.kill()
            if round_ == 2:
                assert await eventually(lambda: servers_in(folder) == []), "a server outlived its parent"
        # The second round began while the first one's servers were still going down.
        async with embedded_postgres(folder) as address:
            with psycopg.connect(address.owner_url) as connection:
                assert connection.execute("SELECT count(*) FROM written").fetchone() == (2,)
    finally:
        if user is not None:
            await asyncio.to_thread(shutil.rmtree, folder)


@as_root_only
async def test_as_root_it_works_in_a_folder_that_its_own_user_cannot_enter(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    async with embedded_postgres(closed / "data", fsync=False) as address, embedded_valkey(closed / "data") as url:
        assert {server.user for server in servers_in(closed)} == {pwd.getpwnam("nobody").pw_uid}
        with psycopg.connect(address.owner_url) as connection:
            connection.execute("CREATE EXTENSION vector")
        with Redis.from_url(url) as client:
            client.set("a", "b")
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root_only
async def test_as_root_it_keeps_the_owner_that_the_data_has(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path, fsync=False):
        pass
    for path in [tmp_path / "pgdata", *(tmp_path / "pgdata").rglob("*")]:
        os.lchown(path, 1234, 1234)
    async with embedded_postgres(tmp_path, fsync=False):
        assert {server.user for server in servers_in(tmp_path)} == {1234}


def test_after_kill_minus_9_of_the_servers_themselves_they_start_again(
    own_postgres: EmbeddedPostgres, own_valkey: EmbeddedValkey
) -> None:
    with psycopg.connect(own_postgres.address.owner_url) as connection:
        connection.execute("CREATE TABLE kept (value int)")
    before = own_postgres.address
    kill(own_postgres)
    kill(own_valkey)
    assert (own_postgres.folder / "postmaster.pid").exists()
    restart(own_postgres)
    restart(own_valkey)
    assert own_postgres.address == before
    with psycopg.connect(before.owner_url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_stale_pid_file_that_names_a_living_stranger_does_not_stop_the_start(tmp_path: Path) -> None:
    with running(EmbeddedPostgres(tmp_path, fsync=False)):
        pass
    server = EmbeddedPostgres(tmp_path, fsync=False)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        text = f"{stranger.pid}\n{tmp_path / 'pgdata'}\n1\n5432\n\n\n0 0\nready   \n"
        (tmp_path / "pgdata" / "postmaster.pid").write_text(text)
        with running(server):
            assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("make", [EmbeddedPostgres, EmbeddedValkey])
def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, make: type[EmbeddedPostgres] | type[EmbeddedValkey]
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataDirUnwritable) as refused, running(make(tmp_path / "file" / "data")):
        pass
    assert str(tmp_path / "file" / "data") in refused.value.message


TELL_CODE = textwrap.dedent("""
    import sys
    from pathlib import Path
    from backend.errors import SetupError
    from backend.storage.embedded import EmbeddedPostgres, EmbeddedValkey
    for make in (EmbeddedPostgres, EmbeddedValkey):
        try:
            make(Path(sys.argv[1])).prepare()
        except SetupError as error:
            print(error.code)
""")


@as_root_only
@pytest.mark.parametrize("made_by_root_before", [False, True])
def test_an_ordinary_user_without_permission_gets_a_code(*, made_by_root_before: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        if made_by_root_before:
            with running(EmbeddedPostgres(folder, fsync=False)), running(EmbeddedValkey(folder, fsync=False)):
                pass
        with start_parent(folder, 1234, TELL_CODE) as child:
            answer, _ = child.communicate(timeout=30)
        assert answer.split() == [b"data_dir_unwritable", b"data_dir_unwritable"]


def test_data_of_another_major_version_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "pgdata").mkdir()
    (tmp_path / "pgdata" / "PG_VERSION").write_text("17\n")
    with pytest.raises(DataVersionMismatch, match="17"), running(EmbeddedPostgres(tmp_path)):
        pass
    assert [path.name for path in (tmp_path / "pgdata").iterdir()] == ["PG_VERSION"]


def test_a_folder_that_is_no_database_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "pgdata").mkdir()
    (tmp_path / "pgdata" / "thesis.txt").write_text("mine")
    with pytest.raises(DataDirDamaged), running(EmbeddedPostgres(tmp_path)):
        pass
    assert (tmp_path / "pgdata" / "thesis.txt").read_text() == "mine"


def test_a_damaged_cluster_says_why_it_did_not_start_and_frees_the_folder(tmp_path: Path) -> None:
    with running(EmbeddedPostgres(tmp_path, fsync=False)):
        pass
    control = tmp_path / "pgdata" / "global" / "pg_control"
    content = control.read_bytes()
    control.write_bytes(b"x" * len(content))
    with pytest.raises(SetupError, match="postgres"), running(EmbeddedPostgres(tmp_path, fsync=False)):
        pass
    control.write_bytes(content)
    with running(EmbeddedPostgres(tmp_path, fsync=False)):
        pass


def test_an_interrupted_first_start_is_begun_again(tmp_path: Path) -> None:
    half = tmp_path / "pgdata.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with running(EmbeddedPostgres(tmp_path, fsync=False)) as _:
        assert not half.exists()
