"""Identifiers: time-ordered UUIDs for rows, derived UUIDs for what may be made twice."""

import secrets
import uuid
from typing import Annotated, Final

import uuid_utils.compat as uuid_time
from pydantic import AfterValidator

_NAMESPACE: Final = uuid.UUID("6f1d3a52-6c0e-4b8e-9a57-2c1d9b7e4f10")


def new_id() -> uuid.UUID:
    """Return a UUIDv7: unique, and sortable by the time it was made."""
    return uuid_time.uuid7()


def new_trace_id() -> str:
    """Return a trace's id: 32 hexadecimal digits, all random, because OpenTelemetry's samplers decide by them.

    A UUID's fixed bits stand where these look first: of a half of the traces they would keep none.
    """
    return secrets.token_hex(16)


def derived_id(*parts: object) -> uuid.UUID:
    """Return the same UUID for the same parts, so that work done twice names one thing."""
    return uuid.uuid5(_NAMESPACE, "\x1f".join(str(part) for part in parts))


def _storable(text: str) -> str:
    # PostgreSQL's text and jsonb can hold neither NUL nor half a surrogate pair; refuse them at the door.
    if "\x00" in text:
        raise ValueError("the text holds a NUL character")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("the text holds half a surrogate pair") from None
    return text


#: For a type with constraints of its own, after them: pydantic would count the spaces before it strips them otherwise.
STORABLE: Final = AfterValidator(_storable)
#: Text that PostgreSQL can store: every string that comes from outside has this type.
Text = Annotated[str, STORABLE]
