"""The result of a long run as Markdown, and the state it leaves for whoever looks into a violation."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.chaos.checker import KINDS, Violation
from benchmarks.chaos.history import History, Truth
from tests.support.processes import ServerProcess

#: So many of a kind are shown in full.
_SHOWN = 5


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return a Markdown table."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return lines + [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]


def counts(title: str, counted: Mapping[str, int]) -> list[str]:
    """Return a table of what was counted, the most frequent first."""
    rows = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return ["", f"### {title}", "", *table(("what", "times"), rows)] if rows else []


def verdict(found: Sequence[Violation], truth: Truth, history: History) -> list[str]:
    """Return what was checked and what was found wrong."""
    kinds = Counter(violation.kind for violation in found)
    events = sum(len(log) for log in truth.events.values())
    given = sum(len(f.frames) for client in history.clients for f in client.threads.values())
    accepted = Counter(
        sent.type for client in history.clients for sent in client.sent.values() if sent.accepted is not None
    )
    runs, questions = (_told(row.status for row in rows.values()) for rows in (truth.runs, truth.interrupts))
    lines = [
        "",
        f"**{len(found)} violations.** Checked: {len(truth.runs)} runs ({runs}), "
        f"{len(truth.interrupts)} questions ({questions}), "
        f"{len(truth.versions)} publications, {events} durable events ({given} given to {len(history.clients)} clients "
        f"over {sum(c.connections for c in history.clients)} connections), accepted commands: "
        + ", ".join(f"{number} {type_}" for type_, number in sorted(accepted.items()))
        + ".",
    ]
    if not found:
        return lines
    lines += ["", *table(("violation", "what it means", "times"), ((k, KINDS[k], n) for k, n in kinds.most_common()))]
    for kind in kinds:
        some = [violation for violation in found if violation.kind == kind][:_SHOWN]
        lines += ["", f"`{kind}`:", *(f"- {one.subject}: {one.found}" for one in some)]
    return lines


def loud_lines(members: Iterable[ServerProcess]) -> Counter[str]:
    """Count the errors and tracebacks in the members' logs by what they say."""
    said: Counter[str] = Counter()
    for member in members:
        for line in member.log_text().splitlines():
            if '"level":"error"' in line.replace(" ", ""):
                with_code = json.loads(line)
                said[f"{with_code.get('event')} {_last_line(with_code.get('exception', ''))}".strip()] += 1
            elif line.startswith("Traceback"):
                said["traceback outside of the log"] += 1
    return said


def keep(folder: Path, history: History, truth: Truth) -> None:
    """Write what was recorded beside the members' logs."""
    for name, what in (("history", history), ("truth", truth)):
        (folder / f"{name}.json").write_text(json.dumps(asdict(what), ensure_ascii=False, default=str))


def _told(values: Iterable[str]) -> str:
    return ", ".join(f"{number} {value}" for value, number in Counter(values).most_common())


def _last_line(exception: str) -> str:
    lines = [line for line in exception.strip().splitlines() if line.strip()]
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|0x[0-9a-f]+", "…", lines[-1])[:120] if lines else ""
