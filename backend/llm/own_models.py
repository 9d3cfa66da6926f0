"""Models of a tenant's own, laid over those of the file: what a tenant may declare, and what the two together are.

A tenant's providers and backends have names of their own (`own/…` where they are shown), so they never stand in the
place of the server's, and none of them is asked with one of the server's keys. Its keys are variables of the server
that bear its name; its addresses are the providers' own, or such as the server allows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from backend.llm.gateway import Purpose
from backend.llm.models_file import OWN, Backend, ModelsFile, Name, Provider, Route
from backend.llm.profiles import PROFILES

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


class OwnModels(_Part):
    """What a tenant lays over the server's models. A route names backends of its own, or of the server's.

    A `default` takes the place of all the server's routes; without one the server's stay where the tenant has none.
    """

    providers: Annotated[dict[Name, OwnProvider], Field(max_length=10)] = {}
    backends: Annotated[dict[Name, Backend], Field(max_length=20)] = {}
    routes: dict[Literal["default", Purpose], Route] = {}


@dataclass(frozen=True, slots=True)
class OwnFault:
    """What is wrong, and where: the keys that lead to it."""

    at: str
    message: str


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
        OwnFault(f"providers.{name}", text)
        for name, provider in own.providers.items()
        if (text := _provider_fault(provider, grounds)) is not None
    ]
    for name, backend in own.backends.items():
        if backend.provider not in own.providers:
            found.append(
                OwnFault(f"backends.{name}.provider", f"there is no provider {backend.provider!r} of your own")
            )
    currencies = {one.prices.currency for one in file.backends.values() if one.prices is not None}
    for name, backend in own.backends.items():
        if backend.prices is not None:
            currencies.add(backend.prices.currency)
            if len(currencies) > 1:
                found.append(OwnFault(f"backends.{name}.prices.currency", "all prices must be in one currency"))
    for purpose, route in own.routes.items():
        if route.parameters.extra and any(name not in own.backends for name in route.backends):
            # They go into the request as they are: another model would be asked with the server's key.
            found.append(OwnFault(f"routes.{purpose}.parameters.extra", "is for backends of your own only"))
        for place, name in enumerate(route.backends):
            at = f"routes.{purpose}.backends.{place}"
            if name not in own.backends and name not in file.backends:
                found.append(OwnFault(at, f"there is no backend {name!r}"))
            elif name in route.backends[:place]:
                found.append(OwnFault(at, f"{name!r} stands here twice"))
    return found


def merged(own: OwnModels, file: ModelsFile, grounds: Grounds) -> ModelsFile:
    """Return the models of a tenant. What cannot be used (a key that this process does not have, a backend that is gone
    from the file) is left out of its routes, and never replaced by what the tenant did not choose.
    """
    providers = dict(file.providers)
    for name, provider in own.providers.items():
        if _provider_fault(provider, grounds) is None:
            key = grounds.variables[grounds.variable(provider.key)] if provider.key else None
            providers[OWN + name] = Provider(
                profile=provider.profile, base_url=provider.base_url, api_key=SecretStr(key) if key else None
            )
    backends = dict(file.backends)
    for name, backend in own.backends.items():
        if OWN + backend.provider in providers:
            backends[OWN + name] = backend.model_copy(update={"provider": OWN + backend.provider})
    routes = {} if "default" in own.routes else dict(file.routes)
    for purpose, route in own.routes.items():
        # A backend of its own hides the server's of that name, also while it cannot be used.
        named = (OWN + name if name in own.backends else name for name in route.backends)
        routes[purpose] = route.model_copy(update={"backends": tuple(name for name in named if name in backends)})
    # Not checked anew: names with a stroke are nobody's but ours, and a route may have become empty.
    return ModelsFile.model_construct(providers=providers, backends=backends, routes=routes)


def _provider_fault(provider: OwnProvider, grounds: Grounds) -> str | None:
    profile = PROFILES.get(provider.profile)
    if profile is None or profile.dialect in ("offline", "langchain"):
        return f"there is no profile {provider.profile!r} for models of your own"
    if provider.base_url is None and profile.base_url is None:
        return "needs base_url"
    public = profile.base_url if profile.base_url is not None and profile.base_url.startswith("https://") else None
    address = provider.base_url or profile.base_url
    assert address is not None
    if not any(_is_under(address, allowed) for allowed in (*grounds.allowed, *((public,) if public else ()))):
        return "this address is neither the provider's own nor one that the server allows"
    if provider.key is None:
        return "needs key" if profile.needs_key else None
    variable = grounds.variable(provider.key)
    return None if grounds.variables.get(variable) else f"the server has no variable {variable}"


def _is_under(address: str, allowed: str) -> bool:
    """Tell whether an address is an allowed one or a path below it, on the same host and port."""
    try:
        one, other = urlsplit(address), urlsplit(allowed)
        if (one.scheme, one.hostname, one.port) != (other.scheme, other.hostname, other.port):
            return False
    except ValueError:
        return False
    plain = not (one.username or one.password or one.query or one.fragment or "\\" in address or "%" in one.path)
    parts, wanted = one.path.strip("/").split("/"), other.path.strip("/").split("/")
    below = other.path.strip("/") == "" or parts[: len(wanted)] == wanted
    return plain and below and ".." not in parts and one.scheme in ("http", "https")
