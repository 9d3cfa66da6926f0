"""What processes cost, read from Linux, and where they may run."""

import os
import time
from collections.abc import Iterable

import psutil

PROCESSORS = sorted(os.sched_getaffinity(0))
#: The server under test has a processor to itself; database, model and clients share the others.
SERVER_PROCESSOR, OTHER_PROCESSORS = PROCESSORS[0], PROCESSORS[1:] or PROCESSORS


def pin(pid: int, processors: Iterable[int]) -> None:
    """Let a process, with all its threads and children, run on these processors only."""
    chosen = set(processors)
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        for thread in process.threads():
            os.sched_setaffinity(thread.id, chosen)


def cpu_seconds(pid: int, *, with_children: bool = False) -> float:
    """Return the processor time a living process has used, exact to the nanosecond (`/proc` counts in 10 ms)."""
    # The clock of another process, as clock_getcpuclockid(3) makes its number.
    spent = time.clock_gettime((~pid << 3) | 2)
    if with_children:
        for child in psutil.Process(pid).children(recursive=True):
            try:
                spent += time.clock_gettime((~child.pid << 3) | 2)
            except OSError:  # it ended since
                continue
    return spent


def resident_kib(pid: int) -> float:
    """Return how much memory a process holds."""
    return float(psutil.Process(pid).memory_info().rss) / 1024
