"""Messages and how they are understood."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from backend.evaluation.cases import IntentCase, SituationGiven, Turn
from backend.evaluation.outcomes import Outcome
from backend.graph.intent.folding import fold
from backend.graph.intent.naming import Known
from backend.graph.intent.reading import read
from backend.graph.intent.situation import Draft, Reading, Situation
from backend.graph.intent.slots import styles

#: How a message is understood.
Reader = Callable[[str, Situation], Awaitable[Reading]]

#: A wrong guess that costs a script (or touches the shop) is worse than a question too many.
_WRITING: Final = frozenset({"write", "continue", "restyle", "regenerate", "switch_product", "batch"})
_CAUTIOUS: Final = frozenset({"unclear", "chat"})
#: Slots of which a reading holds several.
_LISTS: Final = frozenset({"style", "avoid_style", "audience", "must_say", "say_if_held", "must_not_say", "prices"})
_QUESTION_END: Final = ("?", "？", "吗", "呢")


async def run_intent(case: IntentCase, reader: Reader) -> Outcome:
    """Read the message in its situation and compare."""
    situation = situation_of(case)
    reading = await reader(case.message, situation)
    expect = case.expect
    parts = _parts(case, reading, situation)
    told_apart = expect.kind in ("write", "continue", "switch_product") and expect.scenario is not None
    right = reading.kind == expect.kind and (not told_apart or reading.scenario == expect.scenario)
    expected = f"{expect.kind}/{expect.scenario}" if told_apart else expect.kind
    got = f"{reading.kind}/{reading.scenario}" if told_apart and reading.kind == expect.kind else reading.kind
    return Outcome(
        kind="intent",
        id=case.id,
        tier=case.tier,
        expected=expected,
        got=got,
        right=right,
        text=case.message,
        parts=parts if reading.kind == expect.kind else {},
        confidence=reading.confidence,
        answered_by=reading.tier,
        note="; ".join(
            [
                reading.reason,
                *(f"{name}: {_got(name, reading)!r}" for name, fine in parts.items() if right and not fine),
            ]
        ),
        cost=_cost(expect.kind, reading.kind),
    )


def _cost(expected: str, got: str) -> float:
    if got == "action" or (got in _WRITING and expected in _CAUTIOUS) or expected == "injection":
        return 3.0
    return 2.0 if got in _WRITING and expected != got else 1.0


def situation_of(case: IntentCase) -> Situation:
    """Make what the graph's node makes of database and thread."""
    given = case.situation
    assert isinstance(given, SituationGiven), "names are resolved when sets are read"
    products = [
        Known(one.id or one.name, one.name, one.brand, one.category, tuple(one.aliases)) for one in given.products
    ]
    by_name = {key: known for known in products for key in (known.id, known.name)}
    current = by_name.get(given.product or "")
    whole = Situation(
        products=products,
        hosts={name: name for name in given.hosts},
        rooms={name: name for name in given.rooms},
        pace=given.pace,
        waiting=given.waiting,
    )
    drafts = _drafts(case.history, whole, by_name)
    last = case.history[-1] if case.history else None
    asked = last is not None and last.role == "assistant" and _asks(last)
    named = current.name if current else given.product
    if named is None and drafts:
        named = drafts[-1].product_name
        current = by_name.get(named or "")
    said = [turn.content for turn in case.history if turn.role == "user"]
    return Situation(
        products=products,
        hosts=whole.hosts,
        rooms=whole.rooms,
        product_id=current.id if current else None,
        product_name=named,
        drafts=tuple(drafts),
        pace=given.pace,
        asked=asked,
        asked_about=said[-1] if asked and said else "",
        options=[(option, option) for option in last.options] if asked and last is not None else [],
        waiting=given.waiting,
    )


def _asks(turn: Turn) -> bool:
    return turn.asks or bool(turn.options) or (turn.scenario is None and turn.content.rstrip().endswith(_QUESTION_END))


def _drafts(history: list[Turn], whole: Situation, by_name: dict[str, Known]) -> list[Draft]:
    """Return the scripts of the history; what a turn does not say of its script, the request before it does."""
    drafts: list[Draft] = []
    request: Reading | None = None
    for turn in history:
        if turn.role == "user":
            request = read(turn.content, whole) if len(turn.content) <= 500 else None
            continue
        if _asks(turn):
            continue
        slots: dict[str, Any] = request.slots if request is not None else {}
        named = turn.product or slots.get("product_name") or (drafts[-1].product_name if drafts else None)
        known = by_name.get(named or "")
        drafts.append(
            Draft(
                content=turn.content,
                scenario=turn.scenario or (request.scenario if request is not None else None),
                product_id=known.id if known else None,
                product_name=known.name if known else named,
                seconds=turn.seconds or slots.get("seconds"),
                style=tuple(turn.style or slots.get("style") or ()),
            )
        )
    return drafts


def _parts(case: IntentCase, reading: Reading, situation: Situation) -> dict[str, bool]:
    expect = case.expect
    parts: dict[str, bool] = {}
    if expect.scenario is not None and expect.kind in ("restyle", "regenerate", "batch", "unclear"):
        parts["scenario"] = reading.scenario == expect.scenario
    for name in ("about", "missing", "then", "draft"):
        wanted = getattr(expect, name)
        if wanted is not None:
            parts[name] = getattr(reading, name) == wanted
    if expect.later is not None:
        parts["later"] = len(reading.later) == expect.later
    for name, wanted in expect.slots.items():
        parts[name] = _slot_is_right(name, wanted, reading, situation)
    for name in expect.absent:
        parts[f"no {name}"] = reading.slots.get(name) in (None, [], "")
    return parts


def _slot_is_right(name: str, wanted: Any, reading: Reading, situation: Situation) -> bool:
    found = _slot(name, reading, situation)
    # One is written as it is said: 活泼, ["活泼"], 59.9.
    if name in _LISTS and wanted is not None:
        each = wanted if isinstance(wanted, list) else [wanted]
        return all(
            any(_alike(way, str(other)) for way in _ways(name, str(one)) for other in found or ()) for one in each
        )
    if isinstance(wanted, str) and isinstance(found, str):
        return any(_alike(one, found) for one in _called(wanted, situation))
    return bool(found == wanted)


def _ways(name: str, wanted: str) -> list[str]:
    """Return the words of a label and, of a manner of speaking, the style of ours that they name (轻松 is our 活泼)."""
    return [wanted, *styles(fold(wanted))[0]] if name in ("style", "avoid_style") else [wanted]


def _called(wanted: str, situation: Situation) -> list[str]:
    """Return the names of the product that is called so; of what is no product, just its name."""
    known = next((one for one in situation.products if wanted in (one.id, one.name, *one.aliases)), None)
    return [wanted] if known is None else [wanted, known.name]


def _slot(name: str, reading: Reading, situation: Situation) -> Any:
    slots = reading.slots
    if name == "product":
        if "product_name" in slots:
            return slots["product_name"]
        draft = situation.drafts[reading.draft] if reading.draft is not None else None
        return (draft.product_name if draft is not None else None) or situation.product_name
    if name in ("host", "room"):
        return slots.get(f"{name}_name") or (slots.get("room_name") if name == "host" else None)
    return slots.get(name)


def _alike(wanted: str, found: str) -> bool:
    """Tell whether two wordings name the same: equal, or one inside the other."""
    a, b = (fold(one).replace(" ", "") for one in (wanted, found))
    return a == b or (min(len(a), len(b)) >= 2 and (a in b or b in a))


def _got(name: str, reading: Reading) -> Any:
    name = name.removeprefix("no ")
    if name in ("scenario", "about", "missing", "then", "draft"):
        return getattr(reading, name)
    if name == "later":
        return len(reading.later)
    return reading.slots.get("product_name" if name == "product" else name)
