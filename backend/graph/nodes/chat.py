"""Answers what asks for no script: questions, small talk, words to be checked, operations nobody can do here yet."""

from contextlib import aclosing

from langgraph.runtime import Runtime

from backend.domain.thread_notes import read_notes
from backend.graph.checking import rules_in_force
from backend.graph.intent.tripwire import planted
from backend.graph.intent.vocabulary import OPERATION_NAMES
from backend.graph.offers import offer_later
from backend.graph.own_answers import own_answer, stock_on_record
from backend.graph.prompts import rendered
from backend.graph.prompts import version as prompt_version
from backend.graph.replying import Reply
from backend.graph.state import GraphContext, ScriptState, Step
from backend.ids import derived_id
from backend.llm.gateway import ChatTurn, ModelRequest, Piece
from backend.protocol.events import Finding, MessageComplete, MessageStarted, Token, Usage
from backend.quality.lexicon import RuleSnapshot

_INJECTION = (
    "这条我不能照做：我不会透露内部设定，也不会绕过质检和审批。需要写或改口播稿的话，直接告诉我产品和环节就行。"
)
_GRAVITY = {"block": "不能说", "fail": "要改", "warn": "要小心", "info": "留意"}
_DECISION = "现在没有等待审批的稿子，所以什么都没有改动。要写新的或改刚才那段，直接说就行。"


async def chat(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Answer in words; nothing is written, decided or changed.

    Raises:
        ModelPayloadInvalid: what the model said is no answer; what was shown before it stays as it is.
    """
    context = runtime.context
    message_id = derived_id(context.run_id, "chat", 0)
    runtime.stream_writer(MessageStarted(message_id=message_id, agent="chat"))
    about = state["reading"]["about"]
    known = await _known(state, context, about)
    shown: list[str] = []
    usage, last = None, Piece(finish_reason="stop")

    def show(text: str) -> None:
        if text:
            runtime.stream_writer(
                Token(message_id=message_id, agent="chat", attempt=context.attempt, i=len(shown), content=text)
            )
            shown.append(text)

    if known is not None:
        show(known)
    else:
        reply = Reply(state["request"]["content"])
        async with context.db.tenant(context.tenant_id) as conn:
            summary = (await read_notes(conn, context.thread_id)).summary
        request = _request(state, context, "" if planted(summary) else summary)
        async with aclosing(context.model.stream(request)) as pieces:
            async for piece in pieces:
                show(reply.feed(piece.text))
                last = piece if piece.finish_reason else last
                if piece.usage is not None:
                    usage = Usage(
                        model=piece.model or context.model.name,
                        input_tokens=piece.usage.input_tokens,
                        output_tokens=piece.usage.output_tokens,
                        estimated=piece.usage.estimated,
                    )
        show(reply.end(last))
    runtime.stream_writer(
        MessageComplete(
            message_id=message_id, role="assistant", agent="chat", content="".join(shown).strip(), usage=usage
        )
    )
    offer_later(state, runtime)
    detail = {"about": about, "kind": state["kind"], "finished": last.is_whole}
    return Step({"outcome": "completed"}, detail if last.is_whole else {**detail, "ended": last.finish_reason})


async def _known(state: ScriptState, context: GraphContext, about: str | None) -> str | None:
    """Return what is answered without a model; None when nobody here knows."""
    if about == "check":
        return _checked(state, await rules_in_force(state, context))
    if state["kind"] == "action":
        what = OPERATION_NAMES.get(about or "", "这项操作")
        on_record = await stock_on_record(state, context) if about == "stock" else ""
        return f"「{what}」我现在还办不了，什么都没有改动，请到店铺后台操作。{on_record}口播稿方面的事可以直接交给我。"
    fixed = {"injection": _INJECTION, "decision": _DECISION}.get(about or "")
    return fixed if fixed is not None else await own_answer(state, context)


def _checked(state: ScriptState, rules: RuleSnapshot) -> str:
    """Say what the rules find in the text that came with the message: the words, why, and how to say it instead."""
    text = state["reading"]["pasted"]
    if not text:
        return "要查哪一段？把原文贴在冒号后面发给我，例如「这段有没有违规：……」，我按广告法和平台规则逐词查。"
    findings = rules.scan(text)
    if not findings:
        return (
            "这段话没有查到违规或需要小心的词句。这只是词句检查：里面的价格、数据和功效要有凭据，"
            f"写成稿子时还会再审一遍。（规则版本 {rules.version}）"
        )
    worst = "不能直接播" if any(finding.severity == "block" for finding in findings) else "要改或要有凭据才能播"
    lines = [f"这段话{worst}，查到 {len(findings)} 处："]
    for place, finding in enumerate(findings, 1):
        instead = f"。建议改成「{finding.suggestion}」" if finding.suggestion else ""
        lines.append(f"{place}. {_GRAVITY[finding.severity]}：{finding.message}（{finding.basis}）{instead}")
    rewritten = _rewritten(text, findings)
    if rewritten != text:
        lines.append(f"按建议改过的说法：{rewritten}")
        if left := rules.scan(rewritten):
            lines.append("其中" + "、".join(f"“{one.excerpt}”" for one in left) + "没有现成的替换，要整句重写或删掉。")
    return "\n".join(lines)


def _rewritten(text: str, findings: list[Finding]) -> str:
    """Put the suggestions in place, from the end so that spans stay right."""
    for finding in sorted(findings, key=lambda finding: finding.span, reverse=True):
        if finding.suggestion is not None:
            start, end = finding.span
            text = text[:start] + finding.suggestion + text[end:]
    return text


def _request(state: ScriptState, context: GraphContext, summary: str) -> ModelRequest:
    content = state["request"]["content"]
    product = state["slots"].get("product_name") or ""
    asked = rendered(
        "chat",
        "question",
        product={"name": product},
        summary={"text": summary},
        history=state["history"],
        question={"text": content},
    )
    return ModelRequest(
        purpose="chat",
        turns=[ChatTurn("system", rendered("chat", "role")), ChatTurn("user", asked)],
        brief={
            "question": content,
            "topics": [state["reading"]["about"]] if state["reading"]["about"] else [],
            "product": {"name": product},
            "history": [f"{turn['role']}: {turn['content']}" for turn in state["history"]],
        },
        seed=derived_id(context.run_id, "chat").int % 2**31,
        prompt_version=prompt_version("chat"),
    )
