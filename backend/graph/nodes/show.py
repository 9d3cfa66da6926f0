"""Begins a whole show whose plan was confirmed: its scripts are written a few at a time, each with its own review."""

from typing import Any
from uuid import UUID

from langgraph.runtime import Runtime

from backend import failpoints
from backend.domain import audit, effects, people, policies, runs, shows
from backend.errors import BadRequest, NotFound, ShowEmpty, ShowTooShort
from backend.graph import skills
from backend.graph.intent.vocabulary import SCENARIO_NAMES
from backend.graph.state import GraphContext, ScriptState, Step
from backend.graph.version import GRAPH_VERSION
from backend.ids import derived_id
from backend.protocol.events import MessageComplete, MessageStarted, Token

_SHORTEST_SHOW = 60


async def show(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Plan and start the show, and say where it is to be found; or say why it cannot be.

    Raises:
        SkillRefused: shows were closed to whoever asked between the plan and its confirmation.
    """
    context = runtime.context
    plan: dict[str, Any] = state["reading"]["slots"]["plan"]
    try:
        begun = await _begun(context, plan)
        if failpoints.folder is not None:
            await failpoints.reach("after_effect", context.run_id)
        text = (
            f"开写了：《{begun['name']}》一共 {begun['texts']} 段，大约 {plan['total_seconds']} 秒。"
            f"写好一段送审一段，通过后按顺序进{plan['room']}的节目单。进度和每一段都在「整场」页：/rundown/{begun['show_id']}"
        )
    except NotFound:
        begun, text = None, "方案里的直播间或商品刚刚被删掉了，什么都没有开始。请重新说一遍要写哪些。"
    except (ShowTooShort, ShowEmpty, BadRequest) as error:
        begun, text = None, f"这个方案开不了（{error.code}），什么都没有开始。换个时长或产品再说一遍就行。"
    message_id = derived_id(context.run_id, "show", 0)
    runtime.stream_writer(MessageStarted(message_id=message_id, agent="show"))
    runtime.stream_writer(Token(message_id=message_id, agent="show", attempt=context.attempt, i=0, content=text))
    runtime.stream_writer(MessageComplete(message_id=message_id, role="assistant", agent="show", content=text))
    return Step({"outcome": "completed"}, {"show_id": begun and begun["show_id"], "texts": len(plan["items"])})


async def _begun(context: GraphContext, plan: dict[str, Any]) -> dict[str, Any]:
    """Add the show and let it run, in one transaction, or return what was begun before.

    Raises:
        LeaseLost: the run was cancelled, or another worker has it.
        NotFound: the room, a product, or who asked for it is not there any more.
        SkillRefused: the tenant does not open shows to whoever asked.
        ShowTooShort, ShowEmpty, BadRequest: nothing can be planned like that.
    """
    key = f"show:{context.run_id}"
    async with context.db.tenant(context.tenant_id) as conn:
        await runs.assert_held(conn, context.run_id, context.attempt)
        done = await effects.recall(conn, key)
        if done is not None:
            return done
        asked_by = context.requested_by
        role = await people.current_role(conn, asked_by) if asked_by is not None else None
        if asked_by is None or role is None or not people.may(role, "thread.write"):
            raise NotFound("who asked for it may not write any more")
        await skills.require(conn, skills.SKILLS["rundown"], asked_by)
        segments = "、".join(SCENARIO_NAMES[one] for one in plan["segments"])
        made = await shows.create_show(
            conn,
            asked_by,
            GRAPH_VERSION,
            room_id=UUID(plan["room_id"]),
            name=f"{plan['room']} · {segments}"[:80],
            starts_at=None,
            total_seconds=max(plan["total_seconds"], _SHORTEST_SHOW),
            items=[
                shows.NewItem(UUID(item["product_id"]), item["scenario"], item["seconds"]) for item in plan["items"]
            ],
        )
        wanted = await policies.read_policies(conn, context.settings)
        await shows.lock_show(conn, made.id)
        await shows.set_status(conn, made.id, "running", by=asked_by, concurrency=wanted.show_concurrency)
        await shows.wake_workers(conn)
        await audit.record(
            conn, asked_by, "show.created", str(made.id), name=made.name, items=len(plan["items"]), asked_in="chat"
        )
        await audit.record(conn, asked_by, "show.started", str(made.id), planned=len(plan["items"]))
        begun = {"show_id": str(made.id), "name": made.name, "texts": len(plan["items"])}
        await effects.record(conn, key, begun)
        return begun
