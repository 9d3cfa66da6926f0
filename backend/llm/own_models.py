"""Models of a tenant's own, laid over those of the file: what a tenant may declare, and what the two together are.

A tenant's providers and backends have names of their own (`own/…` where they are shown), so they never stand in the
place of the server's, and none of them is asked with one of the server's keys. Its keys are variables of the server
that bear its name; its addresses are the providers' own, or such as the server allows.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from backend.errors import SetupError
from backend.llm.gateway import Purpose
from backend.llm.models_file import (
    LEAST_SECONDS,
    OWN,
    RESERVED,
    Backend,
    ModelsFile,
    Name,
    Parameters,
    Provider,
    Route,
    is_address,
    is_key,
    is_own,
    may_not_say_end,
)
from backend.llm.profiles import PROFILES, Profile

_VARIABLE: Final = "CUEDESK_TENANT_KEY__"
#: The part of a variable's name that a tenant chooses: without two underscores in a row, which end the tenant's part.
KeyName = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]+(_[A-Z0-9]+)*$", max_length=40)]
Url = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OwnProvider(_Part):
    """An address, and the name of the key: the server holds it in `CUEDESK_TENANT_KEY__<TENANT>__<key>`."""

    profile: Annotated[str, StringConstraints(max_length=40)]
    base_url: Url | None = None
    key: KeyName | None = None
    #: As in the file (`Provider.says_end`).
    says_end: bool = True


class OwnModels(_Part):
    """What a tenant lays over the server's models. A route names backends of its own, or of the server's.

    A `default` takes the place of all the server's routes; without one the server's stay where the tenant has none.
    """

    providers: Annotated[dict[Name, OwnProvider], Field(max_length=10)] = {}
    backends: Annotated[dict[Name, Backend], Field(max_length=20)] = {}
    routes: dict[Literal["default", Purpose], Route] = {}


def stored(document: Mapping[str, Any]) -> OwnModels:
    """Return what a tenant saved. A deadline that was saved when there was no least one is the least one now.

    Raises:
        ValidationError: it was saved by a release that knows more.
    """
    lifted = copy.deepcopy(dict(document))
    routes = lifted.get("routes")
    for route in routes.values() if isinstance(routes, dict) else ():
        waits = route.get("deadlines") if isinstance(route, dict) else None
        if isinstance(waits, dict):
            short = [name for name, seconds in waits.items() if isinstance(seconds, int | float) and seconds > 0]
            waits.update({name: max(waits[name], LEAST_SECONDS) for name in short})
    return OwnModels.model_validate(lifted)


class Merged(ModelsFile):
    """A tenant's models over those of the server's `file`. `own_routes` are the names of the routes it has itself."""

    file: ModelsFile
    own_routes: frozenset[str]

    def is_own_route(self, purpose: Purpose) -> bool:
        """Tell whether a purpose is served by a route of the tenant's own."""
        return purpose in self.own_routes or "default" in self.own_routes


FaultCode = Literal[
    "unknown_profile", "address_missing", "address_not_allowed", "key_missing", "key_not_set", "key_unusable",
    "unknown_provider", "mixed_currencies", "extra_for_others", "extra_reserved", "end_always_told", "unknown_backend",
    "twice",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class OwnFault:
    """What is wrong, and where: the keys that lead to it. `value` is the name that it is about, if it is about one."""

    at: str
    code: FaultCode
    message: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a tenant's models stand on: its slug, the variables of this process, addresses that the server allows."""

    slug: str
    variables: Mapping[str, str]
    allowed: Sequence[str]

    def variable(self, key: str) -> str:
        """Return the name of the variable that holds a key."""
        return f"{_VARIABLE}{self.slug.upper().replace('-', '_')}__{key}"


def faults_of(own: OwnModels, file: ModelsFile, grounds: Grounds) -> list[OwnFault]:
    """Return everything that is wrong with what a tenant declares; nothing: it can be used as it is."""
    found = [
        fault
        for name, provider in own.providers.items()
        if (fault := _provider_fault(f"providers.{name}", provider, grounds)) is not None
    ]
    for name, backend in own.backends.items():
        if (asked := backend.provider) not in own.providers:
            told = f"there is no provider {asked!r} of your own"
            found.append(OwnFault(f"backends.{name}.provider", "unknown_provider", told, asked))
        found += _reserved(f"backends.{name}", backend.parameters)
    currencies = {one.prices.currency for one in file.backends.values() if one.prices is not None}
    for name, backend in own.backends.items():
        if backend.prices is not None:
            currencies.add(backend.prices.currency)
            if len(currencies) > 1:
                at = f"backends.{name}.prices.currency"
                found.append(OwnFault(at, "mixed_currencies", "all prices must be in one currency"))
    for purpose, route in own.routes.items():
        found += _reserved(f"routes.{purpose}", route.parameters)
        if route.parameters.extra and any(name not in own.backends for name in route.backends):
            # They go into the request as they are: another model would be asked with the server's key.
            at = f"routes.{purpose}.parameters.extra"
            found.append(OwnFault(at, "extra_for_others", "is for backends of your own only"))
        for place, name in enumerate(route.backends):
            at = f"routes.{purpose}.backends.{place}"
            if name not in own.backends and name not in file.backends:
                found.append(OwnFault(at, "unknown_backend", f"there is no backend {name!r}", name))
            elif name in route.backends[:place]:
                found.append(OwnFault(at, "twice", f"{name!r} stands here twice", name))
    return found


def merged(own: OwnModels, file: ModelsFile, grounds: Grounds) -> Merged:
    """Return the models of a tenant. What cannot be used (a key that this process does not have, a backend that is gone
    from the file, one of the server's where the route has `extra`) is left out of its routes, and never replaced by
    what the tenant did not choose.
    """
    providers = dict(file.providers)
    for name, provider in own.providers.items():
        if _provider_fault(name, provider, grounds) is None:
            key = grounds.variables[grounds.variable(provider.key)] if provider.key else None
            providers[OWN + name] = Provider(
                profile=provider.profile,
                base_url=provider.base_url,
                api_key=SecretStr(key) if key else None,
                says_end=provider.says_end,
            )
    backends = dict(file.backends)
    for name, backend in own.backends.items():
        if OWN + backend.provider in providers:
            renamed = backend.model_copy(update={"provider": OWN + backend.provider})
            backends[OWN + name] = renamed.model_copy(update={"parameters": _sendable(backend.parameters)})
    routes = {} if "default" in own.routes else dict(file.routes)
    for purpose, route in own.routes.items():
        # A backend of its own hides the server's of that name, also while it cannot be used.
        named = (OWN + name if name in own.backends else name for name in route.backends)
        # Refused when it is saved; but whatever the document says, no model of the server is sent a tenant's `extra`.
        usable = (name for name in named if name in backends and (is_own(name) or not route.parameters.extra))
        sent = _sendable(route.parameters)
        routes[purpose] = route.model_copy(update={"backends": tuple(usable), "parameters": sent})
    # Not checked anew: names with a stroke are nobody's but ours, and a route may have become empty.
    return Merged.model_construct(
        providers=providers, backends=backends, routes=routes, file=file, own_routes=frozenset(own.routes)
    )


def _sendable(parameters: Parameters) -> Parameters:
    """Return parameters without what is not for `extra`: documents of before may hold it."""
    extra = {name: value for name, value in parameters.extra.items() if name not in RESERVED}
    return parameters if len(extra) == len(parameters.extra) else parameters.model_copy(update={"extra": extra})


def _reserved(at: str, parameters: Parameters) -> list[OwnFault]:
    told = "is not for extra: the gateway says it"
    return [
        OwnFault(f"{at}.parameters.extra.{name}", "extra_reserved", told, name)
        for name in parameters.extra
        if name in RESERVED
    ]


def _provider_fault(at: str, provider: OwnProvider, grounds: Grounds) -> OwnFault | None:
    profile = PROFILES.get(provider.profile)
    if profile is None or profile.dialect in ("offline", "langchain"):
        told = f"there is no profile {provider.profile!r} for models of your own"
        return OwnFault(f"{at}.profile", "unknown_profile", told, provider.profile)
    if not provider.says_end and not may_not_say_end(profile):
        told = f"answers of {provider.profile} always say their end"
        return OwnFault(f"{at}.says_end", "end_always_told", told, provider.profile)
    if provider.base_url is None and profile.base_url is None:
        return OwnFault(at, "address_missing", "needs base_url")
    public = profile.base_url if profile.base_url is not None and profile.base_url.startswith("https://") else None
    address = provider.base_url or profile.base_url
    assert address is not None
    if not any(_is_under(address, allowed) for allowed in (*grounds.allowed, *((public,) if public else ()))):
        told = "this address is neither the provider's own nor one that the server allows"
        return OwnFault(at if provider.base_url is None else f"{at}.base_url", "address_not_allowed", told, address)
    return _key_fault(at, provider.key, profile, grounds)


def _key_fault(at: str, key: str | None, profile: Profile, grounds: Grounds) -> OwnFault | None:
    if key is None:
        return OwnFault(at, "key_missing", "needs key") if profile.needs_key else None
    variable = grounds.variable(key)
    if not (value := grounds.variables.get(variable)):
        return OwnFault(f"{at}.key", "key_not_set", f"the server has no variable {variable}", variable)
    if not is_key(value):
        return OwnFault(f"{at}.key", "key_unusable", f"{variable} holds what no request can carry", variable)
    return None


def _is_under(address: str, allowed: str) -> bool:
    """Tell whether an address is an allowed one or a path below it, on the same host and port."""
    if not is_address(address):
        return False
    try:
        one, other = urlsplit(address), urlsplit(allowed)
        if (one.scheme, one.hostname, one.port) != (other.scheme, other.hostname, other.port):
            return False
    except ValueError:
        return False
    parts, wanted = one.path.strip("/").split("/"), other.path.strip("/").split("/")
    below = other.path.strip("/") == "" or parts[: len(wanted)] == wanted
    return below and _is_plain(address)


def _is_plain(address: str) -> bool:
    """Tell whether an address says where it leads without anything that somebody on the way could read otherwise: a
    name and password, a stroke the wrong way, dots that lead up, parameters of a part (`..;`), letters in code."""
    one = urlsplit(address)
    if one.username or one.password or one.query or one.fragment or any(sign in address for sign in "\\; "):
        return False
    return "%" not in one.path and not {".", ".."} & set(one.path.split("/")) and one.scheme in ("http", "https")


def allowed_addresses(told: Sequence[str]) -> tuple[str, ...]:
    """Return the addresses that tenants may name, as they are set up.

    Raises:
        SetupError: one of them is none.
    """
    for place, address in enumerate(told, start=1):
        if not is_address(address) or not _is_plain(address):
            # The address itself is not repeated: a password may stand in it.
            raise SetupError(
                f"CUEDESK_TENANT_MODEL_URLS: address {place} is none that models can be asked below: "
                "http:// or https://, a host, and perhaps a port and a path, without name, password, ? # ; % or .."
            )
    return tuple(told)
