"""Writes the script: builds the prompt, streams the text, keeps the whole."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final
from uuid import UUID

from langgraph.runtime import Runtime

from backend.domain.thread_notes import read_notes
from backend.errors import ModelPayloadInvalid
from backend.graph import remarked
from backend.graph.again import original_of
from backend.graph.checking import Underlining, brief_of, rules_in_force
from backend.graph.intent.parts import part_meant, span_of
from backend.graph.intent.tripwire import planted
from backend.graph.intent.vocabulary import SCENARIO_NAMES
from backend.graph.knowledge import GENERIC, category_of
from backend.graph.prompts import filled, sections
from backend.graph.prompts import version as prompt_version
from backend.graph.state import GraphContext, ScriptState, Step
from backend.graph.variants import Changes, way_of
from backend.ids import derived_id
from backend.llm.gateway import ChatTurn, ModelRequest, Piece
from backend.memory.documents import Document, get_documents
from backend.protocol.events import MessageComplete, MessageStarted, Token, Usage
from backend.quality import untold
from backend.quality.cleaning import Cleaner

_ACTIONS: Final = {"switch_product": "write"}
_LENGTHS: Final = {"shorter": "比上一版明显缩短，大约三分之二。", "longer": "比上一版展开，大约一倍半。"}
#: How a script began is what must not come twice; the rest would only fill the prompt.
_AIRED_EXCERPT: Final = 120
_AIRED_SHOWN: Final = 24
#: So much of a text that was recalled is shown to the writer; of one that was sent back the reason, which comes first.
_EXCERPT: Final = 400
_REASON: Final = 200
#: What goes into the prompt as it is in the brief.
_AS_DATA: Final = ("host", "product", "assumed", "history", "recalled", "sent_back", "findings")
_EARLIER: Final = "前几轮的意见，不冲突的仍然算数"
_USER_SECTIONS: Final = ("style", "scene", "product", "history", "memory", "requirements")


async def script(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Write one draft. Each draft is a message of its own, so nothing that was shown is changed silently."""
    context, round_ = runtime.context, state["round"]
    message_id = derived_id(context.run_id, "script", round_)
    earlier = _restored(state)
    # What comes back to the letter is written in no way at all; later drafts of a run keep the way of its first.
    way = await way_of(state, context, first=round_ == 0 and earlier is None)
    changes = way.changes if way else Changes()
    seed = derived_id(context.run_id, round_, *([changes.seed] if changes.seed else [])).int % 2**31
    runtime.stream_writer(MessageStarted(message_id=message_id, agent="script"))
    remembered, summary = await _remembered(state, context)
    brief = _brief(state, changes, remembered, summary)
    request = ModelRequest(
        purpose="script",
        turns=_turns(state, brief, {**sections("script"), **changes.sections}),
        brief=brief,
        seed=seed,
        temperature=0.8,
        prompt_version=prompt_version("script", changes.sections),
    )
    pieces: list[str] = []
    cleaner = Cleaner()
    usage = None
    last = Piece(finish_reason="stop")
    model = context.model.name
    rules = await rules_in_force(state, context)
    underlining = Underlining(rules, brief_of(state, state["product"]), message_id, runtime.stream_writer)

    def show(text: str) -> None:
        if text:
            runtime.stream_writer(
                Token(message_id=message_id, agent="script", attempt=context.attempt, i=len(pieces), content=text)
            )
            pieces.append(text)
            underlining.feed(text)

    # Whoever is cancelled while a piece is shown hangs up on the model at once, and not when it is forgotten.
    async with aclosing(earlier or context.model.stream(request)) as written:
        async for piece in written:
            # A text that was approved before comes back to the letter.
            show(piece.text if earlier else cleaner.feed(piece.text))
            last = piece if piece.finish_reason else last
            if piece.usage is not None:
                model = piece.model or model
                usage = Usage(
                    model=model,
                    input_tokens=piece.usage.input_tokens,
                    output_tokens=piece.usage.output_tokens,
                    estimated=piece.usage.estimated,
                )
    show(cleaner.end())
    content = "".join(pieces).strip()
    if not content:
        raise ModelPayloadInvalid("the model wrote nothing")
    runtime.stream_writer(
        MessageComplete(message_id=message_id, role="assistant", agent="script", content=content, usage=usage)
    )
    return Step(
        {
            "round": round_ + 1,
            "message_id": str(message_id),
            # A text that somebody changed and submits is compared with what the writer had made.
            "draft": original_of(state) or content if earlier else content,
            "draft_seed": seed,
            "model": model,
            "content": content,
            "edited": False,
            "finished": last.is_whole,
            "ended": last.finish_reason or "stop",
            "experiment": way.plain() if way else None,
        },
        {
            "round": round_ + 1,
            "characters": len(content),
            "model": model,
            "action": brief["action"],
            **({} if last.is_whole else {"ended": last.finish_reason}),
            # What the model wrote around the script and nobody was shown.
            **({"left_out": dict(cleaner.removed)} if cleaner.removed else {}),
        },
    )


def _restored(state: ScriptState) -> AsyncGenerator[Piece, None] | None:
    """Return the earlier text that is wanted back, unless somebody or a check has asked for changes of it since."""
    previous = state.get("previous")
    if state["reading"]["then"] != "restore" or previous is None or state["round"] > 0:
        return None

    async def text() -> AsyncGenerator[Piece, None]:
        yield Piece(text=previous["content"])

    return text()


async def _remembered(state: ScriptState, context: GraphContext) -> tuple[list[Document], str]:
    """Return what was recalled and what the conversation was about earlier, as far as it is still remembered and gives
    no orders. Neither is in the state: what is forgotten meanwhile is not written from.
    """
    ids = [UUID(one["id"]) for one in state["recalled"]]
    async with context.db.tenant(context.tenant_id) as conn:
        known = await get_documents(conn, ids) if ids else {}
        summary = (await read_notes(conn, context.thread_id)).summary
    documents = [known[id_] for id_ in ids if id_ in known and not planted(known[id_].content)]
    return documents, "" if planted(summary) else summary


def _brief(state: ScriptState, changes: Changes, remembered: Sequence[Document], summary: str) -> dict[str, Any]:
    slots, host = state["slots"], state["host"]
    previous = (state.get("previous") or {}).get("content")
    action = _ACTIONS.get(state["kind"], state["kind"])
    if state["feedback"]:
        # A person sent the last draft back: that draft is what is to be made better.
        action, previous = "rewrite", state["content"]
    elif state["reading"]["then"] == "join":
        action = "join"
    report = state.get("report") or {}
    product, unwanted = state["product"], remarked.unwanted(state)
    kind = category_of(product.get("category", ""), str(product["name"])) if product else None
    return {
        "scenario": slots["scenario"],
        "action": action,
        # What somebody asked for comes before what is tried.
        "style": slots.get("style") or [one for one in changes.style if one not in (slots.get("avoid_style") or [])],
        "blocks": changes.blocks.model_dump(),
        "seconds": slots.get("seconds"),
        "pace": host.get("pace"),
        "length_change": slots.get("length_change"),
        "host": {key: value for key, value in host.items() if key != "id"},
        # Who does not see what is not to be told cannot tell it.
        "product": untold.without(unwanted, {key: value for key, value in product.items() if key != "id"}),
        "assumed": state["assumed"],
        # Where goods of no known kind are used nobody knows: 上班路上用得上 is untrue of a bottle of wine.
        "category": {"pains": kind.pains, "scenes": kind.scenes if kind.name != GENERIC else ()} if kind else {},
        "previous_product": state.get("previous_product"),
        "previous_script": previous,
        "summary": summary,
        "history": [f"{'运营' if turn['role'] == 'user' else '助手'}：{turn['content']}" for turn in state["history"]],
        "recalled": [one.content[:_EXCERPT] for one in remembered if one.kind != "rejection"],
        "sent_back": [one.content[:_REASON] for one in remembered if one.kind == "rejection"],
        "aired": state.get("aired") or [],
        "audience": slots.get("audience") or [],
        "must_say": slots.get("must_say") or [],
        "must_not_say": list(untold.words_of(unwanted, product)),
        "part": _part(state, previous),
        "feedback": state["feedback"],
        "remarks": state.get("remarks", []),
        "findings": report.get("to_fix") or [],
        "round": state["round"],
        "request": state["request"]["content"],
    }


def _part(state: ScriptState, previous: str | None) -> dict[str, Any] | None:
    """Return the one part of the text before that is to be changed, by its bounds; None when all of it may be."""
    if state["feedback"]:
        # What a check sent back since has the part changed already.
        sent_back = (state.get("report") or {}).get("to_fix")
        part = None if sent_back else part_meant(state["feedback"])
    else:
        part = part_meant(state["request"]["content"]) if state["kind"] == "restyle" else None
    span = span_of(previous, part) if part and previous else None
    return {"start": span[0], "end": span[1], "goes": part.goes} if part and span else None


def _turns(state: ScriptState, brief: dict[str, Any], texts: Mapping[str, str]) -> list[ChatTurn]:
    slots = state["slots"]
    seconds, pace = brief["seconds"], brief["pace"]
    values: dict[str, Any] = {
        **{key: brief[key] for key in _AS_DATA},
        "aired": [text[:_AIRED_EXCERPT] for text in brief["aired"][:_AIRED_SHOWN]],
        "style": "、".join(brief["style"]) or "自然口语",
        "avoid_style": "、".join(slots.get("avoid_style") or []) or "无",
        "scenario": SCENARIO_NAMES[brief["scenario"]],
        "scene_hint": texts[brief["scenario"]],
        "length": f"{seconds} 秒，约 {round(seconds / 60 * pace)} 字" if seconds else "按场景的常规长度",
        "previous_product": {"name": brief["previous_product"]},
        "summary": {"text": brief["summary"]},
        "previous_script": {"text": brief["previous_script"]},
        "action": texts[brief["action"]],
        "length_change": _LENGTHS.get(brief["length_change"] or "", ""),
        "must_say": brief["must_say"],
        "must_not_say": brief["must_not_say"],
        # No slot of its own: the sections that a running experiment has in their stead could not know it.
        "feedback": {"text": brief["feedback"], **({_EARLIER: brief["remarks"]} if brief["remarks"] else {})},
        "request": {"text": brief["request"], "audience": brief["audience"]},
    }
    body = "\n\n".join(f"# {name}\n{filled(texts[name], values)}" for name in _USER_SECTIONS)
    return [ChatTurn("system", texts["role"]), ChatTurn("user", body)]
