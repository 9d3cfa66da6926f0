"""The backends that are open, and the routes over them; replaced as a whole when the file is read again."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from backend.errors import ModelPackageMissing, ModelUnknown
from backend.llm.breaker import Breaker, BreakerBeside, State
from backend.llm.conventions import whereabouts
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
from backend.llm.own_models import Merged
from backend.llm.places import Places
from backend.llm.profiles import PROFILES, Shaping
from backend.telemetry.metrics import REGISTRY

Opener = Callable[[Provider, Backend], Endpoint]
#: What makes two backends the same one to whoever answers (profile, address, model and key), whose routes it is asked
#: by, and whether beside others: what a tenant's own routes learn of it nobody else meets.
_Identity = tuple[str, str | None, str, str, UUID | None, bool]
#: The labels of a backend in the metrics: provider and model.
_Labels = tuple[str, str]

_STATES: Final[Mapping[State, int]] = {"closed": 0, "half_open": 1, "open": 2}


class _Shown(Collector):
    """The metric of the breakers: of the server's backends as they are now, without those that are gone."""

    def __init__(self) -> None:
        self._breakers: WeakValueDictionary[_Labels, Breaker] = WeakValueDictionary()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        told = GaugeMetricFamily("cuedesk_llm_breaker", "0 closed, 1 half open, 2 open", labels=["provider", "model"])
        for labels, breaker in sorted(self._breakers.items()):
            told.add_metric(labels, _STATES[breaker.state])
        yield told

    def change(self, before: Mapping[_Labels, Breaker], after: Mapping[_Labels, Breaker]) -> None:
        """Show `after` in the place of `before`."""
        for labels, breaker in before.items():
            if self._breakers.get(labels) is breaker:
                del self._breakers[labels]
        self._breakers.update(after)


_SHOWN: Final = _Shown()
REGISTRY.register(_SHOWN)


class OpenBackend:
    """A backend with its endpoint, its breaker, its ladder and its places.

    A tenant's own routes ask a backend of the server `beside` the others: on its lines and in its places, with a
    breaker, a ladder and figures of that tenant's.
    """

    def __init__(
        self,
        name: str,
        provider: Provider,
        declared: Backend,
        endpoint: Endpoint,
        breaker: Breaker,
        ladder: Ladder,
        owner: UUID | None = None,
        beside: "OpenBackend | None" = None,
    ) -> None:
        self.name = name
        #: The tenant that declared it, or by whose routes it is asked; None: the server.
        self.owner = owner
        self.provider = provider
        self.declared = declared
        self.profile: Final = profile_of(provider, declared)
        self.whereabouts: Final = whereabouts(provider, declared)
        self.endpoint = endpoint
        self.breaker = breaker
        self.ladder = ladder
        most = declared.limits.concurrency
        #: None: they are not counted.
        self._places: Places | None = beside._places if beside else Places(most) if most else None
        #: How many tables of routes it stands in.
        self.tables = 0

    @property
    def key(self) -> str:
        """What its health is told under."""
        return health_key(self.name, self.owner)

    def place(self, tenant_id: UUID | None, patience: float) -> AbstractAsyncContextManager[None]:
        """Hold one of its places for a call of the tenant, if they are counted; wait `patience` seconds at most.

        Raises:
            ModelBusy: none became free in time.
        """
        return _no_place() if self._places is None else self._places.held(tenant_id, patience)

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


@asynccontextmanager
async def _no_place() -> AsyncIterator[None]:
    yield


@dataclass(frozen=True, slots=True)
class Course:
    """What serves one purpose: backends in their order, what is sent with each request, how long all may take."""

    backends: tuple[OpenBackend, ...]
    parameters: Parameters
    deadlines: Deadlines
    #: Whether it is a route of a tenant's own.
    own: bool = False


class Table:
    """The routes of one reading of the file. Its backends stay open until its last call is over."""

    def __init__(self, models: ModelsFile, backends: Mapping[str, OpenBackend], deadlines: Deadlines) -> None:
        self.models = models
        self.backends = dict(backends)
        self.courses: dict[Purpose, Course] = {purpose: self._course(purpose, deadlines) for purpose in PURPOSES}
        self.calls = 0
        self.current = True
        for backend in self.backends.values():
            backend.tables += 1

    def _course(self, purpose: Purpose, deadlines: Deadlines) -> Course:
        return self._course_of(self.models, purpose, deadlines)

    def _course_of(self, models: ModelsFile, purpose: Purpose, deadlines: Deadlines) -> Course:
        route = models.route(purpose)
        backends = tuple(self.backends[name] for name in models.backends_for(purpose))
        return Course(backends, route.parameters, route.deadlines.over(deadlines))

    @property
    def asked(self) -> list[OpenBackend]:
        """Every backend, as whoever has this table asks it."""
        return list(self.backends.values())

    def course(self, request: ModelRequest) -> Course:
        """Return what serves a request. One that names a backend of its route is sent that route's parameters; any
        other backend its own alone.

        Raises:
            ModelUnknown: it names a backend that is not there.
        """
        usual = self.courses[request.purpose]
        if request.backend is None:
            return usual
        return self._named(request.backend, request.purpose, usual)

    def _named(self, name: str, purpose: Purpose, usual: Course) -> Course:
        for one in usual.backends:
            if one.name == name:
                return replace(usual, backends=(one,))
        backend = self.backends.get(name)
        if backend is None or not backend.takes(purpose):
            raise ModelUnknown(model=name)
        return Course((backend,), Parameters(), usual.deadlines)

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


class OwnTable(Table):
    """The routes of a tenant with models of its own. What it has no route for goes as everybody else's does.

    Its own routes ask the server's backends beside the others, and for no longer than the server would.
    """

    def __init__(
        self,
        models: Merged,
        backends: Mapping[str, OpenBackend],
        beside: Mapping[str, OpenBackend],
        deadlines: Deadlines,
    ) -> None:
        self._merged = models
        self._deadlines = deadlines
        #: The server's backends that routes of its own name, as these ask them.
        self._beside = dict(beside)
        super().__init__(models, backends, deadlines)

    def _course(self, purpose: Purpose, deadlines: Deadlines) -> Course:
        course = super()._course(purpose, deadlines)
        if not self._merged.is_own_route(purpose):
            return course
        if any(not is_own(one.name) for one in course.backends):
            most = self._merged.file.route(purpose).deadlines.over(deadlines).total
            course = replace(course, deadlines=replace(course.deadlines, total=min(course.deadlines.total, most)))
        return replace(course, backends=tuple(self._beside.get(one.name, one) for one in course.backends), own=True)

    @property
    def asked(self) -> list[OpenBackend]:
        return [*self.backends.values(), *self._beside.values()]

    def _named(self, name: str, purpose: Purpose, usual: Course) -> Course:
        if is_own(name) or any(one.name == name for one in usual.backends):
            return super()._named(name, purpose, usual)
        # Its own route has nothing to say to it: it is asked as by those who have none.
        return super()._named(name, purpose, self._course_of(self._merged.file, purpose, self._deadlines))


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
        self._shown: dict[_Labels, Breaker] = {}
        #: Endpoints of tables that could not be opened whole, on their way out.
        self._closing: set[asyncio.Task[None]] = set()

    def table(self, models: ModelsFile, *before: Table) -> Table:
        """Open the table of the server's file, with what the tables `before` have open. Where one backend cannot be
        opened, whatever that raises is raised, and nothing stays open that was not before (see `closed`)."""
        with self._opening() as opened:
            table = Table(models, self._opened(opened, models, before, None), self._deadlines)
        shown = {(one.declared.provider, one.declared.model): one.breaker for one in table.backends.values()}
        _SHOWN.change(self._shown, shown)
        self._shown = shown
        return table

    def own_table(self, models: Merged, owner: UUID, *before: Table) -> OwnTable:
        """Open the table of a tenant, as `table` does."""
        with self._opening() as opened:
            backends = self._opened(opened, models, before, owner)
            beside = {name: self._open_beside(one, owner) for name, one in backends.items() if not is_own(name)}
            return OwnTable(models, backends, beside, self._deadlines)

    @contextmanager
    def _opening(self) -> Iterator[list[Endpoint]]:
        opened: list[Endpoint] = []
        try:
            yield opened
        except BaseException:
            self._closing.update(asyncio.ensure_future(one.aclose()) for one in opened)
            raise

    def _opened(
        self, opened: list[Endpoint], models: ModelsFile, before: tuple[Table, ...], owner: UUID | None
    ) -> dict[str, OpenBackend]:
        known = {name: one for table in before for name, one in table.backends.items()}
        backends: dict[str, OpenBackend] = {}
        for name, declared in models.backends.items():
            provider = models.providers[declared.provider]
            old = known.get(name)
            if old is not None and old.same_as(provider, declared):
                backends[name] = old
                continue
            try:
                endpoint = self._opener(provider, declared)
            except ModelPackageMissing as error:
                error.backend = name
                raise
            opened.append(endpoint)
            of = owner if is_own(name) else None
            identity = _identity(provider, declared, of)
            breaker = self._breaker(identity, lambda: Breaker(self._clock))
            ladder = self._ladder(identity, provider, declared)
            backends[name] = OpenBackend(name, provider, declared, endpoint, breaker, ladder, of)
        return backends

    def _open_beside(self, servers: OpenBackend, owner: UUID) -> OpenBackend:
        provider, declared = servers.provider, servers.declared
        identity = _identity(provider, declared, owner, beside=True)
        return OpenBackend(
            servers.name,
            provider,
            declared,
            servers.endpoint,
            self._breaker(identity, lambda: BreakerBeside(self._clock, servers.breaker)),
            self._ladder(identity, provider, declared),
            owner,
            beside=servers,
        )

    def _ladder(self, identity: _Identity, provider: Provider, declared: Backend) -> Ladder:
        shaping = profile_of(provider, declared).shaping
        ladder = self._ladders.get((identity, shaping))
        if ladder is None:
            ladder = self._ladders[identity, shaping] = Ladder(shaping, self._clock)
        return ladder

    def _breaker(self, identity: _Identity, new: Callable[[], Breaker]) -> Breaker:
        breaker = self._breakers.get(identity)
        if breaker is None:
            breaker = self._breakers[identity] = new()
        return breaker

    async def closed(self) -> None:
        """Wait until nothing of tables that could not be opened is open."""
        closing, self._closing = self._closing, set()
        await asyncio.gather(*closing, return_exceptions=True)

    async def aclose(self) -> None:
        """Be seen in the metrics no more. The tables close what is open."""
        _SHOWN.change(self._shown, {})
        self._shown = {}
        await self.closed()


def _identity(provider: Provider, declared: Backend, owner: UUID | None, *, beside: bool = False) -> _Identity:
    key = provider.api_key.get_secret_value() if provider.api_key else ""
    return provider.profile, provider.base_url, declared.model, key, owner, beside
