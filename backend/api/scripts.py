"""Scripts: the approved ones, with their versions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from backend.api.auth import Parts, Reader
from backend.api.pages import Cursor, Limit, Page, cut, decode_cursor, encode_cursor, moment
from backend.domain import scripts

router = APIRouter(prefix="/scripts", tags=["scripts"])


class Script(BaseModel):
    """An approved script; `content` is that of its latest version."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    thread_id: UUID | None
    room_id: UUID | None
    product_id: UUID | None
    host_id: UUID | None
    title: str
    scenario: str
    latest_version: int
    content: str
    created_at: datetime
    updated_at: datetime


class ScriptPage(Page[Script]):
    """A part of the list of scripts."""


class ScriptVersion(BaseModel):
    """One approved text, the draft before a person's edits, and what it was made from."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    run_id: UUID | None
    content: str
    draft: str
    provenance: dict[str, Any]
    approved_by: UUID | None
    created_at: datetime


class ScriptWithVersions(BaseModel):
    """A script with all its versions, the latest first."""

    script: Script
    versions: list[ScriptVersion]


@router.get("")
async def list_scripts(
    identity: Reader,
    services: Parts,
    product_id: UUID | None = None,
    room_id: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ScriptPage:
    """List scripts, the one changed last first."""
    before = decode_cursor(cursor, moment, UUID) if cursor else None
    async with services.db.tenant(identity.tenant_id) as conn:
        rows = await scripts.list_scripts(
            conn,
            room_id=room_id,
            product_id=product_id,
            before=(before[0], before[1]) if before else None,
            limit=limit + 1,
        )
    page, next_cursor = cut(rows, limit, lambda script: encode_cursor(script.updated_at.isoformat(), script.id))
    return ScriptPage(items=[Script.model_validate(script) for script in page], next_cursor=next_cursor)


@router.get("/{script_id}")
async def read_script(identity: Reader, services: Parts, script_id: UUID) -> ScriptWithVersions:
    """Read a script and where each of its versions came from."""
    async with services.db.tenant(identity.tenant_id) as conn:
        script, versions = await scripts.get_script(conn, script_id)
    return ScriptWithVersions(
        script=Script.model_validate(script), versions=[ScriptVersion.model_validate(version) for version in versions]
    )
