"""Named places where a test can kill, freeze or hold this process. Off in production: one check of a module's `None`.

`CUEDESK_FAILPOINTS` names a folder, and only beside `CUEDESK_FAILPOINTS_IN_TESTS=yes` is it accepted. A test arms a
place by writing the file `<folder>/<place>`: an action, and whom it is for (see `_Order`). The first process that comes
by and fits takes the order away by renaming it to `<place>.reached.<pid>`, so one order acts once; removing that file
lets a process go that waits there.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from backend.errors import SetupError, StorageUnavailable

Place = Literal[
    "before_claim",  # worker: has the job, has not claimed the run
    "after_claim",  # worker: the claim is committed, no work done
    "mid_stream",  # worker: a piece of text came from the model
    "before_append",  # worker: events to write, no transaction open
    "after_append",  # worker: events committed
    "after_effect",  # worker: a side effect is committed, the node has not returned
    "before_question",  # worker: the checkpoint holds an interrupt, the row is not there
    "after_question",  # worker: question, event and `waiting` are committed
    "before_renewal",  # worker: about to prolong its leases
    "before_ack",  # gateway: the command is committed, nobody was told
    "notice",  # gateway: a NOTIFY arrived
]
Action = Literal["kill", "stop", "block", "sleep", "wait", "raise", "drop"]

ENVIRONMENT = "CUEDESK_FAILPOINTS"
PERMISSION = "CUEDESK_FAILPOINTS_IN_TESTS"

#: The folder of orders; None everywhere but in tests.
folder: Path | None = None

_passed: Counter[str] = Counter()


@dataclass(frozen=True)
class _Order:
    """`<action> [seconds=N] [after=N] [only=KEY] [always]`, separated by spaces.

    `seconds`: how long to block or sleep. `after`: let so many passages of this process go by first. `only`: act for
    this run (or thread) alone. `always`: stay armed, for every process that comes by.
    """

    action: Action
    seconds: float = 0.0
    after: int = 0
    only: str | None = None
    always: bool = False

    @classmethod
    def parse(cls, text: str) -> "_Order":
        action, *rest = text.split()
        given = dict(part.partition("=")[::2] for part in rest)
        assert action in get_args(Action), action
        return cls(
            action,  # type: ignore[arg-type]  # one of the literals, as the line above says
            seconds=float(given.get("seconds", 0)),
            after=int(given.get("after", 0)),
            only=given.get("only"),
            always="always" in given,
        )


def arm(environment: Mapping[str, str]) -> None:
    """Follow the orders in the folder that the environment names, if it names one.

    Raises:
        SetupError: the folder is named without the permission that only tests give.
    """
    global folder  # noqa: PLW0603 — set once, before anything runs; a parameter would reach through every room
    named = environment.get(ENVIRONMENT)
    if named is None:
        return
    if environment.get(PERMISSION) != "yes":
        raise SetupError(
            f"{ENVIRONMENT} 只用于测试，请从环境变量中删除 / "
            f"{ENVIRONMENT} is for tests only: remove it from the environment"
        )
    folder = Path(named)


async def reach(place: Place, key: object = "") -> None:
    """Do what a test ordered for this place. Callers ask `folder is not None` first, so that nobody else pays.

    Raises:
        StorageUnavailable: ordered by `raise`.
    """
    taken = _take(place, str(key))
    if taken is None:
        return
    order, mark = taken
    match order.action:
        case "sleep":
            await asyncio.sleep(order.seconds)
        case "wait":
            while mark.exists():  # noqa: ASYNC110 — the test's process speaks through the file system
                await asyncio.sleep(0.02)
        case _:
            _act(order)


def pass_by(place: Place, key: object = "") -> bool:
    """Do what a test ordered where nothing can be awaited; return whether what comes is to be dropped.

    Raises:
        StorageUnavailable: ordered by `raise`.
    """
    taken = _take(place, str(key))
    if taken is None:
        return False
    _act(taken[0])
    return taken[0].action == "drop"


def _act(order: _Order) -> None:
    match order.action:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "block":
            time.sleep(order.seconds)
        case "raise":
            raise StorageUnavailable("a test wanted this")


def _take(place: Place, key: str) -> tuple[_Order, Path] | None:
    assert folder is not None, "ask `folder is not None` first"
    armed = folder / place
    try:
        order = _Order.parse(armed.read_text())
    except FileNotFoundError:
        return None
    if order.only not in (None, key):
        return None
    _passed[place] += 1
    if _passed[place] <= order.after:
        return None
    _passed[place] = 0
    mark = folder / f"{place}.reached.{os.getpid()}"
    if order.always:
        mark.touch()
        return order, mark
    with contextlib.suppress(FileNotFoundError):  # another process was faster
        armed.rename(mark)
        return order, mark
    return None
