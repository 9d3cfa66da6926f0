"""What a run asked of language models, what that used and cost, and where it fell back."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from backend.api.auth import Parts, Reader
from backend.api.pages import Cursor, Limit, Page, cut, decode_cursor, encode_cursor
from backend.domain import model_calls, threads

router = APIRouter(prefix="/threads/{thread_id}/model_calls", tags=["model_calls"])


CallStatus = Literal["completed", "failed", "cancelled", "shared", "refused"]


class Hop(BaseModel):
    """An attempt that did not answer, or a backend that was passed over, and why.

    `elapsed_ms` is from the beginning of the call, `pause_ms` what was waited afterwards, `status` the HTTP status.
    Tokens and `cost` are part of the call's: what it made before it was given up.
    """

    backend: str
    reason: str
    elapsed_ms: int
    pause_ms: int
    status: int | None
    # Calls of earlier releases do not say.
    input_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = False
    cost: Decimal = Decimal(0)


class ModelCall(BaseModel):
    """One call with all its attempts.

    `backend`, `provider` and `model` are those that answered, or were asked last; `fallback_from` is the backend that
    should have answered, where another did. `estimated` tokens were counted by us, not by the provider. `shared` is a
    call that got the answer of the same call of another run at the same moment, on whose account it is. `refused`:
    nobody was asked, because the budget named by `refusal` was used up. `texts`: what was said is kept.
    """

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    thread_id: UUID | None
    run_id: UUID | None
    node: str
    prompt_version: str
    streamed: bool
    backend: str
    provider: str
    model: str
    fallback_from: str | None
    status: CallStatus
    failure: str | None
    refusal: str | None
    attempts: int
    hops: list[Hop]
    input_tokens: int
    output_tokens: int
    cached_tokens: int = Field(description="Of the input.")
    reasoning_tokens: int = Field(description="Of the output.")
    estimated: bool
    cost: Decimal
    currency: str
    first_token_ms: int | None
    total_ms: int
    ended_at: datetime
    texts: bool
    api_key_id: UUID | None = Field(default=None, description="The API key of a service that asked directly.")
    api_key_name: str | None = None


class ModelCallPage(Page[ModelCall]):
    """Calls in the order in which they began."""


@router.get("")
async def list_model_calls(
    identity: Reader,
    services: Parts,
    thread_id: UUID,
    run_id: Annotated[UUID | None, Query(description="Only those of this run.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ModelCallPage:
    """List the calls of language models of a thread. A call appears a moment after its end."""
    after = decode_cursor(cursor, UUID)[0] if cursor else None
    async with services.db.tenant(identity.tenant_id) as conn:
        await threads.get_thread(conn, thread_id)
        rows = await model_calls.calls_of_thread(conn, thread_id, run_id=run_id, limit=limit + 1, after=after)
    page, next_cursor = cut(rows, limit, lambda row: encode_cursor(row.id))
    return ModelCallPage(items=[ModelCall.model_validate(row) for row in page], next_cursor=next_cursor)
