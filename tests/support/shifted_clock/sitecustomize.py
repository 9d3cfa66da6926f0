"""Python loads this at its start when the folder is on PYTHONPATH: the wall clock is then off by some seconds.

`CUEDESK_TEST_CLOCK_SHIFT` says by how many. The monotonic clock and the clock of the database are not touched: a
machine whose time was set wrongly. (One of the two fakes that tests may use; the other is the scripted model.)
"""

import datetime
import os
import time
from typing import Any

_SHIFT = float(os.environ.get("CUEDESK_TEST_CLOCK_SHIFT", "0"))
_time, _time_ns, _Real = time.time, time.time_ns, datetime.datetime


class _Kind(type(_Real)):  # type: ignore[misc]
    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, _Real)


class _Shifted(_Real, metaclass=_Kind):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return _Real.now(tz) + datetime.timedelta(seconds=_SHIFT)

    @classmethod
    def utcnow(cls) -> Any:
        return _Real.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(seconds=_SHIFT)

    @classmethod
    def today(cls) -> Any:
        return cls.now()


if _SHIFT:
    time.time = lambda: _time() + _SHIFT
    time.time_ns = lambda: _time_ns() + int(_SHIFT * 1e9)
    datetime.datetime = _Shifted  # type: ignore[misc]
