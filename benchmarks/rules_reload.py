"""What it costs everybody else when somebody saves rules: how long the event loop stands still, and the memory.

`python -m benchmarks.rules_reload [--saves 12] [--terms 200]`. Each save is another overlay of so many terms, compiled
in a thread as `quality/rulebooks` does it, while a task of the loop wants to run every millisecond. Reported is how
late that task was (milliseconds), beside the same without a save, and what a kept snapshot takes (resident memory).
"""

import argparse
import asyncio
import gc
import time
from pathlib import Path

from backend.quality.layering import compiled, plain
from backend.quality.lexicon import RuleSnapshot
from backend.quality.overlay import Overlay, OwnRule

_TICK = 0.001
_PAGE = 4096


def resident() -> float:
    """Return this process's resident memory, megabytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / 1e6


async def lateness(until: asyncio.Event, late: list[float]) -> None:
    """Note by how much each tick came late, milliseconds."""
    while not until.is_set():
        asked = time.perf_counter()
        await asyncio.sleep(_TICK)
        late.append((time.perf_counter() - asked - _TICK) * 1e3)


def overlay_of(number: int, terms: int) -> Overlay:
    """Return an overlay whose terms no other one has."""
    words = [f"自家禁词{number}之{place}" for place in range(terms)]
    return Overlay(rules=[OwnRule(id=f"H-{at}", terms=words[at : at + 50]) for at in range(0, terms, 50)])


async def measure(saves: int, terms: int) -> None:
    """Print one line for the quiet loop and one for the saves."""
    plain(None)
    quiet, busy = [0.0], [0.0]
    over = asyncio.Event()
    watch = asyncio.create_task(lateness(over, quiet))
    await asyncio.sleep(1)
    over.set()
    await watch

    kept: list[RuleSnapshot] = [await asyncio.to_thread(compiled, None, overlay_of(0, terms), 1)]
    gc.collect()
    before = resident()
    over = asyncio.Event()
    watch = asyncio.create_task(lateness(over, busy))
    took: list[float] = []
    for number in range(1, saves + 1):
        began = time.perf_counter()
        kept.append(await asyncio.to_thread(compiled, None, overlay_of(number, terms), number + 1))
        took.append(time.perf_counter() - began)
    over.set()
    await watch
    gc.collect()
    for name, late in (("quiet", sorted(quiet)), ("saves", sorted(busy))):
        p50, p99 = late[len(late) // 2], late[int(len(late) * 0.99)]
        print(f"{name}: loop late p50 {p50:.1f} p99 {p99:.1f} max {late[-1]:.1f} ms")
    middle = sorted(took)[len(took) // 2]
    print(f"compile: median {middle:.2f} s; memory {(resident() - before) / saves:.2f} MB a snapshot")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saves", type=int, default=12)
    parser.add_argument("--terms", type=int, default=200)
    given = parser.parse_args()
    asyncio.run(measure(given.saves, given.terms))


if __name__ == "__main__":
    main()
