"""Hosts and products kept at hand: in this process and in Redis, each with the stamp of the catalogue it was read from.

Which stamp holds the database says, once a run; so what was kept before an edit is never given out after it, in any
process, with Redis down, emptied or full of old keys. The notice of an edit only frees the memory sooner.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from prometheus_client import Counter, Gauge
from pydantic import TypeAdapter, ValidationError

from backend.domain import hosts, products
from backend.domain.hosts import Host
from backend.domain.products import CatalogueEntry, Product
from backend.storage.postgres import Connection, Database
from backend.storage.redis import Cache
from backend.telemetry.metrics import REGISTRY

_ASKED = Counter(
    "cuedesk_profiles_asked", "Hosts and products looked up, by where they were found", ["found"], registry=REGISTRY
)
_KEPT = Gauge("cuedesk_profiles_kept_bytes", "Hosts and products kept in memory, as JSON", registry=REGISTRY)


@dataclass(frozen=True)
class Names:
    """What a message may speak of: products by their names, and the hosts."""

    products: list[CatalogueEntry]
    hosts: list[Host]


_ADAPTERS: Final[dict[str, TypeAdapter[Any]]] = {
    "host": TypeAdapter(Host),
    "product": TypeAdapter(Product),
    "names": TypeAdapter(Names),
}
#: Another release may know other fields: it then looks under other keys.
_SHAPES: Final = hashlib.sha256(
    orjson.dumps([adapter.json_schema() for adapter in _ADAPTERS.values()], option=orjson.OPT_SORT_KEYS)
).hexdigest()[:12]


class _Key(NamedTuple):
    """One place for each thing, whatever its stamp: a catalogue that changes every second must not fill the memory."""

    tenant_id: UUID
    kind: str
    id: UUID | None = None

    def in_redis(self) -> str:
        return f"cuedesk:profiles:{_SHAPES}:{self.tenant_id}:{self.kind}:{self.id or ''}"


class _Kept(NamedTuple):
    stamp: UUID
    value: Any
    size: int
    until: float


async def read_stamp(conn: Connection) -> UUID | None:
    """Return what names the state of the tenant's catalogue now; None when nothing was ever written there."""
    stamp: UUID | None = await conn.fetchval("SELECT stamp FROM catalogue_heads")
    return stamp


async def hold_catalogue(conn: Connection) -> None:
    """Keep everybody else from writing the tenant's hosts and products until this transaction is over: between
    reading what is there and writing beside it nothing may change. Reading goes on."""
    await conn.execute("SELECT FROM catalogue_heads FOR UPDATE")


async def read_names(conn: Connection) -> Names:
    """Return the names of the tenant's catalogue, read now."""
    return Names(await products.catalogue(conn), await hosts.list_hosts(conn))


class Profiles:
    """Gives out hosts and products as of a stamp, or newer. What it keeps is never changed, only forgotten."""

    def __init__(self, cache: Cache, *, most: int, ttl: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep up to `most` bytes (as JSON; in memory some four times as much), each for `ttl` seconds at the longest,
        in Redis as in this process."""
        self._cache = cache
        self._most = most
        self._ttl = ttl
        self._clock = clock
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._size = 0

    async def names(self, conn: Connection, tenant_id: UUID, stamp: UUID | None) -> Names:
        """Return the names of the tenant's catalogue; `conn` is a transaction of the tenant."""
        key = _Key(tenant_id, "names")
        found: Names | None = await self._found(key, stamp)
        if found is None:
            found = await read_names(conn)
            await self._keep(conn, key, stamp, found)
        return found

    async def host(self, db: Database, tenant_id: UUID, stamp: UUID | None, host_id: UUID) -> Host:
        """Return the host.

        Raises:
            NotFound: this tenant has no such host.
        """
        key = _Key(tenant_id, "host", host_id)
        found: Host | None = await self._found(key, stamp)
        if found is None:
            async with db.tenant(tenant_id) as conn:
                found = await hosts.get_host(conn, host_id)
                await self._keep(conn, key, stamp, found)
        return found

    async def product(self, db: Database, tenant_id: UUID, stamp: UUID | None, product_id: UUID) -> Product:
        """Return the product.

        Raises:
            NotFound: this tenant has no such product.
        """
        key = _Key(tenant_id, "product", product_id)
        found: Product | None = await self._found(key, stamp)
        if found is None:
            async with db.tenant(tenant_id) as conn:
                found = await products.get_product(conn, product_id)
                await self._keep(conn, key, stamp, found)
        return found

    def forget(self, tenant_id: UUID | None) -> None:
        """Let go of what is kept of a tenant whose catalogue changed; None: of everybody's."""
        for key in [key for key in self._kept if tenant_id is None or key.tenant_id == tenant_id]:
            self._drop(key)

    async def _found(self, key: _Key, stamp: UUID | None) -> Any | None:
        if stamp is None:
            return None
        kept = self._kept.get(key)
        if kept is not None and kept.stamp == stamp and self._clock() < kept.until:
            self._kept.move_to_end(key)
            _ASKED.labels("process").inc()
            return kept.value
        if not self._cache.available:
            return None
        data = await self._cache.attempt(self._cache.client.get(key.in_redis()))
        if data is None or data[:16] != stamp.bytes:
            return None
        try:
            value = _ADAPTERS[key.kind].validate_json(data[16:])
        except ValidationError:  # not ours, or damaged: the database has it right
            return None
        self._hold(key, stamp, value, len(data))
        _ASKED.labels("redis").inc()
        return value

    async def _keep(self, conn: Connection, key: _Key, stamp: UUID | None, value: Any) -> None:
        _ASKED.labels("database").inc()
        # Only what was there under this very stamp: an edit may have come between asking for it and reading.
        if stamp is None or await read_stamp(conn) != stamp:
            return
        data = stamp.bytes + _ADAPTERS[key.kind].dump_json(value)
        self._hold(key, stamp, value, len(data))
        if self._cache.available:
            await self._cache.attempt(self._cache.client.set(key.in_redis(), data, px=round(self._ttl * 1000)))

    def _hold(self, key: _Key, stamp: UUID, value: Any, size: int) -> None:
        self._drop(key)
        if size > self._most:
            return
        self._kept[key] = _Kept(stamp, value, size, self._clock() + self._ttl)
        self._size += size
        while self._size > self._most:
            self._drop(next(iter(self._kept)))
        _KEPT.set(self._size)

    def _drop(self, key: _Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._size -= kept.size
            _KEPT.set(self._size)
