"""Checking a text while it is edited, with the same rubric that checks every draft."""

import asyncio
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from backend.api.auth import Parts, Reader
from backend.api.messages import not_blank
from backend.domain import hosts, products, rule_overlays
from backend.ids import STORABLE
from backend.protocol.commands import MAX_CONTENT, ShortText
from backend.protocol.events import CheckResult, Finding
from backend.quality.craft import speakable
from backend.quality.rubric import ScriptBrief, review

#: Characters a minute, when nobody says who will speak.
_USUAL_PACE: Final = 260

router = APIRouter(prefix="/quality", tags=["quality"])


class Check(BaseModel):
    """A text, and what is known of it: what it sells, who says it, which part of a show it is, how long it may take."""

    model_config = ConfigDict(extra="forbid")

    content: Annotated[
        str, StringConstraints(min_length=1, max_length=MAX_CONTENT), STORABLE, AfterValidator(not_blank)
    ]
    product_id: UUID | None = None
    #: Where it will be said: the rules of the room's platform hold.
    room_id: UUID | None = None
    host_id: UUID | None = None
    scenario: ShortText = ""
    seconds: Annotated[int, Field(ge=5, le=1800)] | None = None


class Report(BaseModel):
    """What the checks say. A text with a `block` finding cannot be approved as it is."""

    verdict: Literal["pass", "warn", "block"]
    score: int
    findings: list[Finding]
    checks: list[CheckResult]
    rules_version: str
    #: How much is said aloud, as the pace counts it (字), and how many seconds that takes this host.
    spoken: int
    spoken_seconds: int


@router.post("/check")
async def check_quality(identity: Reader, services: Parts, body: Check) -> Report:
    """Check a text; nothing is stored."""
    async with services.db.tenant(identity.tenant_id) as conn:
        product = await products.get_product(conn, body.product_id) if body.product_id else None
        host = await hosts.get_host(conn, body.host_id) if body.host_id else None
        head = await rule_overlays.head(conn, body.room_id)
    rules = await services.rules.at(head)
    brief = ScriptBrief(
        scenario=body.scenario,
        seconds=body.seconds,
        product=product.brief() if product else None,
        other_products=[],
        must_say=[],
        must_not_say=list(host.taboo_words) if host else [],
        request="",
        pace=host.pace if host else _USUAL_PACE,
        catchphrases=list(host.catchphrases) if host else [],
    )
    # A long text may take tens of milliseconds: the loop carries everybody's tokens meanwhile.
    report = await asyncio.to_thread(review, body.content, brief, rules)
    spoken = speakable(body.content)
    return Report(
        verdict=report.verdict,
        score=report.score,
        findings=list(report.findings),
        checks=list(report.checks),
        rules_version=report.rules_version,
        spoken=spoken,
        spoken_seconds=round(spoken * 60 / max(60, brief.pace)),
    )
