"""How good the scripts are that the offline writer makes: whole shows, by the nodes of the graph that write and check.

Run: PYTHONPATH=. python -m benchmarks.writer [known unseen odd fresh strangers] [--worst 20] [--show ROOM]
     PYTHONPATH=. python -m benchmarks.writer --samples docs/samples.md
"""

import argparse
import asyncio
import re
import tomllib
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any, cast
from uuid import NAMESPACE_URL, UUID, uuid5

from langgraph.runtime import Runtime

from backend.graph.nodes.product import described
from backend.graph.nodes.quality import quality
from backend.graph.nodes.recall import excerpts
from backend.graph.nodes.script import script
from backend.graph.state import GraphContext, ScriptState, initial_state
from backend.llm.adapters.offline.writer import OfflineWriter
from backend.protocol.events import QualityFeedback
from backend.quality.craft import overlap, sentences, speakable
from backend.quality.lexicon import RuleSnapshot

ROOMS = Path(__file__).with_name("rooms")
SCENARIOS = ("opening", "selling_points", "promotion", "seeding", "transition", "closing")
#: The first sentences of two scripts are alike from this likeness on (difflib), the product's name left out.
ALIKE = 0.75


@dataclass
class Written:
    """One request and what came of it."""

    room: str
    action: str
    scenario: str
    request: str
    product: dict[str, Any]
    #: What was asked for, or for a change of length what it should have come to; None when nothing was asked.
    seconds: float | None
    pace: int
    text: str
    feedback: QualityFeedback
    rounds: int
    #: What the room had heard before, and the text that was changed.
    heard: list[str]
    previous: str | None

    @property
    def ratio(self) -> float | None:
        spoken = speakable(self.text) * 60 / self.pace
        return spoken / self.seconds if self.seconds else None

    @property
    def opening(self) -> str:
        start, end = sentences(self.text)[0]
        # Nobody speaks what stands in brackets behind a name.
        spoken = re.sub(r"[（(【].*?[）)】]", "", self.product["name"]).strip()
        return re.sub(r"\W", "", self.text[start:end].replace(self.product["name"], "").replace(spoken, ""))


class _Empty:
    """A database in which nothing is remembered of any conversation."""

    @asynccontextmanager
    async def tenant(self, _tenant: UUID) -> AsyncIterator["_Empty"]:
        yield self

    async def fetchrow(self, *_: object) -> None:
        """Return no notes."""


class Room:
    """Plays one room's show: each text that is written counts as approved and is heard by what follows."""

    def __init__(self, name: str, host: dict[str, Any], rules: RuleSnapshot) -> None:
        self.name, self.host, self.rules = name, host, rules
        self.texts: list[str] = []
        #: What was said in the conversation and then written anew: heard by nobody, and known to the writer.
        self.replaced: list[str] = []

    async def write(
        self, product: dict[str, Any], before: str | None, previous: str | None, *, known: bool = True, **slots: Any
    ) -> Written:
        action, request = slots.pop("action"), slots.pop("request")
        facts, assumed, _ = described(dict(product), known, [])
        heard = [text for text in self.texts if text != previous]
        history = [{"role": "assistant", "content": text} for text in self.replaced]
        state = initial_state({"content": request}, "")
        state |= cast(ScriptState, {
            "kind": action, "reading": {"then": ""}, "slots": slots, "previous_product": before, "room": None,
            "previous": {"content": previous, "product_name": product["name"]} if previous else None,
            "history": history, "host": self.host, "product": facts, "assumed": assumed, "recalled": [],
            "host_assumptions": [], "product_assumptions": [], "aired": excerpts(heard[::-1]),
        })  # fmt: skip
        said: list[Any] = []
        runtime = Runtime(context=self._context(f"{self.name}-{len(self.texts)}-{request}"), stream_writer=said.append)
        while True:
            state |= (await script(state, runtime)).update
            state |= (await quality(state, runtime)).update
            if not state["report"]["retry"]:
                break
        feedback = [one for one in said if isinstance(one, QualityFeedback)][-1]
        text = state["content"]
        if previous in self.texts and action == "restyle":
            self.texts[self.texts.index(previous)] = text
            self.replaced.append(previous)
        else:
            self.texts.append(text)
        return Written(
            self.name, action, slots["scenario"], request, facts, _seconds(slots, previous, self.host["pace"]),
            self.host["pace"], text, feedback, state["round"], heard, previous,
        )  # fmt: skip

    async def _in_force(self, _tenant: UUID, _room: UUID | None) -> RuleSnapshot:
        return self.rules

    def _context(self, name: str) -> GraphContext:
        made: Any = None  # the two nodes store and recall nothing
        empty: Any = _Empty()
        return GraphContext(
            tenant_id=UUID(int=0), thread_id=UUID(int=0), run_id=uuid5(NAMESPACE_URL, name), attempt=1,
            requested_by=None, author_name="", db=empty, model=OfflineWriter(0), rules=self._in_force,
            embedder=made, profiles=made,
            say=made,
        )  # fmt: skip


def _seconds(slots: dict[str, Any], previous: str | None, pace: int) -> float | None:
    change = slots.get("length_change")
    if slots.get("seconds"):
        return float(slots["seconds"])
    if not previous:
        return None
    return speakable(previous) * 60 / pace * {"shorter": 0.68, "longer": 1.45}.get(change or "", 1.0)


async def play(name: str, rules: RuleSnapshot, only: str | None = None) -> list[Written]:
    """Play every room of a set (or one) and return what was written."""
    table = tomllib.loads((ROOMS / f"{name}.toml").read_text(encoding="utf-8"))
    if "products" in table:
        return await _sparse(table["products"], rules)
    written: list[Written] = []
    rooms = table["rooms"]
    for at, entry in enumerate(rooms):
        if only and entry["name"] != only:
            continue
        room = Room(entry["name"], {"name": "", **entry["host"]}, rules)
        product, before, last = entry["product"], None, None
        for row in entry["plan"]:
            action, scenario, seconds, style, say, unsay, words = (part.strip() for part in row.split("|"))
            if action.startswith("next "):
                before, product = product["name"], rooms[(at + 1) % len(rooms)]["product"]
            action, _, change = action.removeprefix("next ").partition(" ")
            done = await room.write(
                product,
                before,
                last.text if last and action in ("continue", "restyle", "regenerate") else None,
                action=action,
                request=words,
                scenario=scenario,
                seconds=int(seconds) or None,
                style=[style] if style else [],
                length_change=change or None,
                must_say=[say] if say else [],
                must_not_say=[unsay] if unsay else [],
            )
            written.append(done)
            last = done
    return written


async def _sparse(products: Sequence[dict[str, Any]], rules: RuleSnapshot) -> list[Written]:
    written = []
    for product in products:
        room = Room(product["name"], {"name": "小雅", "pace": 260}, rules)
        for scenario in SCENARIOS:
            for seconds in (20, 60):
                words = f"写一段，{seconds}秒"
                slots: dict[str, Any] = {"scenario": scenario, "seconds": seconds, "style": []}
                written.append(await room.write(product, None, None, action="write", request=words, **slots))
    return written


def _alike(written: Sequence[Written]) -> Iterator[tuple[Written, Written, float]]:
    """Yield scripts of one room that begin alike; a text and its own earlier version are no pair."""
    for one, other in combinations(written, 2):
        if one.room == other.room and other.previous != one.text:
            likeness = SequenceMatcher(None, one.opening, other.opening, autojunk=False).ratio()
            if likeness >= ALIKE:
                yield one, other, likeness


def report(name: str, written: Sequence[Written], worst: int) -> None:
    """Print the figures of a set."""
    scores = sorted(one.feedback.score for one in written)
    blocked = [one for one in written if one.feedback.verdict == "block"]
    ratios = [one.ratio for one in written if one.ratio is not None]
    out = [one for one in written if one.ratio is not None and not 0.85 <= one.ratio <= 1.18]
    again = [max((overlap(one.text, other) for other in one.heard), default=0.0) for one in written]
    pairs = list(_alike(written))
    faults = Counter(finding.rule for one in written for finding in one.feedback.findings if finding.severity != "info")
    total = len(written)
    print(f"## {name}: {total} requests in {len({one.room for one in written})} rooms")
    print(f"pass every blocking check   {(total - len(blocked)) / total:7.1%}")
    print(f"score of 85 and more        {sum(score >= 85 for score in scores) / total:7.1%}")
    print(f"score                       least {scores[0]}, tenth {scores[total // 10]}, median {median(scores):.0f}")
    print(f"duration within 0.85–1.18   {1 - len(out) / len(ratios):7.1%}  ({min(ratios):.2f} to {max(ratios):.2f})")
    print(f"openings alike in a room    {len(pairs):5d} pairs")
    print(f"8-grams heard in the room   median {median(again):.1%}, most {max(again):.1%}")
    print(f"drafts a script             {sum(one.rounds for one in written) / total:.2f}")
    print("found: " + "  ".join(f"{rule} {count}" for rule, count in faults.most_common(12)))
    for one, other, likeness in pairs[:8]:
        print(f"  alike {likeness:.2f} {one.room}: {one.opening} / {other.opening}")
    for one in sorted(written, key=lambda one: one.feedback.score)[:worst]:
        reasons = "；".join(
            f"{finding.rule} {finding.severity} {finding.message[:60]}「{finding.excerpt[:20]}」"
            for finding in one.feedback.findings
            if finding.severity != "info"
        )
        if reasons:
            ratio = f"{one.ratio:.2f}" if one.ratio else "–"
            print(f"  {one.feedback.score:3d} {ratio} {one.room} {one.scenario} {one.request}: {reasons}")
    print()


def samples(written: Sequence[Written]) -> str:
    """Return twenty of the texts as a page for people."""
    lines = [
        "# 二十段稿子 / Twenty scripts",
        "",
        "Written by the offline writer for rooms it was not tuned on, by the nodes that write for an operator; one or",
        "two of each room, never chosen by how they turned out. Made by",
        "`python -m benchmarks.writer --samples docs/samples.md`.",
    ]
    chosen = [one for at, one in enumerate(written) if at % 11 in (0, 5)][:20]
    for number, one in enumerate(chosen, 1):
        asked = f"{one.seconds:.0f} 秒" if one.seconds else "不限"
        said = f"{speakable(one.text)} 字，{speakable(one.text) * 60 / one.pace:.0f} 秒"
        found = "、".join(dict.fromkeys(f"{f.rule} {f.message}" for f in one.feedback.findings if f.severity != "info"))
        lines += [
            "",
            f"## {number}. {one.product['name']}",
            "",
            f"要求：{one.request}（{asked}，每分钟 {one.pace} 字） · 写了 {said} · {one.feedback.score} 分"
            + (f" · {found}" if found else ""),
            "",
            *(f"> {line}\n>" for line in one.text.splitlines()[:-1]),
            f"> {one.text.splitlines()[-1]}",
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Play the sets that were asked for and print their figures, or write the samples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=["known", "unseen", "odd", "fresh", "strangers"])
    parser.add_argument("--worst", type=int, default=20)
    parser.add_argument("--show", help="print the texts of this room")
    parser.add_argument("--samples", type=Path)
    asked = parser.parse_args()
    rules = RuleSnapshot.load()
    if asked.samples:
        asked.samples.write_text(samples(asyncio.run(play("unseen", rules))), encoding="utf-8")
        return
    for name in asked.sets:
        written = asyncio.run(play(name, rules, asked.show))
        if asked.show:
            for one in written:
                print(f"--- {one.scenario} {one.request} {one.feedback.score}\n{one.text}\n")
        else:
            report(name, written, asked.worst)


if __name__ == "__main__":
    main()
