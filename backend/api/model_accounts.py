"""The account of the tenant's language models: every call, sums, a table, and what was said where that is kept."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import StreamingResponse

from backend.api.auth import Parts, allow
from backend.api.files import attachment
from backend.api.model_calls import CallStatus, ModelCall, ModelCallPage
from backend.api.models import ModelReader
from backend.api.pages import Cursor, Limit, cut, decode_cursor, encode_cursor, moment
from backend.domain import audit, call_texts, model_calls
from backend.domain.model_calls import Grouping, Wanted
from backend.domain.people import Identity
from backend.ids import STORABLE
from backend.storage.postgres import Database

router = APIRouter(prefix="/model_calls", tags=["model_calls"])

TextReader = Annotated[Identity, Depends(allow("model.texts"))]
Name = Annotated[str, StringConstraints(max_length=200), STORABLE]
#: Rows of the table that are read at once: the connection is free between two of these.
_ROWS: Final = 1000
#: A spreadsheet would calculate what begins so.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS: Final = (
    "id", "ended_at", "thread_id", "run_id", "node", "prompt_version", "backend", "provider", "model", "fallback_from",
    "status", "failure", "refusal", "attempts", "streamed", "input_tokens", "output_tokens", "cached_tokens",
    "reasoning_tokens", "estimated", "cost", "currency", "first_token_ms", "total_ms",
)  # fmt: skip


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError("this is no year that anybody counts") from None


Time = Annotated[AwareDatetime, AfterValidator(_in_utc)]


def _wanted(
    since: Annotated[Time | None, Query(description="Those that ended then or later.")] = None,
    until: Annotated[Time | None, Query(description="Those that ended before.")] = None,
    thread_id: UUID | None = None,
    run_id: UUID | None = None,
    node: Annotated[Name | None, Query(description="What it was asked for: script, chat, message, …")] = None,
    backend: Name | None = None,
    provider: Name | None = None,
    model: Name | None = None,
    status: CallStatus | None = None,
) -> Wanted:
    return Wanted(since, until, thread_id, run_id, node, backend, provider, model, status)


Filters = Annotated[Wanted, Depends(_wanted)]


class CallSum(BaseModel):
    """What the calls of one group used in one currency; `group` is null for those without (no run, …). `calls` are all
    that were made; those that were `refused` are counted beside them."""

    model_config = ConfigDict(from_attributes=True)

    group: str | None
    currency: str
    calls: int
    completed: int
    failed: int
    refused: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int = Field(description="Of the input.")
    reasoning_tokens: int = Field(description="Of the output.")
    cost: Decimal


class CallSums(BaseModel):
    """The latest days or months first, of other groups the dearest. `complete` is false when there are more."""

    by: Grouping
    items: list[CallSum]
    complete: bool


class SpokenTurn(BaseModel):
    """What was said to the model: by a `tool` is what came of a call."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str


class CallTexts(BaseModel):
    """What was said in a call, with personal data masked and long texts cut; the answer as far as it came."""

    model_config = ConfigDict(from_attributes=True)

    turns: list[SpokenTurn]
    answer: str
    kept_at: datetime


@router.get("")
async def list_tenant_model_calls(
    identity: ModelReader, services: Parts, wanted: Filters, cursor: Cursor = None, limit: Limit = 50
) -> ModelCallPage:
    """List the tenant's calls of language models, the newest first. A call appears a moment after its end."""
    before: Any = decode_cursor(cursor, moment, UUID) if cursor else None
    async with services.db.tenant(identity.tenant_id) as conn:
        rows = await model_calls.list_calls(conn, wanted, limit=limit + 1, before=before)
    page, next_cursor = cut(rows, limit, lambda row: encode_cursor(row.ended_at.isoformat(), row.id))
    return ModelCallPage(items=[ModelCall.model_validate(row) for row in page], next_cursor=next_cursor)


@router.get("/sums")
async def sum_model_calls(
    identity: ModelReader,
    services: Parts,
    wanted: Filters,
    by: Annotated[Grouping, Query(description="What is added up; days and months are of UTC.")] = "day",
    limit: Limit = 100,
) -> CallSums:
    """Add the tenant's calls up."""
    async with services.db.tenant(identity.tenant_id) as conn:
        rows = await model_calls.sum_calls(conn, wanted, by, limit=limit + 1)
    items = [CallSum.model_validate(row) for row in rows[:limit]]
    return CallSums(by=by, items=items, complete=len(rows) <= limit)


@router.get("/table", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
async def read_model_call_table(identity: ModelReader, services: Parts, wanted: Filters) -> StreamingResponse:
    """Give the tenant's calls as CSV (UTF-8, a mark in front of it), the newest first."""
    name = f"model-calls-{datetime.now(UTC):%Y%m%d}.csv"
    return StreamingResponse(
        _table(services.db, identity.tenant_id, wanted),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": attachment(name), "Cache-Control": "no-store"},
    )


@router.get("/{call_id}")
async def get_model_call(identity: ModelReader, services: Parts, call_id: UUID) -> ModelCall:
    """Tell one call, by the `id` that a direct answer bears (without `chatcmpl-`)."""
    async with services.db.tenant(identity.tenant_id) as conn:
        return ModelCall.model_validate(await model_calls.get_call(conn, call_id))


@router.get("/{call_id}/texts")
async def read_model_call_texts(identity: TextReader, services: Parts, call_id: UUID) -> CallTexts:
    """Read what was said in a call, where the tenant lets it be kept (`model_texts`). The audit tells who read it."""
    async with services.db.tenant(identity.tenant_id) as conn:
        texts = await call_texts.read(conn, call_id)
        await audit.record(conn, identity.user_id, "model_call.texts_read", str(call_id))
    return CallTexts.model_validate(texts)


async def _table(db: Database, tenant_id: UUID, wanted: Wanted) -> AsyncIterator[bytes]:
    yield "\ufeff".encode() + _lines([_COLUMNS])
    before: tuple[datetime, UUID] | None = None
    while True:
        async with db.tenant(tenant_id) as conn:
            rows = await model_calls.list_calls(conn, wanted, limit=_ROWS, before=before)
        if rows:
            yield _lines([[_cell(getattr(row, name)) for name in _COLUMNS] for row in rows])
            before = rows[-1].ended_at, rows[-1].id
        if len(rows) < _ROWS:
            return


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
