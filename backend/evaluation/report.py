"""The result of an evaluation: for people a page of tables, for programs a JSON file; and two of them compared."""

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from backend.errors import SetupError
from backend.evaluation.cases import Unread
from backend.evaluation.outcomes import (
    Outcome,
    confusions,
    judge_figures,
    part_shares,
    reliability,
    scores,
    shares,
    worst,
)

FORMAT: Final = 1
_TEXT: Final = 60
_NOTE: Final = 150
_TITLES: Final[Mapping[str, str]] = {
    "intent": "意图 / intents",
    "compliance": "合规 / compliance",
    "script": "稿件 / scripts",
    "pii": "个人信息 / personal data",
    "injection": "注入 / injection",
    "recall": "召回 / recall",
}


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that was run. `about` says with what: the reader's tier, versions."""

    about: Mapping[str, str]
    outcomes: Sequence[Outcome]
    unread: Sequence[Unread] = field(default_factory=list)

    def of(self, kind: str) -> list[Outcome]:
        """Return the outcomes of one kind of set."""
        return [one for one in self.outcomes if one.kind == kind]

    def plain(self) -> dict[str, Any]:
        """Return it as plain JSON, the figures beside the cases."""
        return {
            "format": FORMAT,
            "about": dict(self.about),
            "sets": {kind: _figures(self.of(kind)) for kind in _TITLES if self.of(kind)},
            "unread": [asdict(one) for one in self.unread],
            "outcomes": [one.plain() for one in self.outcomes],
        }


def _figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    trust = reliability(outcomes)
    judge = judge_figures(outcomes)
    return {
        "n": len(outcomes),
        "right": sum(one.right for one in outcomes),
        "tiers": {tier: {"right": right, "n": n} for tier, (right, n) in shares(outcomes).items()},
        "labels": [asdict(score) for score in scores(outcomes)],
        "parts": {name: {"right": right, "n": n} for name, (right, n) in part_shares(outcomes).items()},
        "confusions": [{"expected": e, "got": g, "n": n} for e, g, n in confusions(outcomes)],
        "calibration": asdict(trust) if trust is not None else None,
        "judge": asdict(judge) if judge is not None else None,
        "worst": [one.id for one in worst(outcomes)],
    }


def page(result: Result) -> str:
    """Return the tables and the worst errors as text."""
    return "\n".join(_page(result)) + "\n"


def _page(result: Result) -> Iterator[str]:
    yield "  ".join(f"{name}: {value}" for name, value in result.about.items())
    for kind, title in _TITLES.items():
        outcomes = result.of(kind)
        if not outcomes:
            continue
        right = sum(one.right for one in outcomes)
        yield ""
        yield f"== {title}: {right}/{len(outcomes)} {_percent(right, len(outcomes))}"
        yield from _table(
            ("tier", "n", "right", "%"),
            [(tier, n, fine, _percent(fine, n)) for tier, (fine, n) in shares(outcomes).items()],
        )
        yield from _table(
            ("label", "n", "precision", "recall", "F1"),
            [(s.label, s.n, _share(s.precision), _share(s.recall), _share(s.f1)) for s in scores(outcomes)],
        )
        if parts := part_shares(outcomes):
            yield from _table(
                ("part", "n", "right", "%"), [(name, n, fine, _percent(fine, n)) for name, (fine, n) in parts.items()]
            )
        yield from _by_answerer(outcomes)
        yield from _judge(outcomes)
        if mixed := confusions(outcomes):
            yield from _table(("expected", "taken for", "n"), mixed)
        yield from _calibration(outcomes)
        yield from _errors(outcomes)
    if result.unread:
        yield ""
        yield f"== 读不了的行 / lines that could not be read: {len(result.unread)}"
        yield from (f"{one.file}:{one.line}: {one.reason}" for one in result.unread)


def _by_answerer(outcomes: Sequence[Outcome]) -> Iterator[str]:
    names = sorted({one.answered_by for one in outcomes if one.answered_by})
    if names:
        rows = []
        for name in names:
            theirs = [one for one in outcomes if one.answered_by == name]
            fine = sum(one.right for one in theirs)
            rows.append((name, len(theirs), fine, _percent(fine, len(theirs))))
        yield from _table(("answered by", "n", "right", "%"), rows)


def _judge(outcomes: Sequence[Outcome]) -> Iterator[str]:
    judge = judge_figures(outcomes)
    if judge is None:
        return
    why = f" ({', '.join(f'{code} {n}' for code, n in judge.unheard.items())})" if judge.unheard else ""
    yield f"the judge: asked of {judge.asked}, not heard of {sum(judge.unheard.values())}{why}"
    rows = [(rule, *counts) for rule, counts in judge.added.items()]
    yield from _table(("it added", "n", "to clean ones"), [*rows, ("(raised to a block)", *judge.raised)])
    yield (
        f"  right only with it: {judge.gained}; right only without it: {judge.lost}; "
        f"clean ones with a false alarm of it: {judge.disturbed} of {judge.clean}"
    )


def _calibration(outcomes: Sequence[Outcome]) -> Iterator[str]:
    trust = reliability(outcomes)
    if trust is not None:
        yield f"expected calibration error: {trust.error:.3f}"
        rows = [(f"{b.low:.1f}-{b.high:.1f}", b.n, f"{b.confidence:.2f}", f"{b.right:.2f}") for b in trust.bands]
        yield from _table(("confidence", "n", "said", "right"), rows)


def _errors(outcomes: Sequence[Outcome]) -> Iterator[str]:
    gravest = worst(outcomes)
    if gravest:
        yield "worst errors:"
    for one in gravest:
        beside = [name for name, fine in one.parts.items() if not fine]
        what = f"{one.expected} → {one.got}" if not one.right else f"{one.expected}, but {', '.join(beside)}"
        sure = f" ({one.confidence:.2f})" if one.confidence is not None else ""
        yield f"  [{one.tier or '-'}] {_cut(one.text, _TEXT)}"
        yield f"      {what}{sure}  {_cut(one.note, _NOTE)}"


@dataclass(frozen=True, slots=True)
class Change:
    """A case that was right in one of two results and wrong in the other."""

    id: str
    kind: str
    text: str
    before: str
    after: str
    better: bool


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[list[Change], list[str]]:
    """Return the cases that got better or worse, and in words what cannot be compared."""
    old = {(one["kind"], one["id"]): one for one in before["outcomes"]}
    new = {(one["kind"], one["id"]): one for one in after["outcomes"]}
    changes = []
    for key in old.keys() & new.keys():
        was, now = _wholly_right(old[key]), _wholly_right(new[key])
        if was != now:
            change = Change(key[1], key[0], new[key]["text"], _said(old[key]), _said(new[key]), better=now)
            changes.append(change)
    apart = []
    if gone := len(old.keys() - new.keys()):
        apart.append(f"{gone} cases are only in the first result")
    if added := len(new.keys() - old.keys()):
        apart.append(f"{added} cases are only in the second result")
    return sorted(changes, key=lambda one: (one.kind, one.better, one.id)), apart


def comparison(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return the comparison of two results as text."""
    lines: list[str] = []
    rows = []
    for kind in _TITLES:
        a, b = before["sets"].get(kind), after["sets"].get(kind)
        if a is None or b is None:
            continue
        rows.append((kind, "all", _percent(a["right"], a["n"]), _percent(b["right"], b["n"])))
        for tier in sorted(a["tiers"].keys() | b["tiers"].keys()):
            sides = (side["tiers"].get(tier, {"right": 0, "n": 0}) for side in (a, b))
            rows.append((kind, tier, *(_percent(side["right"], side["n"]) for side in sides)))
    lines += _table(("set", "tier", "before", "after"), rows)
    changes, apart = compared(before, after)
    lines += apart
    for better, title in ((False, "worse"), (True, "better")):
        chosen = [one for one in changes if one.better is better]
        lines.append(f"{title}: {len(chosen)}")
        lines += [f"  [{one.kind}] {_cut(one.text, _TEXT)}\n      {one.before} ⇒ {one.after}" for one in chosen]
    return "\n".join(lines) + "\n"


def write_result(path: Path, result: Result) -> None:
    """Write a result as JSON. Raises `SetupError` when it cannot be written."""
    try:
        path.write_text(json.dumps(result.plain(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise SetupError(f"写不了 {path} / cannot write {path}: {type(error).__name__}") from None


def load_result(path: Path) -> dict[str, Any]:
    """Read a result that was written as JSON. Raises `SetupError` when it is none of ours."""
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SetupError(f"读不了 {path} / cannot read {path}: {type(error).__name__}") from None
    if not isinstance(loaded, dict) or loaded.get("format") != FORMAT:
        raise SetupError(f"{path} 不是评测结果 / {path} is no result of an evaluation")
    return loaded


def _wholly_right(one: Mapping[str, Any]) -> bool:
    return bool(one["right"] and all(one["parts"].values()))


def _said(one: Mapping[str, Any]) -> str:
    wrong = [name for name, fine in one["parts"].items() if not fine]
    return str(one["got"]) + (f" (wrong: {', '.join(wrong)})" if wrong else "")


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    cells = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(_width(row[place]) for row in cells) for place in range(len(head))]
    return [
        "  " + "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "-"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _cut(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
