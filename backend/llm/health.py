"""How the backends have been doing of late: counted in each process, added up over all of them."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from backend.llm.accounts import CallRecord
from backend.llm.breaker import State
from backend.llm.models_file import health_key, is_own

#: Seconds that are looked back, and how many pieces they are forgotten in.
WINDOW: Final = 300.0
_PIECES: Final = 10
#: Upper bounds of the latencies that are counted together, in milliseconds: each half as long again, up to three
#: minutes. A quantile read from them is off by a fifth at most.
_BOUNDS: Final[Sequence[int]] = tuple(round(20 * 1.5**step) for step in range(23))
#: Reasons of hops that say nothing against the backend: it was not asked, or does not take what was asked for.
_NO_FAILURE: Final = frozenset({"same_provider", "resting", "busy", "shape_not_taken", "unsupported", "cancelled"})
_GRAVITY: Final[Mapping[State, int]] = {"closed": 0, "half_open": 1, "open": 2}

Plain = dict[str, Any]


@dataclass(slots=True)
class _Counts:
    answered: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    first_token: list[int] = field(default_factory=lambda: [0] * (len(_BOUNDS) + 1))
    total: list[int] = field(default_factory=lambda: [0] * (len(_BOUNDS) + 1))

    def add(self, other: "_Counts") -> None:
        self.answered += other.answered
        self.failed += other.failed
        self.first_token = [one + more for one, more in zip(self.first_token, other.first_token, strict=True)]
        self.total = [one + more for one, more in zip(self.total, other.total, strict=True)]

    def plain(self) -> Plain:
        return {
            "answered": self.answered,
            "failed": dict(self.failed),
            "first_token": self.first_token,
            "total": self.total,
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """How a backend stands with one process. `rests_for` is seconds until it is asked again."""

    state: State
    rests_for: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds, read from counted ranges; None when nothing was counted."""

    p50: int | None
    p95: int | None


@dataclass(frozen=True, slots=True)
class BackendHealth:
    """A backend over all processes that told of it. `states` counts the processes; `state` is the gravest.

    `answered` and `failed` count attempts of the last `WINDOW` seconds, failures by their reason.
    """

    state: State
    states: Mapping[State, int]
    rests_for_ms: int
    answered: int
    failed: Mapping[str, int]
    first_token: Latency
    total: Latency

    @property
    def error_rate(self) -> float | None:
        """The share of attempts that failed; None without any."""
        failed = sum(self.failed.values())
        return failed / (failed + self.answered) if failed + self.answered else None


class Health:
    """Counts the calls of this process; `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._pieces: dict[int, dict[str, _Counts]] = {}

    def take(self, record: CallRecord) -> None:
        """Count a call that is over."""
        if record.status == "shared":
            return
        for hop in record.hops:
            if hop.reason not in _NO_FAILURE:
                self._of(_key(hop.backend, record)).failed[hop.reason] += 1
        if record.status != "completed":
            return
        counts = self._of(_key(record.backend, record))
        counts.answered += 1
        # Of a call with several attempts only the end is known, and that includes the pauses.
        if record.attempts == 1:
            counts.total[bisect_left(_BOUNDS, record.total_ms)] += 1
            if record.first_token_ms is not None:
                counts.first_token[bisect_left(_BOUNDS, record.first_token_ms)] += 1

    def _of(self, backend: str) -> _Counts:
        now = self._now()
        if now not in self._pieces:
            self._pieces = {piece: counts for piece, counts in self._pieces.items() if piece > now - _PIECES}
            self._pieces[now] = {}
        return self._pieces[now].setdefault(backend, _Counts())

    def _now(self) -> int:
        return int(self._clock() / (WINDOW / _PIECES))

    def told(self, standings: Mapping[str, Standing]) -> Plain:
        """Return what this process knows, as plain JSON: of each backend that stands open, or was asked of late."""
        since = self._now() - _PIECES
        sums: dict[str, _Counts] = {}
        for piece, backends in self._pieces.items():
            if piece > since:
                for name, counts in backends.items():
                    sums.setdefault(name, _Counts()).add(counts)
        plain = {name: counts.plain() for name, counts in sums.items()}
        for name, standing in standings.items():
            plain.setdefault(name, _Counts().plain()).update(state=standing.state, rests_for=standing.rests_for)
        return plain


def _key(backend: str, record: CallRecord) -> str:
    apart = record.own_route or is_own(backend)
    return health_key(backend, record.caller.tenant_id if apart and record.caller else None)


def added_up(told: Iterable[Plain], tenant_id: UUID | None = None) -> dict[str, BackendHealth]:
    """Return the health of each backend by name, from what every process told; with what the own routes of `tenant_id`
    met at the server's backends, which nobody else is told. What cannot be read counts for nothing: a process of
    another release may write something else.
    """
    counts: dict[str, _Counts] = {}
    standings: dict[str, list[Standing]] = {}
    for process in told:
        here: dict[str, Standing] = {}
        for key, plain in process.items():
            try:
                found = _Counts(
                    int(plain["answered"]), Counter(plain["failed"]), list(plain["first_token"]), list(plain["total"])
                )
                name = _shown_as(key, tenant_id)
                counts.setdefault(name, _Counts()).add(found)
                if plain.get("state") in _GRAVITY:
                    standing = Standing(plain["state"], float(plain["rests_for"]))
                    here[name] = max(here.get(name, standing), standing, key=_gravity)
            except (KeyError, TypeError, ValueError):
                continue
        for name, standing in here.items():
            standings.setdefault(name, []).append(standing)
    return {name: _health(found, standings.get(name, [])) for name, found in counts.items()}


def _shown_as(key: str, tenant_id: UUID | None) -> str:
    name = key.removeprefix(health_key("", tenant_id))
    return key if is_own(name) else name


def _gravity(standing: Standing) -> tuple[int, float]:
    return _GRAVITY[standing.state], standing.rests_for


def _health(counts: _Counts, standings: Sequence[Standing]) -> BackendHealth:
    gravest = max(standings, key=_gravity, default=Standing("closed", 0.0))
    return BackendHealth(
        state=gravest.state,
        states=Counter(one.state for one in standings),
        rests_for_ms=int(gravest.rests_for * 1000),
        answered=counts.answered,
        failed=dict(counts.failed),
        first_token=_latency(counts.first_token),
        total=_latency(counts.total),
    )


def _latency(counted: Sequence[int]) -> Latency:
    return Latency(_quantile(counted, 0.5), _quantile(counted, 0.95))


def _quantile(counted: Sequence[int], share: float) -> int | None:
    wanted = sum(counted) * share
    before = 0
    for place, number in enumerate(counted):
        if number and before + number >= wanted:
            low = _BOUNDS[place - 1] if place else 0
            high = _BOUNDS[place] if place < len(_BOUNDS) else low
            return round(low + (high - low) * (wanted - before) / number)
        before += number
    return None
