"""The model that needs no key: it composes scripts from the brief's facts and streams them at a human pace."""

import asyncio
import random
from collections.abc import AsyncGenerator

from backend.errors import ModelRefused
from backend.llm.adapters.offline.chat import answer
from backend.llm.adapters.offline.compose import compose
from backend.llm.adapters.offline.parts import with_part_changed
from backend.llm.adapters.offline.sheet import read_sheet
from backend.llm.endpoint import Attempt
from backend.llm.gateway import Answer, ModelRequest, Piece, estimated_usage, gathered


class OfflineWriter:
    """Writes scripts and chat answers. `pace` is characters per second; 0 streams as fast as it can.

    It needs no deadlines and cannot be asked twice for one answer, so an `Attempt` tells it nothing.
    """

    name = "offline"

    def __init__(self, pace: float) -> None:
        self._pace = pace

    async def aclose(self) -> None:
        """Nothing to close: it holds no connection."""

    async def complete(self, request: ModelRequest, attempt: Attempt | None = None) -> Answer:
        return await gathered(self.stream(request), request)

    async def stream(self, request: ModelRequest, attempt: Attempt | None = None) -> AsyncGenerator[Piece, None]:
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
        yield Piece(finish_reason="stop", usage=estimated_usage(request, text))


def _write(request: ModelRequest) -> str:
    match request.purpose:
        case "script":
            sheet = read_sheet(request.brief)
            return with_part_changed(request.brief, sheet, request.seed) or compose(sheet, request.seed)
        case "chat":
            return answer(request.brief, request.seed)
        case _:
            raise ModelRefused("The offline writer writes scripts and chat answers only.", purpose=request.purpose)
