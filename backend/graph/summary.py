"""The summary of what is before a conversation's window, by a language model; what it says is checked.

The facts it is given were taken without a model and stand beside it. Everything it is shown is fenced data. A summary
that is too long, in another language, markup, an order to us, or that holds a number or personal data nobody gave it is
not used: after one repair, or an error, or no answer in time, the facts in plain words are the summary.
"""

import asyncio
import re
from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

import structlog

from backend.errors import ModelError
from backend.graph.intent.tripwire import planted
from backend.graph.prompts import fixed_words, rendered
from backend.graph.prompts import version as prompt_version
from backend.llm.gateway import ChatTurn, Model, ModelRequest, Piece
from backend.quality.normalize import fold
from backend.quality.pii import find_pii

log = structlog.get_logger(__name__)

#: Seconds for both questions together. Nobody waits, but a job holds a place in the queue.
_PATIENCE: Final = 60.0
#: Turns that are shown, and characters of each.
_TURNS: Final = 60
_SHOWN: Final = 200
#: Of the letters and characters so many must be Chinese: brand names and units stay as they are.
_CHINESE: Final = 0.6
_LEAST: Final = 10
_READ_OUT: Final = 14
_MARKUP: Final = re.compile(r"^\s*(?:#|[-*•]\s|\d+[.、)]\s|```|\||\{)|</?data|\*\*", re.MULTILINE)
_AT_US: Final = re.compile(r"^(?:好的|以下是|当然|没问题|作为(?:一个)?(?:AI|人工智能|助手))")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")


class _Unusable(Exception):
    """What the model said cannot be used; the text says why."""


async def summed_up(
    model: Model | None, facts: str, before: str, turns: Sequence[str], characters: int
) -> tuple[str, str]:
    """Return the summary and who wrote it: the model's name, or "offline" for `facts` as they are.

    Never raises for any answer.

    `facts` are the notes in words, `before` the summary so far, `turns` what was said since, oldest first; personal
    data is masked in all of them.
    """
    if model is None or characters < _LEAST or not turns:
        return facts, "offline"
    try:
        async with asyncio.timeout(_PATIENCE):
            return await _asked(model, facts, before, turns, characters)
    except (_Unusable, ModelError, TimeoutError) as error:
        reason = str(error) if isinstance(error, _Unusable) else getattr(error, "code", "timeout")
        log.warning("summary_model_unusable", reason=reason)
        return facts, "offline"


async def _asked(model: Model, facts: str, before: str, turns: Sequence[str], characters: int) -> tuple[str, str]:
    length = str(characters)
    shown = [turn[:_SHOWN] for turn in turns[-_TURNS:]]
    asked = rendered("summary", "request", facts={"text": facts}, before={"text": before}, turns=shown, length=length)
    known = "\n".join((facts, before, *shown))
    question = [ChatTurn("system", rendered("summary", "role")), ChatTurn("user", asked)]
    answer, by, whole = await _answer(model, question, characters)
    try:
        return _checked(answer, known, characters, whole=whole), by
    except _Unusable as error:
        repair = rendered("summary", "repair", problem={"problem": str(error)}, length=length)
        again = [*question, ChatTurn("assistant", answer[: 2 * characters] or "……"), ChatTurn("user", repair)]
        answer, by, whole = await _answer(model, again, characters)
        return _checked(answer, known, characters, whole=whole), by


async def _answer(model: Model, turns: Sequence[ChatTurn], characters: int) -> tuple[str, str, bool]:
    """Return what was answered, by which model, and whether that is all of it."""
    request = ModelRequest(
        purpose="summary",
        turns=turns,
        brief={},
        temperature=0.0,
        max_tokens=characters + 200,
        prompt_version=prompt_version("summary"),
    )
    text, by, last = "", model.name, Piece(finish_reason="stop")
    async with aclosing(model.stream(request)) as pieces:
        async for piece in pieces:
            text += piece.text
            by, last = piece.model or by, piece if piece.finish_reason else last
            if len(text) > 4 * characters + 400:
                raise _Unusable("far too long")
    return text, by, last.is_whole


def _checked(answer: str, known: str, characters: int, *, whole: bool) -> str:
    """Hold a summary to what a summary is; `known` is everything the model was shown."""
    text = answer.strip()
    if not whole:
        raise _Unusable("it broke off")
    if len(text) < _LEAST:
        raise _Unusable("nothing in it")
    if len(text) > characters:
        raise _Unusable(f"longer than {characters} characters")
    letters = [sign for sign in text if sign.isalpha()]
    if sum("\u3400" <= sign <= "\u9fff" for sign in letters) < _CHINESE * max(len(letters), 1):
        raise _Unusable("not Chinese")
    if _MARKUP.search(text) or _AT_US.match(text):
        raise _Unusable("not the bare summary")
    if planted(text):
        raise _Unusable("gives orders")
    if find_pii(text) and not all(hit.masked in known for hit in find_pii(text)):
        raise _Unusable("personal data")
    if _reads_out(text):
        raise _Unusable("repeats the instructions")
    given = set(_NUMBER.findall(fold(known).text))
    if made_up := [number for number in _NUMBER.findall(fold(text).text) if number not in given]:
        raise _Unusable(f"a number nobody said: {made_up[0]}")
    return text


def _reads_out(text: str) -> bool:
    ours = fixed_words("summary")
    return any(text[at : at + _READ_OUT] in ours for at in range(len(text) - _READ_OUT + 1))
