"""When the scripts of a thread were on a teleprompter."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from backend.api.auth import Parts, Reader
from backend.domain import airings, threads
from backend.protocol.events import Person

router = APIRouter(prefix="/threads/{thread_id}/airings", tags=["threads"])


class Airing(BaseModel):
    """A script that was put on a room's teleprompter, by its approval (`published`) or by a person (`cued`).

    `waited`: another text was being read, so it waited for the stage; null when that was not noted. `shown_at` is null
    while it waits, and for what was displaced before it came on. `ended_at` is when another text came on; null as long
    as it is there (`on_screen`), or when it was not noted what came after.
    """

    model_config = ConfigDict(from_attributes=True)

    room_id: UUID
    room_name: str
    script_id: UUID
    script_version: int
    title: str
    how: Literal["published", "cued"]
    put_at: datetime
    put_by: Person | None
    waited: bool | None
    shown_at: datetime | None
    shown_by: Person | None
    ended_at: datetime | None
    on_screen: bool


class AiringList(BaseModel):
    """All of a thread, the first one first."""

    items: list[Airing]


@router.get("")
async def list_airings(identity: Reader, services: Parts, thread_id: UUID) -> AiringList:
    """List when scripts of a thread were put on teleprompters, came on, and were followed by another text."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await threads.get_thread(conn, thread_id)
        found = await airings.airings_of(conn, thread_id)
    return AiringList(items=[Airing.model_validate(one) for one in found])
