"""The addresses of providers' names, looked up where nobody else waits.

The system asks for a name in a call that cannot be given up: ten seconds and more where its server of names is silent.
The loop has few threads for such calls, and whoever connects to anything by a name needs one of them, PostgreSQL and
Redis too: a few calls to one dead name would keep all the others waiting. So each name is looked up in a thread of its
own, by one thread at a time, whoever asks for it meanwhile; the threads are bounded, and no end of the process waits
for them.
"""

import asyncio
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final

#: As `socket.getaddrinfo` gives them: family, kind, protocol, canonical name, address.
Addresses = Sequence[tuple[int, int, int, str, tuple[Any, ...]]]

#: Names that are looked up at the same moment.
_MOST_AT_ONCE: Final = 64
#: Names whose last answer is kept, and the seconds it may stand in for one that does not come.
_MOST_KEPT: Final = 1_024
_KEPT_FOR: Final = 3_600.0
#: What may be otherwise a moment later, a server of names that fails too; without a number it is an error of ours.
_PASSING: Final = frozenset({None, socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM, socket.EAI_MEMORY})
#: Seconds that a new answer is waited for where there is an earlier one.
_PATIENCE: Final = 1.0


def _looked_up(host: str) -> Addresses:
    return socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)


@dataclass(slots=True)
class _Flight:
    """One look-up. Its result is what was found or why nothing was: nobody may be left to take an exception."""

    began: float = field(default_factory=time.monotonic)
    result: "Future[Addresses | OSError]" = field(default_factory=Future)


class Names:
    """Looks up names for every loop of this process."""

    def __init__(
        self,
        look_up: Callable[[str], Addresses] = _looked_up,
        *,
        most_at_once: int = _MOST_AT_ONCE,
        patience: float = _PATIENCE,
    ) -> None:
        self._look_up = look_up
        self._most_at_once = most_at_once
        self._patience = patience
        self._lock = threading.Lock()
        self._flights: dict[str, _Flight] = {}
        #: The last good answers, with their time; the latest last.
        self._kept: OrderedDict[str, tuple[float, Addresses]] = OrderedDict()

    async def addresses(self, host: str, port: int) -> Addresses:
        """Return the addresses of a host, in the system's order.

        Whoever is cancelled leaves the look-up to those who wait for it, and to those who come while it lasts. Where
        it takes longer than a second, fails for the moment, or finds no free thread, the answer of before counts if it
        is not older than an hour.

        Raises:
            OSError: there is no such name, or nobody says.
        """
        try:
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except (OSError, UnicodeError):
            pass  # a name
        flight, kept = self._flight(host), self._kept_of(host)
        found: Addresses | OSError = OSError("too many names are being looked up")
        if flight is not None:
            left = None if kept is None else max(flight.began + self._patience - time.monotonic(), 0)
            try:
                async with asyncio.timeout(left):
                    found = await asyncio.wrap_future(flight.result)
            except TimeoutError:
                found = OSError("nobody says what the name is")
        if isinstance(found, OSError):
            if kept is None or found.errno not in _PASSING:
                raise OSError(*found.args)
            found = kept
        return [(*one[:4], (one[4][0], port, *one[4][2:])) for one in found]

    def _flight(self, host: str) -> _Flight | None:
        """Return the look-up of a name that is under way, or begin one; None when there is no thread for it."""
        with self._lock:
            flight = self._flights.get(host)
            if flight is not None:
                return flight
            if len(self._flights) >= self._most_at_once:
                return None
            flight = self._flights[host] = _Flight()
        flight.result.set_running_or_notify_cancel()  # those who leave must not cancel it
        try:
            threading.Thread(target=self._fly, args=(host, flight), name="name", daemon=True).start()
        except RuntimeError:  # the system gives no more of them
            with self._lock:
                self._flights.pop(host, None)
            flight.result.set_result(OSError("no thread to look the name up"))
        return flight

    def _fly(self, host: str, flight: _Flight) -> None:
        found: Addresses | OSError
        try:
            found = self._look_up(host)
        except OSError as error:
            found = error
        except ValueError as error:  # what cannot be a name at all: a label that is too long, a zero in it
            found = OSError(socket.EAI_NONAME, f"no name: {error}")
        except Exception as error:  # noqa: BLE001 — those who wait must hear of it, and the next may try again
            found = OSError(f"the look-up failed: {error!r}")
        with self._lock:
            del self._flights[host]
            if not isinstance(found, OSError) and found:
                self._kept[host] = (time.monotonic(), found)
                self._kept.move_to_end(host)
                if len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
        flight.result.set_result(found)

    def _kept_of(self, host: str) -> Addresses | None:
        with self._lock:
            when, found = self._kept.get(host, (0.0, None))
            if found is None or time.monotonic() - when > _KEPT_FOR:
                return None
            return found


#: Those of this process.
NAMES: Final = Names()
