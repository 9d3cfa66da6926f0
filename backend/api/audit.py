"""The audit log, for administrators."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from backend.api.auth import Auditor, Parts
from backend.api.pages import Cursor, Limit, Page, cut, decode_cursor, encode_cursor
from backend.domain import audit
from backend.errors import BadRequest
from backend.ids import STORABLE
from backend.quality.masking import mask_values

router = APIRouter(prefix="/audit", tags=["audit"])


Wanted = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), STORABLE]


class AuditEntry(BaseModel):
    """One thing that was done; `actor` is null when the server did it by itself. Who left has no `actor_name`."""

    model_config = ConfigDict(from_attributes=True)

    n: int
    at: datetime
    actor: UUID | None
    actor_name: str | None
    action: str
    subject: str
    detail: dict[str, Any]


class AuditPage(Page[AuditEntry]):
    """A part of the audit log."""


class Verdict(BaseModel):
    """Whether the chain of hashes holds; `first_broken` is the number of the first entry that was tampered with."""

    intact: bool
    first_broken: int | None


@router.get("")
async def list_audit(
    identity: Auditor,
    services: Parts,
    action: Annotated[
        Wanted | None, Query(description="One action (`rules.saved`), or all of a noun (`rules`).")
    ] = None,
    actor: Annotated[UUID | None, Query(description="Only what this person did.")] = None,
    subject: Annotated[Wanted | None, Query(description="Only what was done to the thing of this id.")] = None,
    since: Annotated[AwareDatetime | None, Query(description="Not before this moment.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Before this moment.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> AuditPage:
    """Read the log, newest first."""
    before = decode_cursor(cursor, int)[0] if cursor else None
    if before is not None and not 0 < before < 2**63:
        raise BadRequest("this cursor is not one of ours", field="cursor")
    async with services.db.tenant(identity.tenant_id) as conn:
        wanted = audit.Filters(action, actor, subject, since, until)
        rows = await audit.list_entries(conn, before, limit + 1, wanted)
    page, next_cursor = cut(rows, limit, lambda entry: encode_cursor(entry.n))
    # What is written down now holds no personal data; entries of before, and names of things, may.
    return AuditPage(
        items=[AuditEntry.model_validate(replace(entry, detail=mask_values(entry.detail))) for entry in page],
        next_cursor=next_cursor,
    )


@router.get("/verify")
async def verify_audit(identity: Auditor, services: Parts) -> Verdict:
    """Check the chain of hashes from its first entry."""
    async with services.db.tenant(identity.tenant_id) as conn:
        broken = await audit.verify(conn)
    return Verdict(intact=broken is None, first_broken=broken)
