"""The model tier: what rules and learning leave in doubt, a language model is asked; what it says is checked.

Everything the model is shown (message, conversation, names of the catalogue, scripts) is fenced data. Everything it
says is held to a closed schema; after one repair, or an error, or no answer in time, the fast reading stands.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field

from backend.errors import ModelAnswerInvalid, ModelError
from backend.graph.intent.finds import Finds
from backend.graph.intent.folding import fold
from backend.graph.intent.reading import read
from backend.graph.intent.situation import Reading, Situation
from backend.graph.intent.weighing import as_wish
from backend.graph.prompts import rendered
from backend.graph.prompts import version as prompt_version
from backend.llm.gateway import AnswerShape, ChatTurn, Model, ModelRequest
from backend.llm.structured import Unusable, read_as, structured

log = structlog.get_logger(__name__)

#: Longer texts are read in a thread: ten thousand characters take the better part of a second, in which nobody else on
#: this loop would be served. For a short one the detour costs more than it spares.
_LONG: Final = 500
#: A reading that is less certain is put to the model. A question of ours more often: the model may spare it.
_ASK_BELOW: Final = 0.7
_ASK_BELOW_OF_UNCLEAR: Final = 0.9
#: Seconds for both questions together: somebody waits, and the fast reading is there.
_PATIENCE: Final = 8.0
#: Characters shown of a message (its beginning and end), a script, a turn; and products, scripts, turns at most.
_SHOWN: Final = 1200
_SHOWN_OF_OTHERS: Final = 160
_MOST: Final = 60
_MOST_TURNS: Final = 6
#: Nobody measured how often this model is right: its own word counts only between these.
_LEAST_SURE, _MOST_SURE = 0.4, 0.9
_LONGEST_ANSWER: Final = 4000

_CHAT: Final = frozenset({"question", "smalltalk", "decision", "check", "injection"})
_ACTION: Final = frozenset({"order", "cancel", "price", "stock", "coupon", "shelf", "live"})


class Said(BaseModel):
    """The model's answer."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    kind: Literal["write", "continue", "restyle", "regenerate", "switch_product", "batch", "chat", "action", "unclear"]
    scenario: Literal["opening", "selling_points", "promotion", "seeding", "transition", "closing"] | None
    product: int | None = Field(ge=0)
    product_name: str | None = Field(max_length=40)
    draft: int | None = Field(ge=0)
    about: str | None
    confidence: float = Field(ge=0, le=1)


#: The prompt says it in words.
_SHAPE: Final = AnswerShape("reading", Said.model_json_schema(), told=True)


async def understood(
    message: str, situation: Situation, model: Model | None, conversation: Sequence[dict[str, str]] = ()
) -> Reading:
    """Understand one message; what is in doubt is put to `model`, if there is one. Never raises for any answer."""
    fast = await _read(message, situation)
    if model is None or not in_doubt(fast):
        return fast
    try:
        async with asyncio.timeout(_PATIENCE):
            said = await _asked(message, situation, model, conversation)
    except (ModelError, TimeoutError) as error:
        reason = getattr(error, "code", "timeout")
        if isinstance(error, ModelAnswerInvalid):
            reason = error.details["problem"]
        log.warning("intent_model_unusable", reason=reason)
        return fast
    return _reading(said, message, situation)


async def _read(message: str, situation: Situation) -> Reading:
    if len(message) <= _LONG:
        return read(message, situation)
    return await asyncio.to_thread(read, message, situation)


def in_doubt(reading: Reading) -> bool:
    """Tell whether a model should be asked. An attack is an attack, and a text that came along speaks for itself."""
    if reading.pasted is not None or reading.about == "injection" or reading.missing in ("language", "host"):
        return False
    return reading.confidence < (_ASK_BELOW_OF_UNCLEAR if reading.kind == "unclear" else _ASK_BELOW)


async def _asked(message: str, situation: Situation, model: Model, conversation: Sequence[dict[str, str]]) -> Said:
    request = ModelRequest(
        purpose="intent",
        turns=_turns(message, situation, conversation),
        brief={},
        temperature=0.0,
        max_tokens=300,
        shape=_SHAPE,
        prompt_version=prompt_version("intent"),
    )
    answer = await structured(
        model,
        request,
        lambda text: _checked(text, message, situation),
        repair=lambda problem: rendered("intent", "repair", problem={"problem": problem}),
        longest=_LONGEST_ANSWER,
    )
    return answer.value


def _turns(message: str, situation: Situation, conversation: Sequence[dict[str, str]]) -> list[ChatTurn]:
    shown = message if len(message) <= _SHOWN else f"{message[: _SHOWN // 2]}……{message[-_SHOWN // 2 :]}"
    asked = rendered(
        "intent",
        "request",
        products=[
            {"place": place, "name": known.name, "aliases": list(known.aliases)[:5]}
            for place, known in enumerate(situation.products[:_MOST])
        ],
        drafts=[
            {
                "place": place,
                "number": draft.number or place + 1,
                "product": draft.product_name,
                "scenario": draft.scenario,
                "begins": draft.content[:60],
            }
            for place, draft in enumerate(situation.drafts)
        ][-_MOST:],
        conversation=[
            {"role": turn["role"], "content": turn["content"][:_SHOWN_OF_OTHERS]}
            for turn in conversation[-_MOST_TURNS:]
        ],
        summary={"text": situation.summary},
        current={"name": situation.product_name},
        message={"text": shown},
    )
    return [ChatTurn("system", rendered("intent", "role")), ChatTurn("user", asked)]


def _checked(answer: str, message: str, situation: Situation) -> Said:
    """Hold an answer to the schema and to what is there."""
    said = read_as(Said, answer)
    if said.product is not None and said.product >= len(situation.products[:_MOST]):
        raise Unusable("product: no such place")
    if said.draft is not None and said.draft >= len(situation.drafts):
        raise Unusable("draft: no such place")
    if said.product_name is not None and fold(said.product_name) not in fold(message):
        raise Unusable("product_name: not a word of the message")
    if said.about not in {"chat": _CHAT, "action": _ACTION}.get(said.kind, {None}):
        raise Unusable(f"about: {said.kind} knows no such subject")
    return said


def _reading(said: Said, message: str, situation: Situation) -> Reading:
    """Make a reading of an answer; details of length, style and words are taken from the message as ever."""
    finds = Finds(fold(message), situation)
    if said.product is not None:
        finds.product, finds.unsure = situation.products[said.product], ()
    elif said.product_name:
        finds.product, finds.unsure = None, ()
        finds.name(said.product_name)
    if said.draft is not None:
        finds.draft = said.draft
    reading = as_wish(finds, said.kind, said.about, said.scenario)
    sure = min(max(said.confidence, _LEAST_SURE), _MOST_SURE)
    return replace(reading, confidence=round(sure, 2), reason=f"the model: {reading.reason}", tier="model")
