"""The file that declares the models (`models.yaml`): its shape, and an error for every line that is wrong."""

import copy
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import httpx2
import orjson
import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError, field_validator
from pydantic_core import InitErrorDetails, PydanticCustomError
from yaml.reader import ReaderError

from backend.errors import ModelsFileInvalid
from backend.llm.deadlines import Deadlines
from backend.llm.gateway import PURPOSES, Ability, Purpose
from backend.llm.profiles import PROFILES, Profile, Shaping

DEFAULT_FILE: Final = Path(__file__).with_name("models.yaml")
#: Purposes that the offline writer can serve.
OFFLINE_PURPOSES: Final = frozenset({"script", "chat"})
#: What the names of a tenant's own backends and providers begin with, beside those of the file: no `Name` holds it.
OWN: Final = "own/"
#: Bytes of a file, and values in it with all that aliases repeat. A file of models has a hundredth of either.
_LONGEST: Final = 1024 * 1024
_MOST_VALUES: Final = 50_000
_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")

#: Where something stands in the file: the keys and places that lead to it.
At = tuple[str | int, ...]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")]
#: No deadline is shorter: in less nobody is connected to, and every call would only look like a failure of the model.
LEAST_SECONDS: Final = 0.1
Seconds = Annotated[float, Field(ge=LEAST_SECONDS, le=3600)]
Tokens = Annotated[int, Field(ge=1, le=2_000_000_000)]
Price = Annotated[Decimal, Field(ge=0, le=100_000)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _no_number(value: Any) -> At | None:
    """Return where in a value something stands that JSON has no number for: NaN, or one without end."""
    if isinstance(value, float):
        return None if math.isfinite(value) else ()
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    found = ((key, at) for key, one in steps if (at := _no_number(one)) is not None)
    return next(((key, *at) for key, at in found), None)


#: What of a request is the gateway's to say, in any dialect: who is asked what, by which tools, in which form it comes
#: back, and how much of it, as is accounted and held back for.
RESERVED: Final = frozenset(
    {
        "model", "messages", "system", "stream", "stream_options", "max_tokens", "max_completion_tokens", "n",
        "tools", "tool_choice", "parallel_tool_calls", "functions", "function_call",
    }
)  # fmt: skip


class Parameters(_Part):
    """What is sent with every request; it wins over what the prompt's author asked for. `extra` goes in as it is, but
    for what is `RESERVED`: who holds on to it there is told, and it is not sent."""

    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: Tokens | None = None
    extra: dict[str, Any] = {}

    @field_validator("extra")
    @classmethod
    def _can_be_sent(cls, extra: dict[str, Any]) -> dict[str, Any]:
        try:
            orjson.dumps(extra)
        except TypeError as error:
            raise ValueError(f"cannot be sent as JSON: {error}") from None
        if (at := _no_number(extra)) is not None:  # it would go out as null
            told = InitErrorDetails(
                type=PydanticCustomError("no_number", "JSON has no such number"), loc=at, input=None
            )
            raise ValidationError.from_exception_data("extra", [told])
        return extra


class Prices(_Part):
    """Per million tokens. Without a price for cached input it costs what input costs."""

    input: Price
    output: Price
    cached: Price | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "USD"


class Limits(_Part):
    """`context`: tokens it can read and write together; `output`: tokens it writes at most; `concurrency`: calls at
    once from this process."""

    context: Tokens | None = None
    output: Tokens | None = None
    concurrency: int | None = Field(None, ge=1, le=1_000_000)


class Waits(_Part):
    """Seconds (llm/deadlines.py); what is left out is as the settings say."""

    connect: Seconds | None = None
    first_token: Seconds | None = None
    idle: Seconds | None = None
    answer: Seconds | None = None
    total: Seconds | None = None
    switch: Seconds | None = None

    def over(self, deadlines: Deadlines) -> Deadlines:
        """Return `deadlines` with what this says instead."""
        given = {name: value for name, value in self.model_dump().items() if value is not None}
        return Deadlines(**{**deadlines.plain(), **given})


class Provider(_Part):
    """An address and a key."""

    profile: str
    base_url: str | None = None
    api_key: SecretStr | None = None
    #: Whether its streams say why they ended, so that one without is cut. Anthropic's always do.
    says_end: bool = True


class Backend(_Part):
    """A model of a provider."""

    provider: str
    model: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    #: What it is told of the shape of an answer, where that is not as the profile says.
    shaping: Shaping | None = None
    #: What it does not take beside what its profile says: who asks for it is answered by another.
    without: tuple[Ability, ...] = ()
    parameters: Parameters = Parameters()
    prices: Prices | None = None
    limits: Limits = Limits()


def is_address(text: str) -> bool:
    """Tell whether models can be asked below this address."""
    try:
        url = httpx2.URL(text)
        url.host.encode("idna")
    except (httpx2.InvalidURL, UnicodeError):
        return False
    whole = url.scheme in ("http", "https") and url.host != "" and (url.port or 1) < 2**16
    return whole and "?" not in text and "#" not in text


def is_key(text: str) -> bool:
    """Tell whether the header of a request can carry this key. The end of a line comes from files with secrets."""
    return text.isascii() and text.isprintable() and " " not in text


def may_not_say_end(profile: Profile) -> bool:
    """Tell whether there are models of this profile whose streams do not say why they ended."""
    return profile.dialect in ("openai", "langchain")


def profile_of(provider: Provider, backend: Backend) -> Profile:
    """Return how a backend is spoken to."""
    profile = PROFILES[provider.profile]
    if not provider.says_end:
        profile = replace(profile, says_end=False)
    if backend.without:
        profile = replace(profile, lacks=profile.lacks.union(backend.without))
    return profile if backend.shaping is None else replace(profile, shaping=backend.shaping)


class Route(_Part):
    """Backends in the order in which they are asked."""

    backends: Annotated[tuple[str, ...], Field(min_length=1)]
    parameters: Parameters = Parameters()
    deadlines: Waits = Waits()


class ModelsFile(_Part):
    """All of it. A purpose without a route of its own takes `default`."""

    providers: dict[Name, Provider]
    backends: dict[Name, Backend]
    routes: dict[Literal["default", Purpose], Route]

    def route(self, purpose: Purpose) -> Route:
        return self.routes.get(purpose) or self.routes["default"]

    def backends_for(self, purpose: Purpose) -> list[str]:
        """Return the names of those that can serve `purpose`, in their order."""
        return [
            name for name in self.route(purpose).backends if purpose in OFFLINE_PURPOSES or not self._is_offline(name)
        ]

    def _is_offline(self, backend: str) -> bool:
        return PROFILES[self.providers[self.backends[backend].provider].profile].dialect == "offline"


def is_own(name: str) -> bool:
    """Tell whether a backend is a tenant's own by its name."""
    return name.startswith(OWN)


def health_key(name: str, owner: UUID | None) -> str:
    """Return what the health of a backend is told under. `owner`: the tenant by whose own routes it is asked, or whose
    own it is (tenants may call theirs alike)."""
    return name if owner is None else f"{owner}:{name}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and the line (from 1) where; or the setting that the value came from."""

    line: int
    text: str
    setting: str | None = None

    def told(self, path: Path) -> str:
        """Return it in words for whoever wrote the file, or the setting: they may never have seen the file."""
        if self.setting is not None:
            return f"{self.setting}: {self.text.partition(': ')[2]}"
        return f"{path}:{self.line}: {self.text}"


def read_models(path: Path, variables: Mapping[str, str], *, known: Mapping[str, str] | None = None) -> ModelsFile:
    """Read a file; `${NAME}` stands for a variable, and only so a key may come in.

    Args:
        variables: the environment; a name that it lacks is an error.
        known: values that may be empty and then count as not written: the settings for the default file.

    Raises:
        ModelsFileInvalid: every fault with its line.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LONGEST + 1)
    except OSError as error:
        raise ModelsFileInvalid(f"{path}: cannot be read ({type(error).__name__})") from error
    reading = _Reading(variables, known or {})
    models = _parsed(reading, data)
    if reading.faults or models is None:
        faults = sorted(set(reading.faults), key=lambda fault: fault.line)
        raise ModelsFileInvalid("\n".join(dict.fromkeys(fault.told(path) for fault in faults)))
    return models


def _parsed(reading: "_Reading", data: bytes) -> ModelsFile | None:
    def fault(line: int, text: str) -> None:
        reading.faults.append(Fault(line, text))

    if len(data) > _LONGEST:
        fault(1, "the file is longer than 1 MiB")
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        fault(data.count(b"\n", 0, error.start) + 1, "is no UTF-8")
        return None
    try:
        return _checked(reading, yaml.compose(text, Loader=yaml.SafeLoader))
    except ReaderError as error:
        fault(text.count("\n", 0, error.position) + 1, f"holds what no YAML may: {error.reason}")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        fault(mark.line + 1 if mark else 1, error.problem or "this is no YAML")
    except yaml.YAMLError:
        fault(1, "this is no YAML")
    except RecursionError:
        fault(1, "is nested too deeply")
    return None


def _checked(reading: "_Reading", root: yaml.Node | None) -> ModelsFile | None:
    plain = reading.plain(root, ()) if root is not None else None
    if not isinstance(plain, dict):
        reading.faults.append(Fault(1, "providers, backends and routes belong here"))
        return None
    try:
        models = ModelsFile.model_validate(plain)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        for one in wrong:
            reading.fault(one["loc"], _said(one["type"], one["msg"]))
        # What is well-formed beside it may mean nothing all the same: whoever mends the file wants to know all of it.
        if (rest := _well_formed(plain, [one["loc"] for one in wrong])) is not None:
            _check_meaning(rest, plain, reading)
        return None
    _check_meaning(models, plain, reading)
    return models


#: What pydantic says in words of Python's.
_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "extra_forbidden": "there is no such key",
        "missing": "is missing",
        "tuple_type": "is no list",
        "list_type": "is no list",
        "dict_type": "holds no keys and values",
        "model_type": "holds no keys and values",
        "string_type": "is no text",
        "bool_type": "is neither true nor false",
        "bool_parsing": "is neither true nor false",
    }
)


def _said(kind: str, message: str) -> str:
    return _KINDS.get(kind, message.removeprefix("Input "))


def _well_formed(plain: Mapping[str, Any], faults: Sequence[At]) -> ModelsFile | None:
    """Return what is left of a file without what is wrong: the values alone, or all that stands around them where it
    does not do without. None where nothing could be said of the rest."""
    for depth in (_DEEPEST, 2):
        rest = copy.deepcopy(dict(plain))
        for at in faults:
            _leave_out(rest, at[: min([depth, *(place for place, key in enumerate(at) if not _is_name(key))])])
        for part in ("providers", "backends", "routes"):
            rest.setdefault(part, {})
        try:
            return ModelsFile.model_validate(rest)
        except ValidationError:
            continue
    return None


_DEEPEST: Final = 10


def _is_name(key: str | int) -> bool:
    """Tell whether a key leads to a value that can be taken out alone: no place in a list, no name that is wrong."""
    return isinstance(key, str) and key != "[key]"


def _leave_out(values: dict[str, Any], at: At) -> None:
    inner: Any = values
    for key in at[:-1]:
        inner = inner.get(key) if isinstance(inner, dict) else None
    if isinstance(inner, dict) and at:
        inner.pop(at[-1], None)


def line_of(path: Path, *at: str | int) -> int:
    """Return the line on which something stands in a file that was read; 1 where the file is another by now."""
    reading = _Reading({}, {})
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        if root is not None:
            reading.plain(root, ())
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return 1
    return reading.line(at)


def _place(at: At) -> str:
    text = ""
    for part in at:
        if part == "[key]":
            continue
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the file"


class _Reading:
    """Turns the parsed file into plain values and remembers on which line each one stands."""

    def __init__(self, variables: Mapping[str, str], known: Mapping[str, str]) -> None:
        self._variables = variables
        self._known = known
        self._lines: dict[At, int] = {}
        self.empty: dict[At, str] = {}
        #: Where a setting stands for a value, by the setting's name.
        self._settings: dict[At, str] = {}
        #: The nodes around the one that is read: an alias can lead back to them.
        self._around: list[yaml.Node] = []
        self._loader = yaml.SafeLoader("")
        self._left = _MOST_VALUES
        self.faults: list[Fault] = []

    def line(self, at: At) -> int:
        """Return the line of `at`, or of the nearest thing around it."""
        while at not in self._lines and at:
            at = at[:-1]
        return self._lines.get(at, 1)

    def plain(self, node: yaml.Node, at: At) -> Any:
        self._lines.setdefault(at, node.start_mark.line + 1)
        self._left -= 1
        if self._left < 0:  # aliases of aliases: a few lines can stand for more than fits anywhere
            raise yaml.MarkedYAMLError(problem="holds too many values", problem_mark=node.start_mark)
        if any(one is node for one in self._around):
            self.faults.append(Fault(self.line(at), f"{_place(at)}: holds itself"))
            return None
        self._around.append(node)
        try:
            if node.tag != _TAGS.get(type(node), node.tag) or node.tag not in yaml.SafeLoader.yaml_constructors:
                self.fault(at, f"the tag {node.tag!r} says nothing here")
                return None
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, at)
            if isinstance(node, yaml.SequenceNode):
                return [self.plain(one, (*at, place)) for place, one in enumerate(node.value)]
            return self._scalar(node, at)
        finally:
            self._around.pop()

    def _mapping(self, node: yaml.MappingNode, at: At) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in values:
                self.faults.append(Fault(line, f"{_place((*at, key))}: is written twice"))
            self._lines[(*at, key)] = line
            value = self.plain(value_node, (*at, key))
            if value is not _ABSENT:
                values[key] = value
        return values

    def _scalar(self, node: yaml.Node, at: At) -> Any:
        names = _VARIABLE.findall(str(node.value))
        if at[-1:] == ("api_key",) and at[:1] == ("providers",) and not _VARIABLE.fullmatch(str(node.value)):
            # The value itself is not repeated: it would be in the log then.
            self.faults.append(Fault(self.line(at), f"{_place(at)}: a key comes from a variable: ${{NAME}}"))
            return None
        if not names:
            return self._made(node, at)
        missing = [name for name in names if name not in self._known and not self._variables.get(name)]
        if missing:
            wanted = ", ".join(missing)
            self.faults.append(Fault(self.line(at), f"{_place(at)}: the environment has no {wanted}"))
        value = _VARIABLE.sub(lambda found: self._known.get(found[1]) or self._variables.get(found[1], ""), node.value)
        if not value:
            self.empty[at] = names[0]
        if names[0] in self._known:
            self._settings[at] = names[0]
        return value or _ABSENT

    def _made(self, node: yaml.Node, at: At) -> Any:
        try:
            return self._loader.construct_object(node)
        except Exception:  # noqa: BLE001 — YAML's own constructors let out whatever Python raises: ValueError, KeyError, …
            # The value itself is not repeated: it may be a key that came to stand in the wrong place.
            self.fault(at, f"is no {node.tag.removeprefix(_TAG)}")
            return None

    def fault(self, at: At, text: str) -> None:
        """Take note of what is wrong."""
        self.faults.append(Fault(self.line(at), f"{_place(at)}: {text}", self._settings.get(at)))


_ABSENT: Final = object()
_TAG: Final = "tag:yaml.org,2002:"
#: What a node of many must be: sets, pairs and the like are no part of such a file.
_TAGS: Final[Mapping[type[yaml.Node], str]] = {yaml.MappingNode: f"{_TAG}map", yaml.SequenceNode: f"{_TAG}seq"}


def _check_meaning(models: ModelsFile, plain: Mapping[str, Any], reading: _Reading) -> None:
    """Find what is well-formed and still wrong: names of nothing, addresses and keys that are missing.

    `models` is what of the `plain` file is well-formed.
    """

    def fault(at: At, text: str) -> None:
        reading.fault(at, text)

    def lacking(at: At, what: str) -> None:
        if any(told.text.startswith(f"{_place((*at, what))}: ") for told in reading.faults):
            return  # why it is lacking is told already
        variable = reading.empty.get((*at, what))
        fault(at, f"needs {what}" + (f" (set {variable})" if variable else ""))

    for name, provider in models.providers.items():
        _check_provider(provider, ("providers", name), fault, lacking)
    providers, backends, routes = (_names(plain, part) for part in ("providers", "backends", "routes"))
    for name, backend in models.backends.items():
        if providers is not None and backend.provider not in providers:
            fault(("backends", name, "provider"), f"there is no provider {backend.provider!r}")
        _check_extra(backend.parameters, ("backends", name), fault)
    _check_currencies(models, fault)
    for purpose, route in models.routes.items():
        _check_extra(route.parameters, ("routes", purpose), fault)
        for place, name in enumerate(route.backends):
            at: At = ("routes", purpose, "backends", place)
            if backends is not None and name not in backends:
                fault(at, f"there is no backend {name!r}")
            elif name in route.backends[:place]:
                fault(at, f"{name!r} stands here twice")
    if routes is not None and "default" not in routes and (missing := [one for one in PURPOSES if one not in routes]):
        fault(("routes",), f"without `default` there is no route for {', '.join(missing)}")


def _names(plain: Mapping[str, Any], part: str) -> Collection[str] | None:
    """Return all names that a part of the file declares, be what they stand for right or wrong; None where it is no
    part that could."""
    declared = plain.get(part)
    return declared if isinstance(declared, dict) else None


def _check_extra(parameters: Parameters, at: At, fault: Callable[[At, str], None]) -> None:
    for name in parameters.extra:
        if name in RESERVED:
            fault((*at, "parameters", "extra", name), "is not for `extra`: the gateway says it")


def _check_currencies(models: ModelsFile, fault: Callable[[At, str], None]) -> None:
    """One currency for all: a tenant's budget is one sum."""
    first: str | None = None
    for name, backend in models.backends.items():
        if backend.prices is None:
            continue
        first = first or backend.prices.currency
        if backend.prices.currency != first:
            fault(("backends", name, "prices", "currency"), f"prices above are in {first}; give all in one currency")


def _check_provider(
    provider: Provider, at: At, fault: Callable[[At, str], None], lacking: Callable[[At, str], None]
) -> None:
    profile = PROFILES.get(provider.profile)
    if profile is None:
        fault((*at, "profile"), f"there is no profile {provider.profile!r}; there are {', '.join(PROFILES)}")
        return
    if not provider.says_end and not may_not_say_end(profile):
        fault((*at, "says_end"), f"is not for the profile {provider.profile}: its answers always say their end")
    if profile.dialect in ("offline", "langchain"):
        return
    if provider.base_url is None and profile.base_url is None:
        lacking(at, "base_url")
    elif provider.base_url is not None and not is_address(provider.base_url):
        fault((*at, "base_url"), "is no http address (and may hold no ? and no #)")
    if profile.needs_key and provider.api_key is None:
        lacking(at, "api_key")
    elif provider.api_key is not None and not is_key(provider.api_key.get_secret_value()):
        fault((*at, "api_key"), "holds what no request can carry: a space, the end of a line, a letter beyond ASCII")
