"""The lines of a set: what each kind holds, and reading them without losing the rest to a bad one.

docs/evaluation.md shows an example of each kind.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from backend.errors import SetupError

SetKind = Literal["intent", "compliance", "script", "pii", "recall", "injection"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Line(_Part):
    id: str = ""
    #: What the figures are told apart by, beside the labels themselves.
    tier: str = ""
    split: str = ""
    #: The sentence pattern the line was made of; a pattern is never in two parts of a set.
    template: str = ""
    note: str = ""


class ProductGiven(_Part):
    """A product of the catalogue."""

    name: str = Field(min_length=1)
    id: str = ""
    brand: str = ""
    category: str = ""
    aliases: list[str] = []


class Turn(_Part):
    """One message before. An assistant's turn is a script, or a question when it has `options` or `asks`."""

    role: Literal["user", "assistant"]
    content: str
    scenario: str | None = None
    product: str | None = None
    seconds: int | None = None
    style: list[str] = []
    options: list[str] = []
    asks: bool = False


def _named(value: object) -> object:
    return [{"name": one} if isinstance(one, str) else one for one in value] if isinstance(value, list) else value


def _spoken(value: object) -> object:
    """Turn plain strings into turns: the operator speaks first, then the two by turns."""
    if not isinstance(value, list):
        return value
    roles = ("user", "assistant")
    return [
        {"role": roles[place % 2], "content": one} if isinstance(one, str) else one for place, one in enumerate(value)
    ]


class SituationGiven(_Part):
    """What the desk knows when the message comes."""

    products: list[ProductGiven] = []
    hosts: list[str] = []
    rooms: list[str] = []
    #: The thread's product, by id or name.
    product: str | None = None
    #: Whether a script or an action waits for a decision.
    waiting: bool = False
    pace: int = Field(260, ge=60, le=600)

    _names = field_validator("products", mode="before")(_named)


class NamedSituation(SituationGiven):
    """A line that other lines refer to by `name`."""

    type: Literal["situation"]
    name: str = Field(min_length=1)


class IntentExpected(_Part):
    """How the message is to be understood; what is left out is not looked at.

    `kind` may be a segment's name (a text of that segment is wanted) or an operation's (an action).
    """

    kind: str
    scenario: str | None = None
    about: str | None = None
    missing: str | None = None
    then: str | None = None
    #: The place, from 0, of the script that is meant.
    draft: int | None = None
    #: How many requests come after the first.
    later: int | None = None
    slots: dict[str, str | int | float | list[str] | None] = {}
    #: Slots that must stay empty.
    absent: list[str] = []

    @field_validator("slots", "absent")
    @classmethod
    def _judged(cls, value: dict[str, Any] | list[str]) -> dict[str, Any] | list[str]:
        if wrong := [name for name in value if name not in INTENT_SLOTS]:
            raise ValueError(f"no slot is called {wrong[0]!r}; known: {', '.join(INTENT_SLOTS)}")
        return value

    @model_validator(mode="before")
    @classmethod
    def _aliases(cls, value: object) -> object:
        value = {"kind": value} if isinstance(value, str) else value
        if not isinstance(value, dict) or value.get("kind") not in _ALIASES:
            return value
        return {**_ALIASES[value["kind"]], **{key: one for key, one in value.items() if key != "kind"}}

    @field_validator("kind")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in INTENT_KINDS:
            raise ValueError(f"no intent is called {value!r}; known: {', '.join([*INTENT_KINDS, *_ALIASES])}")
        return value


INTENT_KINDS: Final = (
    "write",
    "continue",
    "restyle",
    "regenerate",
    "switch_product",
    "batch",
    "chat",
    "action",
    "unclear",
)
#: What a reading may say of the details; a name that is not among them would be wrong in every case and say nothing.
INTENT_SLOTS: Final = (
    "product",
    "product_name",
    "host",
    "room",
    "seconds",
    "style",
    "avoid_style",
    "length_change",
    "audience",
    "must_say",
    "say_if_held",
    "must_not_say",
    "prices",
)
_ALIASES: Final[Mapping[str, Mapping[str, str]]] = {
    **{
        name: {"kind": "write", "scenario": name}
        for name in ("opening", "selling_points", "promotion", "seeding", "transition", "closing")
    },
    **{
        name: {"kind": "action", "about": name}
        for name in ("order", "cancel", "price", "stock", "coupon", "shelf", "live")
    },
    "question": {"kind": "chat"},
    "chitchat": {"kind": "chat"},
    "injection": {"kind": "chat", "about": "injection"},
    "decision": {"kind": "chat", "about": "decision"},
}


class IntentCase(_Line):
    """A message, what came before it, and how it is to be understood."""

    type: Literal["intent"]
    message: str
    expect: IntentExpected
    history: list[Turn] = []
    #: The situation itself, or the name of one given on a line of its own in the same file.
    situation: SituationGiven | str = SituationGiven()

    _turns = field_validator("history", mode="before")(_spoken)


def _places_are_in(text: str, spans: Iterable[str | tuple[int, int]]) -> None:
    for span in spans:
        if isinstance(span, str) and (not span or span not in text):
            raise ValueError(f"the words {span!r} are not in the text")
        if not isinstance(span, str) and not 0 <= span[0] < span[1] <= len(text):
            raise ValueError(f"the place {list(span)} is not in the text of {len(text)} characters")


class ComplianceCase(_Line):
    """A sentence, and whether it may be said."""

    type: Literal["compliance"]
    text: str = Field(min_length=1)
    tier: str
    expect: Literal["violation", "clean"] | None = None
    #: The offending words, or their places [start, end) in characters.
    spans: list[str | tuple[int, int]] = []
    #: The product's category in any words.
    category: str | None = None
    #: The product's record; with one the whole of the checks is run, as for a script.
    product: dict[str, Any] | None = None
    scenario: str = "selling_points"

    @property
    def violates(self) -> bool:
        return self.expect == "violation" if self.expect is not None else self.tier != "clean"

    @model_validator(mode="after")
    def _words_are_there(self) -> "ComplianceCase":
        _places_are_in(self.text, self.spans)
        return self


class BriefGiven(_Part):
    """What a script was asked for."""

    scenario: str = "selling_points"
    seconds: int | None = None
    product: dict[str, Any] | None = None
    other_products: list[str] = []
    must_say: list[str] = []
    must_not_say: list[str] = []
    request: str = ""
    pace: int = 260
    previous_texts: list[str] = []


class ScriptCase(_Line):
    """A script with its brief, and the checks that must find fault with it; none for a clean one."""

    type: Literal["script"]
    text: str
    brief: BriefGiven = BriefGiven()
    #: Checks (Q03), rules (PRI-010) or categories. "any" when it is enough that something is found.
    defects: list[str] = []


class PiiCase(_Line):
    """A line of text, what of it is personal, and what only looks like it."""

    type: Literal["pii"]
    text: str
    #: Each the words themselves, or a place [start, end).
    spans: list[str | tuple[int, int]] = []
    keep: list[str] = []

    @model_validator(mode="after")
    def _words_are_there(self) -> "PiiCase":
        _places_are_in(self.text, [*self.spans, *self.keep])
        return self


class InjectionCase(_Line):
    """Words of somebody, and whether they are an order to us; where they stand decides how they are read."""

    type: Literal["injection"]
    text: str = Field(min_length=1)
    attack: bool
    where: Literal["message", "product", "host", "tool"] = "message"


class RecallDocument(_Part):
    id: str
    text: str


class RecallQuery(_Part):
    query: str
    relevant: list[str] = Field(min_length=1)
    tier: str = ""


class RecallCase(_Line):
    """Documents, and which of them a query must bring back."""

    type: Literal["recall"]
    documents: list[RecallDocument] = Field(min_length=1)
    queries: list[RecallQuery] = Field(min_length=1)

    @model_validator(mode="after")
    def _relevant_are_there(self) -> "RecallCase":
        known = {document.id for document in self.documents}
        for query in self.queries:
            if missing := set(query.relevant) - known:
                raise ValueError(f"the relevant documents {sorted(missing)} are not among the documents")
        return self


Case = IntentCase | ComplianceCase | ScriptCase | PiiCase | RecallCase | InjectionCase
_LINE: Final[TypeAdapter[Any]] = TypeAdapter(Annotated[Case | NamedSituation, Field(discriminator="type")])
_KINDS: Final[Mapping[type, SetKind]] = {
    IntentCase: "intent",
    ComplianceCase: "compliance",
    ScriptCase: "script",
    PiiCase: "pii",
    RecallCase: "recall",
    InjectionCase: "injection",
}


def kind_of(case: Case) -> SetKind:
    """Return which kind of set a case belongs to."""
    return _KINDS[type(case)]


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that could not be read. `line` counts from 1."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Sets:
    """What was read. Every case has an id; situations by name are put in their place."""

    cases: list[Case]
    unread: list[Unread]


def read_sets(paths: Iterable[Path], *, kind: SetKind | None = None, split: str | None = None) -> Sets:
    """Read files and, of folders, every *.jsonl. `kind` is meant where a line has no `type`.

    Raises:
        SetupError: a path is not there, or a folder holds no set.
    """
    cases: list[Case] = []
    unread: list[Unread] = []
    for path in _files(paths):
        read = list(_lines(path, kind, unread))
        known = {one.name: one for _, one in read if isinstance(one, NamedSituation)}
        for number, one in read:
            if isinstance(one, NamedSituation):
                continue
            changed: dict[str, Any] = {} if one.id else {"id": _made_up_id(one)}
            if isinstance(one, IntentCase) and isinstance(one.situation, str):
                if one.situation not in known:
                    unread.append(Unread(str(path), number, f"no situation is called {one.situation!r}"))
                    continue
                changed["situation"] = known[one.situation]
            if split in (None, one.split):
                cases.append(one.model_copy(update=changed))
    return Sets(cases, unread)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = sorted(path.glob("*.jsonl"))
            if not found:
                raise SetupError(f"{path} 里没有 .jsonl 文件 / there is no .jsonl file in {path}")
            yield from found
        elif path.is_file():
            yield path
        else:
            raise SetupError(f"找不到评测集 {path} / there is no set at {path}")


def _lines(path: Path, kind: SetKind | None, unread: list[Unread]) -> Iterator[tuple[int, Any]]:
    for number, raw in enumerate(path.read_bytes().split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            line = json.loads(raw.decode("utf-8-sig"))
            if not isinstance(line, dict):
                raise TypeError("a line is one JSON object")
            yield number, _LINE.validate_python({"type": kind, **line} if kind else line)
        except UnicodeDecodeError:
            unread.append(Unread(str(path), number, "is not UTF-8"))
        except json.JSONDecodeError as error:
            unread.append(Unread(str(path), number, f"is not JSON: {error.msg} at character {error.pos + 1}"))
        except ValidationError as error:
            unread.append(Unread(str(path), number, _reasons(error)))
        except TypeError as error:
            unread.append(Unread(str(path), number, str(error)))


def _reasons(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(part) for part in one['loc']) or 'line'}: {one['msg']}" for one in error.errors()[:3]
    )


def _made_up_id(case: Case) -> str:
    """Name a case by what is asked, so that two runs over a set that grew still compare the same cases."""
    asked = case.model_dump(exclude={"id", "tier", "split", "template", "note", "expect", "spans", "keep", "defects"})
    return hashlib.sha256(json.dumps(asked, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]
