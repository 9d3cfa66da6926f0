"""When the scripts of a thread were on a teleprompter."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from backend.api.auth import Parts, Reader
from backend.domain import airings, threads

router = APIRouter(prefix="/threads/{thread_id}/airings", tags=["threads"])


class AiringList(BaseModel):
    """All of a thread, the first one first."""

    items: list[airings.Airing]


@router.get("")
async def list_airings(identity: Reader, services: Parts, thread_id: UUID) -> AiringList:
    """List when scripts of a thread were put on teleprompters, came on, and were followed by another text."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await threads.get_thread(conn, thread_id)
        return AiringList(items=await airings.airings_of(conn, thread_id))
