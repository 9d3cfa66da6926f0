"""What list and create endpoints share: pages with opaque cursors, and doing a POST once."""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Header, Query
from pydantic import BaseModel, StringConstraints, TypeAdapter

from backend.domain import commands
from backend.domain.people import Identity
from backend.errors import BadRequest
from backend.ids import STORABLE, Text, derived_id, new_id
from backend.storage.postgres import Connection, Database

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

Cursor = Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Search = Annotated[
    Annotated[str, StringConstraints(max_length=100, strip_whitespace=True), STORABLE] | None,
    Query(description="Only those that hold this text."),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="The same key with the same body gets the first answer again; with another body it is refused.",
    ),
]
_TEXT: Final[TypeAdapter[str]] = TypeAdapter(Text)
_IF_MATCH: Final = re.compile(r'(?:W/)?"?([0-9]{1,9})"?')
IfMatch = Annotated[
    str | None, Header(alias="If-Match", max_length=40, description="The version that was read, as in `ETag`.")
]


class Page(BaseModel, Generic[T]):
    """A part of a list; without `next_cursor` it is the last one."""

    items: list[T]
    next_cursor: str | None = None


def encode_cursor(*parts: object) -> str:
    """Return the place after a row as an opaque text."""
    return base64.urlsafe_b64encode(orjson.dumps([str(part) for part in parts])).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: Callable[[str], Any]) -> tuple[Any, ...]:
    """Return the parts of a cursor, each made by its kind.

    Raises:
        BadRequest: the cursor was not made here.
    """
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(parts, list):
            raise TypeError
        return tuple(kind(part) for kind, part in zip(kinds, parts, strict=True))
    except (binascii.Error, ValueError, TypeError, AttributeError):
        raise BadRequest("this cursor is not one of ours", field="cursor") from None


def moment(text: str) -> datetime:
    """Return the time in a cursor."""
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError("a time without its zone")
    return value


def cursor_text(text: str) -> str:
    """Return the text in a cursor, if the database can take it."""
    return _TEXT.validate_python(text, strict=True)


def after(cursor: str | None) -> UUID | None:
    """Return the id a cursor of a list ordered by id stands for."""
    return decode_cursor(cursor, UUID)[0] if cursor else None


def cut(rows: Sequence[T], limit: int, place: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """Return the first `limit` of the `limit + 1` rows that were asked for, and the cursor of the next page."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], place(rows[limit - 1])


def expected_version(version: int | None, if_match: str | None) -> int:
    """Return the version a change starts from, named in the body or in `If-Match`.

    Raises:
        BadRequest: neither names one, or they differ.
    """
    if if_match is not None:
        match = _IF_MATCH.fullmatch(if_match.strip())
        if match is None or version not in (None, int(match[1])):
            raise BadRequest("If-Match names no version, or another than the body", field="If-Match")
        return int(match[1])
    if version is None:
        raise BadRequest("name the version that was read, as `version` or in If-Match", field="version")
    return version


def command_id(key: str | None) -> UUID:
    """Return the id under which a command is remembered: a UUID key as it is, so that it may be repeated on `/ws`."""
    if key is None:
        return new_id()
    try:
        return UUID(key)
    except ValueError:
        return derived_id("idempotency-key", key)


async def once(
    db: Database,
    identity: Identity,
    key: str | None,
    *,
    request: BaseModel,
    result: type[M],
    act: Callable[[Connection], Awaitable[M]],
) -> M:
    """Run `act` in a transaction of the tenant, or give the answer it gave the first time this key was used.

    Raises:
        IdempotencyConflict: the key was used for something else.
    """
    async with db.tenant(identity.tenant_id) as conn:
        if key is None:
            return await act(conn)
        body = f"{type(request).__name__} {request.model_dump_json()}".encode()
        known = await commands.recall(conn, identity.user_id, command_id(key), body)
        if known is not None:
            return result.model_validate(known)
        answer = await act(conn)
        await commands.record(conn, identity.user_id, command_id(key), body, answer.model_dump(mode="json"))
        return answer
