"""How long a tenant's checkpoints are kept."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from backend.api.auth import Auditor, Parts, PolicyMaker
from backend.domain import audit, checkpoints

router = APIRouter(prefix="/tenant/retention", tags=["tenants"])


class Retention(BaseModel):
    """Days after the end of a run. What is published or was decided on, and a thread's last version, always stay."""

    model_config = ConfigDict(extra="forbid")

    checkpoint_days: Annotated[int, Field(ge=1, le=3650)] | None


class RetentionInForce(Retention):
    """The tenant's own choice, and what holds: that, or the server's default."""

    in_force_days: int


@router.get("")
async def read_retention(identity: Auditor, services: Parts) -> RetentionInForce:
    """Read how long checkpoints are kept."""
    async with services.db.tenant(identity.tenant_id) as conn:
        days = await checkpoints.read_days(conn)
    return RetentionInForce(checkpoint_days=days, in_force_days=days or services.settings.checkpoint_days)


@router.put("")
async def set_retention(identity: PolicyMaker, services: Parts, body: Retention) -> RetentionInForce:
    """Choose how long checkpoints are kept; `null` goes back to the server's default."""
    days = body.checkpoint_days
    async with services.db.tenant(identity.tenant_id) as conn:
        was = await checkpoints.set_days(conn, days)
        await audit.record(
            conn, identity.user_id, "tenant.retention_changed", str(identity.tenant_id), was=was, checkpoint_days=days
        )
    return RetentionInForce(checkpoint_days=days, in_force_days=days or services.settings.checkpoint_days)
