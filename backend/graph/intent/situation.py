"""What an operator's message is read against, and what comes out of the reading."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from backend.graph.intent.naming import Known

Kind = Literal["write", "continue", "restyle", "regenerate", "switch_product", "chat", "batch", "action", "unclear"]
#: Who understood a message: the rules, what was learned from examples, or a language model.
Tier = Literal["rules", "learned", "model"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A script of this thread, whether it was approved or not; the oldest of the thread comes first.

    `number` counts all scripts of the thread from 1, also those that are not at hand; None: all are.
    """

    content: str
    scenario: str | None = None
    product_id: str | None = None
    product_name: str | None = None
    seconds: int | None = None
    style: Sequence[str] = ()
    must_not_say: Sequence[str] = ()
    script_id: str | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What the thread and the tenant's catalogue were when the message came.

    `asked` is true when our last word was a question; `options` are then the answers it offered (label → value) and
    `asked_about` the message that made us ask. With `offered` they are what the message before asked
    for besides, in its order. `waiting` is true while a script or an action waits for a decision.
    `wishes` are the standing ones (see `wishes.heard`), `product_order` the names of the thread's products in the order
    they came up if `drafts` do not tell, `summary` what was before the last turns, in words.
    """

    products: Sequence[Known] = ()
    hosts: Mapping[str, str] = field(default_factory=dict)  # id → name
    rooms: Mapping[str, str] = field(default_factory=dict)  # id → name
    product_id: str | None = None
    product_name: str | None = None
    drafts: Sequence[Draft] = ()
    pace: int = 260
    asked: bool = False
    asked_about: str = ""
    options: Sequence[tuple[str, str]] = ()
    offered: bool = False
    waiting: bool = False
    wishes: Mapping[str, Any] = field(default_factory=dict)
    product_order: Sequence[str] = ()
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a message was understood.

    `slots` holds only what the words say. `draft` is the place in `Situation.drafts` of the text it is about.
    `missing` names what has to be asked: "scenario", "product", "draft", "several" (of a batch: which first),
    "language" (another than Mandarin), "host" (nobody of that name), "odds" (what contradicts itself),
    "wish" (only a wish for texts to come: which first),
    "unheld" (a product that the catalogue does not hold), "short" (too little time for what must be said)
    or "" (nothing understood).
    `about` says for chat what kind of talk it is (question, smalltalk, injection, decision, check), for an action
    which one.
    `then` is "continue" or "write" after a switch, "start" when the plan in `slots` was confirmed,
    "restore" when an earlier text is wanted back as it was, "join" when the texts in the places `joined` are to
    become one.
    `pasted` is the text, as it was sent, that is to be changed or checked.
    `tier` is who understood it; `confidence` then is how often such an answer is right.
    `later` are the requests of the same message that come after this one, each a whole sentence.
    """

    kind: Kind
    confidence: float
    reason: str
    slots: dict[str, Any]
    scenario: str | None = None
    then: str | None = None
    draft: int | None = None
    missing: str | None = None
    about: str | None = None
    candidates: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    pasted: str | None = None
    joined: tuple[int, ...] = ()
    tier: Tier = "rules"

    def plain(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
