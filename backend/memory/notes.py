"""The notes of a thread: facts of its turns, taken in one by one, bounded, and told in a few lines. Pure; plain JSON.

Told without a model, they are what a colleague who takes over would want to know: standing wishes, what is not settled,
which products were talked of, which texts were written and what became of them, why some were sent back.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Outcome = Literal["waiting", "approved", "edited", "rejected", "expired", "cancelled", "failed", "asked", "answered"]
#: What a wish is about → its value: lists of words, or seconds.
Wishes = Mapping[str, Any]

#: How many of each are kept: the first, because people go back to how it began, and the last.
_PRODUCTS: Final = (20, 20)
_TEXTS: Final = (3, 12)
_OPEN: Final = 5
_REASONS: Final = 5
_EXCERPT: Final = 60
_WORDS: Final = 12

_OUTCOMES: Final[Mapping[str, str]] = {
    "waiting": "待审",
    "approved": "已通过",
    "edited": "改后通过",
    "rejected": "被退回",
    "expired": "过期",
    "cancelled": "已撤回",
    "failed": "没写成",
}
_WISHES: Final[Mapping[str, str]] = {
    "style": "语气{}",
    "avoid_style": "不要{}的语气",
    "seconds": "每条约{}秒",
    "must_say": "要说到{}",
    "must_not_say": "不说{}",
    "audience": "对着{}说",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """A request that is over. `scenario` is the segment's name in Chinese, `place` the text's number in the thread."""

    said: str
    outcome: Outcome
    place: int | None = None
    product_id: str | None = None
    product: str | None = None
    scenario: str | None = None
    #: Why a text was sent back.
    reason: str = ""
    #: The standing wishes that hold after it.
    wishes: Wishes = field(default_factory=dict)


def taken(notes: Mapping[str, Any] | None, turn: Turn) -> dict[str, Any]:
    """Return the notes with one more turn."""
    new: dict[str, Any] = deepcopy(dict(notes or {}))
    new["turns"] = new.get("turns", 0) + 1
    new["wishes"] = dict(turn.wishes)
    if turn.place is not None:
        _take_text(new, turn)
    if turn.reason:
        new["reasons"] = [*new.get("reasons", []), {"product": turn.product, "text": turn.reason[:_EXCERPT]}][
            -_REASONS:
        ]
    still = [one for one in new.get("open", []) if not _settled(one, turn)]
    if turn.outcome in ("expired", "failed", "cancelled", "asked"):
        still.append(
            {
                "why": turn.outcome,
                "product": turn.product,
                "scenario": turn.scenario,
                "text": turn.said.strip()[:_EXCERPT],
            }
        )
    new["open"] = still[-_OPEN:]
    return new


def _take_text(new: dict[str, Any], turn: Turn) -> None:
    tally = new.setdefault("tally", {})
    tally[turn.outcome] = tally.get(turn.outcome, 0) + 1
    text = {"place": turn.place, "product": turn.product, "scenario": turn.scenario, "state": turn.outcome}
    new["texts"] = _ends([*new.get("texts", []), text], _TEXTS)
    if turn.product is None:
        return
    products: list[dict[str, Any]] = new.setdefault("products", [])
    known = next((one for one in products if one["name"] == turn.product), None)
    if known is None:
        known = {"id": turn.product_id, "name": turn.product, "texts": 0, "approved": 0}
        products.append(known)
        new["products"] = _ends(products, _PRODUCTS)
        new["products_seen"] = new.get("products_seen", 0) + 1
    known["texts"] += 1
    known["approved"] += turn.outcome in ("approved", "edited")


def _settled(one: Mapping[str, Any], turn: Turn) -> bool:
    """A question of ours is settled by the next text, what came to nothing by one of the same product and segment."""
    if turn.place is None or turn.outcome not in ("waiting", "approved", "edited", "rejected"):
        return False
    if one["why"] == "asked" or one["product"] is None:
        return True
    return bool(one["product"] == turn.product and one["scenario"] in (None, turn.scenario))


def _ends(rows: list[dict[str, Any]], kept: tuple[int, int]) -> list[dict[str, Any]]:
    first, last = kept
    return rows if len(rows) <= first + last else [*rows[:first], *rows[-last:]]


def product_order(notes: Mapping[str, Any] | None) -> list[str]:
    """Return the names of the products in the order in which texts for them came, as far as that is known for sure."""
    known = notes or {}
    products = known.get("products", [])
    sure = products if known.get("products_seen", 0) == len(products) else products[: _PRODUCTS[0]]
    return [one["name"] for one in sure]


def told(notes: Mapping[str, Any] | None, characters: int) -> str:
    """Return the notes in Chinese, at most so many characters.

    What matters most comes first, what has no room is left out; a line is never cut.
    """
    if not notes or characters <= 0:
        return ""
    lines: list[str] = []
    room = characters
    for line in _lines(notes):
        if line and len(line) + bool(lines) <= room:
            room -= len(line) + bool(lines)
            lines.append(line)
    return "\n".join(lines)


def _lines(notes: Mapping[str, Any]) -> Sequence[str]:
    texts = notes.get("texts", [])
    products = notes.get("products", [])
    tally = notes.get("tally", {})
    return [
        _joined("长期要求：", wishes_told(notes.get("wishes", {}))),
        *(_open(one) for one in reversed(notes.get("open", []))),
        f"此前{notes.get('turns', 0)}轮" + (f"，写过{sum(tally.values())}条稿" if tally else "") + "。",
        _joined("稿件结果：", [f"{_OUTCOMES[state]}{count}条" for state, count in tally.items() if state in _OUTCOMES]),
        _joined("聊过的产品：", [f"{one['name']}（{one['texts']}条，通过{one['approved']}）" for one in products]),
        _joined("最近聊的产品：", [one["name"] for one in products[-5:]]) if len(products) > 8 else "",
        *(_text(one) for one in reversed(texts)),
        *(
            f"被退回的理由（{one['product']}）：{one['text']}" if one["product"] else f"被退回的理由：{one['text']}"
            for one in reversed(notes.get("reasons", []))
        ),
    ]


def wishes_told(wishes: Wishes) -> list[str]:
    """Return each wish in words."""
    said = []
    for key, form in _WISHES.items():
        value = wishes.get(key)
        if value:
            said.append(form.format("、".join(map(str, value[:_WORDS])) if isinstance(value, list) else value))
    return said


def _text(one: Mapping[str, Any]) -> str:
    what = "·".join(part for part in (one["product"], one["scenario"]) if part) or "稿子"
    return f"第{one['place']}条：{what}，{_OUTCOMES.get(one['state'], '待审')}。"


def _open(one: Mapping[str, Any]) -> str:
    if one["why"] == "asked":
        return f"还没了结：问过还没回答，原话“{one['text']}”。"
    return f"还没了结：{_OUTCOMES[one['why']]}，原话“{one['text']}”。"


def _joined(title: str, parts: Sequence[str]) -> str:
    return f"{title}{'；'.join(parts)}。" if parts else ""


def cleaned(turn: Turn, *, mask: Callable[[str], str], refused: Callable[[str], bool]) -> Turn | None:
    """Return a turn with personal data masked and without what must not be kept; None when nothing of it may be.

    `refused` tells of a text that it gives us orders, or that it was asked to be forgotten.
    """
    if any(refused(text) for text in (turn.product or "", turn.scenario or "") if text):
        return None

    def clean(text: str) -> str:
        return "" if refused(text) else mask(text)

    wishes = {
        key: [kept for one in value if (kept := clean(one))] if isinstance(value, list) else value
        for key, value in turn.wishes.items()
    }
    return Turn(
        said=clean(turn.said),
        outcome=turn.outcome,
        place=turn.place,
        product_id=turn.product_id,
        product=mask(turn.product) if turn.product else None,
        scenario=turn.scenario,
        reason=clean(turn.reason),
        wishes={key: value for key, value in wishes.items() if value},
    )
