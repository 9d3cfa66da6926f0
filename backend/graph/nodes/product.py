"""What is sold: facts from the database; where they are missing, what is usual for the category, marked as assumed."""

from typing import Any
from uuid import UUID

from langgraph.runtime import Runtime

from backend.errors import NotFound
from backend.graph.catalogue import stamp_for
from backend.graph.intent.tripwire import without_orders
from backend.graph.knowledge import GENERIC
from backend.graph.product_facts import described
from backend.graph.state import GraphContext, ScriptState, Step
from backend.quality.personal import personal_data


async def product(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Read the product's facts and fill the gaps with category knowledge."""
    slots = state["slots"]
    known: dict[str, Any] | None = None
    planted: list[str] = []
    if slots.get("product_id"):
        context = runtime.context
        stamp = await stamp_for(state, context)
        try:
            found = await context.profiles.product(context.db, context.tenant_id, stamp, UUID(slots["product_id"]))
            known, planted = without_orders({"id": str(found.id), **found.brief()})
        except NotFound:
            known = None  # deleted since
    name = slots.get("product_name")
    if known is None and not name:
        told = _brought_in(state["request"]["content"])
        return Step({"product": {}, "assumed": [], "product_assumptions": told}, {"product": None, "assumed": told})

    facts, assumed, assumptions = described(known or {"name": name}, known is not None, slots.get("prices") or [])
    assumptions += _brought_in(state["request"]["content"])
    if planted:
        assumptions.append(f"商品资料里有像是给系统下命令的文字（{'、'.join(planted)}），没有采用，请核对商品资料")
    detail = {"known": known is not None, "category": facts.get("category", GENERIC), "assumed": assumptions}
    return Step(
        {"product": facts, "assumed": assumed, "product_assumptions": assumptions},
        {"product": facts["name"], **detail},
    )


def _brought_in(request: str) -> list[str]:
    """Tell what of somebody the request holds: it is not read out, and not repeated here."""
    called = dict.fromkeys(one.called for one in personal_data(request))
    return [f"要求里有{'、'.join(called)}：属于个人信息，话术里不念"] if called else []
