"""The tenant one works for: what it wants done with interrupts and shows, how much is kept, what models cost."""

from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from backend.api.auth import Parts, PolicyMaker, Reader
from backend.domain import audit, call_texts, model_budgets, policies
from backend.errors import BadRequest
from backend.runs.budgets import used_in_window

router = APIRouter(prefix="/tenant", tags=["tenants"])

#: At most a week: what waits longer is forgotten, not pending.
_MOST = 7 * 24 * 3600
Seconds = Annotated[float, Field(ge=1, le=_MOST)]


def _exact(amount: float) -> float:
    if round(amount, 9) != amount:
        raise ValueError("at most nine digits behind the point")
    return amount


Money = Annotated[float, Field(ge=0, lt=1e10), AfterValidator(_exact)]


class Policies(BaseModel):
    """The tenant's policies, the server's settings filled in where it has none of its own. Times in seconds.

    `undo_window` and `escalate_before` of 0: not at all.
    """

    model_config = ConfigDict(from_attributes=True)

    interrupt_ttl: float
    show_interrupt_ttl: float
    extension_step: float
    extension_limit: float
    escalate_before: float
    undo_window: float
    four_eyes: bool
    auto_approve: bool
    show_concurrency: int
    window_characters: int
    summary_characters: int
    memory_documents: int
    model_tokens_per_minute: int | None
    model_calls_per_second: int | None
    model_cost_soft: float | None
    model_cost_hard: float | None
    model_texts: bool
    model_text_days: int


class Spending(BaseModel):
    """What was spent this month in one currency; `reserved` is what calls under way may add to it at most.

    `presumed` is part of `cost`: calls whose process died with them are taken to have cost all that was held back.
    """

    model_config = ConfigDict(from_attributes=True)

    month: date
    ends_at: datetime
    currency: str
    cost: Decimal
    presumed: Decimal
    reserved: Decimal
    calls: int
    input_tokens: int
    output_tokens: int
    soft_told_at: datetime | None


class ModelBudget(BaseModel):
    """What the tenant may use of language models, and what it does use; a limit of null is none.

    `tokens_last_minute` and `calls_last_minute` are null while nobody counts: without a limit per minute or second, or
    while Redis is away.
    """

    tokens_per_minute: int | None
    calls_per_second: int | None
    cost_soft: float | None
    cost_hard: float | None
    tokens_last_minute: int | None
    calls_last_minute: int | None
    spending: list[Spending]


class PolicyChanges(BaseModel):
    """What to change; what is left out stays. A null brings the server's setting back.

    `interrupt_ttl` says how long a question waits, `show_interrupt_ttl` how long one of a show's scripts does;
    `extension_step` what one extension adds, `extension_limit` how long a question lives at most; `escalate_before` how
    long before its end it becomes urgent; `undo_window` how long an approved script is held before it is on air;
    `four_eyes` that nobody approves what they asked for themselves; `auto_approve` that a script in which the checks
    found nothing needs no person; `show_concurrency` how many scripts of a show are written at once;
    `window_characters` how much of a conversation a run sees as it was said, `summary_characters` how long the summary
    of what is before may be (0: none); `memory_documents` how many documents are remembered: for one more the oldest
    goes that nobody approved.

    `model_tokens_per_minute`, `model_calls_per_second`: more is refused (429, `model_rate_exceeded`). Of the cost of
    language models in a month (UTC), at `model_cost_soft` the audit log is told, and what might exceed
    `model_cost_hard` is refused (429, `model_budget_spent`); the first may not be above the second (`limits_crossed`).
    A new limit counts within seconds.

    `model_texts` allows that what is asked of language models, and what they answer, is kept with the account of each
    call for `model_text_days`, personal data masked, for who has the right `model.texts`. Taking it back removes all
    that was kept.
    """

    model_config = ConfigDict(extra="forbid")

    interrupt_ttl: Seconds | None = None
    show_interrupt_ttl: Seconds | None = None
    extension_step: Seconds | None = None
    extension_limit: Seconds | None = None
    escalate_before: Annotated[float, Field(ge=0, le=_MOST)] | None = None
    undo_window: Annotated[float, Field(ge=0, le=600)] | None = None
    four_eyes: bool | None = None
    auto_approve: bool | None = None
    show_concurrency: Annotated[int, Field(ge=1, le=50)] | None = None
    window_characters: Annotated[int, Field(ge=500, le=20_000)] | None = None
    summary_characters: Annotated[int, Field(ge=0, le=4000)] | None = None
    memory_documents: Annotated[int, Field(ge=10, le=1_000_000)] | None = None
    model_tokens_per_minute: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    model_calls_per_second: Annotated[int, Field(ge=1, le=100_000)] | None = None
    model_cost_soft: Money | None = None
    model_cost_hard: Money | None = None
    model_texts: bool | None = None
    model_text_days: Annotated[int, Field(ge=1, le=3650)] | None = None


@router.get("/policies")
async def read_policies(identity: Reader, services: Parts) -> Policies:
    """Read the tenant's policies."""
    async with services.db.tenant(identity.tenant_id) as conn:
        return Policies.model_validate(await policies.read_policies(conn, services.settings))


@router.patch("/policies")
async def change_policies(identity: PolicyMaker, services: Parts, body: PolicyChanges) -> Policies:
    """Change the tenant's policies. What waits already keeps its end; decisions follow the new policy at once."""
    changes = body.model_dump(exclude_unset=True)
    for name in ("undo_window", "four_eyes", "auto_approve", "model_texts"):
        if name in changes and changes[name] is None:
            raise BadRequest("this policy has no server's setting to go back to", field=name)
    async with services.db.tenant(identity.tenant_id) as conn:
        before = asdict(await policies.read_policies(conn, services.settings))
        await policies.change_policies(conn, changes)
        after = await policies.read_policies(conn, services.settings)
        if changes.keys() & {"model_cost_soft", "model_cost_hard"}:
            policies.require_order(after)
        changed: dict[str, Any] = {
            name: [before[name], value] for name, value in asdict(after).items() if before[name] != value
        }
        if before["model_texts"] and not after.model_texts:
            changed["model_texts_removed"] = await call_texts.forget_all(conn)
        await audit.record(conn, identity.user_id, "tenant.policies_changed", str(identity.tenant_id), **changed)
        return Policies.model_validate(after)


@router.get("/model_budget")
async def read_model_budget(identity: Reader, services: Parts) -> ModelBudget:
    """Read what the tenant may use of language models and what it used. A call counts a moment after its end."""
    async with services.db.tenant(identity.tenant_id) as conn:
        limits = await policies.read_policies(conn, services.settings)
        spent = await model_budgets.read_spending(conn)
    counted = limits.model_tokens_per_minute is not None or limits.model_calls_per_second is not None
    used = await used_in_window(services.redis, identity.tenant_id) if counted else None
    return ModelBudget(
        tokens_per_minute=limits.model_tokens_per_minute,
        calls_per_second=limits.model_calls_per_second,
        cost_soft=limits.model_cost_soft,
        cost_hard=limits.model_cost_hard,
        tokens_last_minute=used[0] if used else None,
        calls_last_minute=used[1] if used else None,
        spending=[Spending.model_validate(one) for one in spent],
    )
