"""Who will say it: the host from the database, else a plain host, saying what was assumed."""

from typing import Any
from uuid import UUID

from langgraph.runtime import Runtime

from backend.errors import NotFound
from backend.graph.catalogue import stamp_for
from backend.graph.intent.tripwire import without_orders
from backend.graph.state import GraphContext, ScriptState, Step

#: Characters a minute of an ordinary host.
USUAL_PACE = 260


async def profile(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Read the host's profile."""
    host_id = state["slots"].get("host_id")
    host: dict[str, Any] | None = None
    planted: list[str] = []
    if host_id:
        context = runtime.context
        stamp = await stamp_for(state, context)
        try:
            found = await context.profiles.host(context.db, context.tenant_id, stamp, UUID(host_id))
            host, planted = without_orders({"id": host_id, **found.brief()})
        except NotFound:
            host = None  # deleted since; the show goes on
    if host is not None:
        assumptions = [] if host.get("voice") else ["主播没有填写语气，按自然口语写"]
        if planted:
            assumptions.append(f"主播资料里有像是给系统下命令的文字（{'、'.join(planted)}），没有采用，请核对主播资料")
        return Step({"host": host, "host_assumptions": assumptions}, {"host": host["name"], "assumed": assumptions})
    assumptions = [f"没有指定主播，按通用口吻、每分钟 {USUAL_PACE} 字写"]
    return Step({"host": {"pace": USUAL_PACE}, "host_assumptions": assumptions}, {"host": None, "assumed": assumptions})
