"""The backends that are open, and the routes over them; replaced as a whole when the file is read again."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

from prometheus_client import Gauge

from backend.errors import ModelUnknown
from backend.llm.breaker import Breaker, State
from backend.llm.deadlines import Deadlines
from backend.llm.endpoint import Endpoint
from backend.llm.gateway import PURPOSES, ModelRequest, Purpose
from backend.llm.ladder import Ladder
from backend.llm.models_file import (
    OFFLINE_PURPOSES,
    Backend,
    ModelsFile,
    Parameters,
    Provider,
    health_key,
    is_own,
    profile_of,
)
from backend.llm.profiles import PROFILES, Shaping
from backend.telemetry.metrics import REGISTRY

Opener = Callable[[Provider, Backend], Endpoint]
#: What makes two backends the same one to whoever answers: profile, address, model and key.
_Identity = tuple[str, str | None, str, str]

_STATE: Final = Gauge("cuedesk_llm_breaker", "0 closed, 1 half open, 2 open", ["provider", "model"], registry=REGISTRY)
_STATES: Final[Mapping[State, int]] = {"closed": 0, "half_open": 1, "open": 2}


class OpenBackend:
    """A backend with its endpoint, its breaker, its ladder and its places."""

    def __init__(
        self,
        name: str,
        provider: Provider,
        declared: Backend,
        endpoint: Endpoint,
        breaker: Breaker,
        ladder: Ladder,
        owner: UUID | None = None,
    ) -> None:
        self.name = name
        #: The tenant that declared it; None: the server.
        self.owner = owner
        self.provider = provider
        self.declared = declared
        self.endpoint = endpoint
        self.breaker = breaker
        self.ladder = ladder
        most = declared.limits.concurrency
        self.places = asyncio.Semaphore(most) if most else None
        #: How many tables of routes it stands in.
        self.tables = 0

    @property
    def key(self) -> str:
        """What its health is told under."""
        return health_key(self.name, self.owner)

    @property
    def address(self) -> str | None:
        """Where it is asked, without a name and password that stand in it; None where it has no address of its own."""
        found = self.provider.base_url or PROFILES[self.provider.profile].base_url
        return None if found is None else re.sub(r"//[^/@]*@", "//", found)

    def takes(self, purpose: Purpose) -> bool:
        """Tell whether it can serve a purpose: the offline writer cannot serve all."""
        return purpose in OFFLINE_PURPOSES or PROFILES[self.provider.profile].dialect != "offline"

    def same_as(self, provider: Provider, declared: Backend) -> bool:
        """Tell whether it is what a file declares."""
        return (self.provider, self.declared) == (provider, declared)


@dataclass(frozen=True, slots=True)
class Course:
    """What serves one purpose: backends in their order, what is sent with each request, how long all may take."""

    backends: tuple[OpenBackend, ...]
    parameters: Parameters
    deadlines: Deadlines


class Table:
    """The routes of one reading of the file. Its backends stay open until its last call is over."""

    def __init__(self, models: ModelsFile, backends: Mapping[str, OpenBackend], deadlines: Deadlines) -> None:
        self.models = models
        self.backends = dict(backends)
        self.courses: dict[Purpose, Course] = {}
        for purpose in PURPOSES:
            route = models.route(purpose)
            course = Course(
                tuple(self.backends[name] for name in models.backends_for(purpose)),
                route.parameters,
                route.deadlines.over(deadlines),
            )
            self.courses[purpose] = course
        self.calls = 0
        self.current = True
        for backend in self.backends.values():
            backend.tables += 1

    def course(self, request: ModelRequest) -> Course:
        """Return what serves a request.

        Raises:
            ModelUnknown: it names a backend that is not there.
        """
        usual = self.courses[request.purpose]
        if request.backend is None:
            return usual
        backend = self.backends.get(request.backend)
        if backend is None or not backend.takes(request.purpose):
            raise ModelUnknown(model=request.backend)
        return replace(usual, backends=(backend,))

    async def retire(self) -> None:
        """Use it for no new call."""
        self.current = False
        await self.let_go()

    async def let_go(self) -> None:
        """Close what nobody uses any more."""
        if self.current or self.calls or not self.backends:
            return
        left, self.backends = list(self.backends.values()), {}
        closing = []
        for backend in left:
            backend.tables -= 1
            if not backend.tables:
                closing.append(backend.endpoint.aclose())
        if closing:
            # Whoever ends the last call may be cancelled here, or one not close well: the others close all the same.
            await asyncio.shield(asyncio.gather(*closing, return_exceptions=True))


class Backends:
    """Opens what a file declares; keeps what it declares unchanged, and what is known of each model: its health, and
    what it takes of the shape of an answer."""

    def __init__(self, opener: Opener, deadlines: Deadlines, clock: Callable[[], float]) -> None:
        self._opener = opener
        self._deadlines = deadlines
        self._clock = clock
        # As long as a backend stands behind them: tenants may name as many models as they like.
        self._breakers: WeakValueDictionary[_Identity, Breaker] = WeakValueDictionary()
        self._ladders: WeakValueDictionary[tuple[_Identity, Shaping | None], Ladder] = WeakValueDictionary()

    def table(self, models: ModelsFile, *before: Table, owner: UUID | None = None) -> Table:
        """Open the table of `models`, with what the tables `before` have open; `owner` is the tenant it is for."""
        known = {name: one for table in before for name, one in table.backends.items()}
        backends: dict[str, OpenBackend] = {}
        for name, declared in models.backends.items():
            provider = models.providers[declared.provider]
            old = known.get(name)
            if old is not None and old.same_as(provider, declared):
                backends[name] = old
                continue
            endpoint = self._opener(provider, declared)
            identity = _identity(provider, declared)
            breaker = self._breaker(identity, declared, shown=not is_own(name))
            ladder = self._ladder(identity, provider, declared)
            backends[name] = OpenBackend(
                name, provider, declared, endpoint, breaker, ladder, owner if is_own(name) else None
            )
        return Table(models, backends, self._deadlines)

    def _ladder(self, identity: _Identity, provider: Provider, declared: Backend) -> Ladder:
        shaping = profile_of(provider, declared).shaping
        ladder = self._ladders.get((identity, shaping))
        if ladder is None:
            ladder = self._ladders[identity, shaping] = Ladder(shaping, self._clock)
        return ladder

    def _breaker(self, identity: _Identity, declared: Backend, *, shown: bool) -> Breaker:
        breaker = self._breakers.get(identity)
        if breaker is None:
            breaker = self._breakers[identity] = Breaker(self._clock)
        if shown:
            _STATE.labels(declared.provider, declared.model).set_function(lambda: _STATES[breaker.state])
        return breaker


def _identity(provider: Provider, declared: Backend) -> _Identity:
    key = provider.api_key.get_secret_value() if provider.api_key else ""
    return provider.profile, provider.base_url, declared.model, key
