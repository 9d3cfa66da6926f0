"""The model that needs no key: it composes scripts from the brief's facts and streams them at a human pace."""

import asyncio
import random
from collections.abc import AsyncGenerator

from backend.errors import ModelRefused
from backend.llm.adapters.offline.chat import answer
from backend.llm.adapters.offline.compose import compose
from backend.llm.adapters.offline.sheet import read_sheet
from backend.llm.gateway import ModelRequest, Piece, Usage, estimate_tokens


class OfflineWriter:
    """Writes scripts and chat answers. `pace` is characters per second; 0 streams as fast as it can."""

    name = "offline"

    def __init__(self, pace: float) -> None:
        self._pace = pace

    async def aclose(self) -> None:
        """Nothing to close: it holds no connection."""

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Piece, None]:
        text = _write(request)
        loop = asyncio.get_running_loop()
        started, said = loop.time(), 0
        rng = random.Random(request.seed)  # noqa: S311 — the rhythm of the stream
        while said < len(text):
            piece = text[said : said + rng.choice((1, 2, 2, 3, 4))]
            yield Piece(text=piece)
            said += len(piece)
            # By the clock, not by the sum of the pauses: late wake-ups must not slow the text down.
            due = started + said / self._pace if self._pace else 0.0
            await asyncio.sleep(max(0.0, due - loop.time()))
        asked = sum(estimate_tokens(turn.content) for turn in request.turns)
        yield Piece(finish_reason="stop", usage=Usage(asked, estimate_tokens(text), estimated=True))


def _write(request: ModelRequest) -> str:
    match request.purpose:
        case "script":
            return compose(read_sheet(request.brief), request.seed)
        case "chat":
            return answer(request.brief, request.seed)
        case _:
            raise ModelRefused("The offline writer writes scripts and chat answers only.", purpose=request.purpose)
