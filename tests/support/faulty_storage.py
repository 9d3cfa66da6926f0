"""PostgreSQL that fails at a chosen moment of a transaction, as networks do: wrappers around the real `Database`."""

import contextlib
from collections.abc import AsyncIterator
from typing import Literal, get_args
from uuid import UUID

from backend.errors import StorageUnavailable
from backend.storage.postgres import Connection, Database

Fault = Literal[
    "timed_out",  # nothing was done: the time was over before the commit
    "executed_but_timed_out",  # all was done: the time was over before the commit's answer came
    "connection_lost",  # the connection broke before the commit
]
FAULTS = get_args(Fault)


class FaultyDatabase:
    """A `Database` whose next tenant transaction fails as told; later ones work."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._next: Fault | None = None

    def fail_next(self, fault: Fault) -> Database:
        """Have the next transaction fail; returns this object for the function under test."""
        self._next = fault
        return self  # type: ignore[return-value]  # it has all of a Database that functions use

    @contextlib.asynccontextmanager
    async def tenant(self, tenant_id: UUID) -> AsyncIterator[Connection]:
        fault, self._next = self._next, None
        async with self._db.tenant(tenant_id) as conn:
            yield conn
            if fault == "timed_out":
                raise StorageUnavailable
            if fault == "connection_lost":
                conn.terminate()  # type: ignore[union-attr]
        if fault == "executed_but_timed_out":
            raise StorageUnavailable
