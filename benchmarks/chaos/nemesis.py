"""What goes wrong: kills, freezes, restarts and cut lines, chosen by a seed, and whoever brings the dead back."""

import asyncio
import contextlib
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.storage.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.support.cluster import Cluster
from tests.support.line import Line
from tests.support.processes import ServerProcess

#: How a member ends that was told to: in order, or killed, also by a SIGTERM that came while it started.
_TOLD = (0, -signal.SIGKILL, -signal.SIGTERM)


@dataclass(frozen=True)
class Stroke:
    """One thing that was done, `at` seconds after the beginning."""

    at: float
    fault: str
    target: str


@dataclass
class Nemesis:
    """Strikes one blow after the other, some while the ones before still last. `heal` undoes all of them.

    Its own choices follow from the seed; what they hit at that moment does not.
    """

    cluster: Cluster
    lines: Sequence[Line]
    rng: random.Random
    pause: tuple[float, float] = (1.0, 8.0)
    strokes: list[Stroke] = field(default_factory=list)
    odd_ends: Counter[str] = field(default_factory=Counter)  #: members that ended, or did not, as nobody told them to
    _frozen: set[ServerProcess] = field(default_factory=set)
    _down: set[ServerProcess] = field(default_factory=set)
    _lasting: set[asyncio.Task[None]] = field(default_factory=set)
    _storage: asyncio.Lock = field(default_factory=asyncio.Lock)
    _healing: asyncio.Event = field(default_factory=asyncio.Event)
    _began: float = field(default_factory=time.monotonic)

    async def strike_until(self, deadline: float) -> None:
        """Strike until `deadline` (of the monotonic clock)."""
        faults, weights = zip(*self._faults().items(), strict=True)
        chances = [weight for _, weight in weights]
        while (left := deadline - time.monotonic()) > 0:
            await asyncio.sleep(min(left, self.rng.uniform(*self.pause)))
            name = self.rng.choices(faults, chances)[0]
            fault, _ = self._faults()[name]
            task = asyncio.create_task(self._strike(name, fault), name=name)
            self._lasting.add(task)
            task.add_done_callback(self._lasting.discard)

    async def heal(self) -> None:
        """End what still lasts, and wait until every member works."""
        self._healing.set()
        await asyncio.gather(*self._lasting)
        for line in self.lines:
            line.mend()
        for member in list(self._frozen):
            self._thaw(member)
        for server in (self.cluster.postgres, self.cluster.valkey):
            assert server is not None
            async with self._storage:
                if server.process is None or server.process.poll() is not None:
                    await _start_again(server)
        self._down.clear()
        for gateway in self.cluster.gateways:
            await asyncio.to_thread(gateway.wait_healthy, 60)

    @contextlib.asynccontextmanager
    async def keeping_alive(self) -> AsyncIterator[None]:
        """Start members again that ended, as an orchestrator would, while the block runs."""
        task = asyncio.create_task(self._keep_alive(), name="supervisor")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _last(self, seconds: float) -> None:
        """Let a fault last, at most until the healing."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._healing.wait(), seconds)

    def _faults(self) -> dict[str, tuple[Callable[[], Awaitable[str]], float]]:
        workers, gateways = self.cluster.workers, self.cluster.gateways
        return {
            "worker killed": (lambda: self._kill(workers), 5),
            "all workers killed": (lambda: self._kill(workers, everyone=True), 1),
            "worker frozen": (lambda: self._freeze(workers, 3, 24), 4),
            "worker told to end": (lambda: self._terminate(workers), 2),
            "gateway killed": (lambda: self._kill(gateways), 3),
            "gateway frozen": (lambda: self._freeze(gateways, 2, 16), 3),
            "gateway told to end": (lambda: self._terminate(gateways), 1),
            "PostgreSQL restarted": (lambda: self._restart_postgres(signal.SIGINT), 1.5),
            "PostgreSQL crashed": (lambda: self._restart_postgres(signal.SIGQUIT), 2),
            "database connections cut": (self._cut_database, 2),
            "Valkey killed": (self._kill_valkey, 2),
            "Valkey flushed": (self._flush_valkey, 2),
            "client lines cut": (self._cut_lines, 3),
        }

    async def _strike(self, name: str, fault: Callable[[], Awaitable[str]]) -> None:
        # Noted before it ends: the report names also what was healed in the middle.
        began = time.monotonic() - self._began
        place = len(self.strokes)
        self.strokes.append(Stroke(began, name, "…"))
        with contextlib.suppress(OSError, RedisError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self.strokes[place] = Stroke(began, name, await fault())

    async def _kill(self, members: Sequence[ServerProcess], *, everyone: bool = False) -> str:
        chosen = [one for one in (members if everyone else [self.rng.choice(members)]) if one.alive]
        self._down.update(chosen)
        for member in chosen:
            self._frozen.discard(member)
            member.kill()
        await self._last(self.rng.uniform(0.2, 4))
        self._down.difference_update(chosen)
        return _names(chosen)

    async def _terminate(self, members: Sequence[ServerProcess]) -> str:
        member = self.rng.choice(members)
        if not member.alive or member in self._frozen:
            return "was down"
        self._down.add(member)
        try:
            await asyncio.to_thread(member.terminate, 60)
        except subprocess.TimeoutExpired:
            self.odd_ends[f"{_names([member])} not at all within 60 s of SIGTERM"] += 1
            member.kill()
        finally:
            self._down.discard(member)
        return _names([member])

    async def _freeze(self, members: Sequence[ServerProcess], least: float, most: float) -> str:
        member = self.rng.choice(members)
        if not member.alive or member in self._frozen | self._down:
            return "was down"
        self._frozen.add(member)
        member.freeze()
        duration = self.rng.uniform(least, most)
        try:
            await self._last(duration)
        finally:
            self._thaw(member)
        return f"{_names([member])} for {duration:.0f} s"

    def _thaw(self, member: ServerProcess) -> None:
        if member in self._frozen:
            self._frozen.discard(member)
            if member.alive:
                member.thaw()

    async def _restart_postgres(self, how: signal.Signals) -> str:
        """SIGINT ends it in order, SIGQUIT at once, so that it recovers from its log."""
        server = self.cluster.postgres
        assert server is not None
        async with self._storage:
            assert server.process is not None
            server.process.send_signal(how)
            await asyncio.to_thread(server.process.wait, 60)
            down = self.rng.uniform(0, 4)
            await self._last(down)
            await _start_again(server)
        return f"away for {down:.1f} s"

    async def _cut_database(self) -> str:
        conn = await asyncpg.connect(self.cluster.database_url, timeout=3)
        try:
            cut = await conn.fetch(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE application_name LIKE 'cuedesk%' AND pid <> pg_backend_pid() AND random() < $1""",
                self.rng.choice((0.2, 0.6, 1.0)),
            )
        finally:
            await conn.close()
        return f"{len(cut)} connections"

    async def _kill_valkey(self) -> str:
        server = self.cluster.valkey
        assert server is not None
        async with self._storage:
            assert server.process is not None
            server.process.kill()
            await asyncio.to_thread(server.process.wait, 30)
            down = self.rng.uniform(0, 8)
            await self._last(down)
            await _start_again(server)
        return f"away for {down:.1f} s"

    async def _flush_valkey(self) -> str:
        async with Redis.from_url(self.cluster.redis_url, socket_timeout=3) as client:
            await client.flushall()
        return "everything"

    async def _cut_lines(self) -> str:
        line = self.rng.choice(self.lines)
        line.cut()
        await self._last(self.rng.uniform(0.05, 3))
        line.mend()
        return f"line {line.port}"

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            for member in self.cluster.members:
                if not member.alive and member not in self._down:
                    if member.process is not None and member.process.returncode not in _TOLD:
                        self.odd_ends[f"{_names([member])} with {member.process.returncode}"] += 1
                    member.start()


async def _start_again(server: EmbeddedPostgres | EmbeddedValkey) -> None:
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.prepare)
    # In the loop's own thread: the kernel ties the server to the thread that starts it.
    server.spawn()
    await asyncio.to_thread(server.wait_ready)


def _names(members: Sequence[ServerProcess]) -> str:
    return ", ".join(f"{member.command[0]}:{member.port}" for member in members) or "nobody"
