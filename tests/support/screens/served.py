"""`python -m tests.support.screens.served`: the server, whose offline writer writes the same for the same brief.

In production each run draws another wording: its seed comes from the run's id. Pictures are to change when the product
does, so here the seed comes from what is asked for.
"""

import json
import re
import sys
import zlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Final

from backend.__main__ import main
from backend.llm.adapters.offline.writer import OfflineWriter
from backend.llm.endpoint import Attempt
from backend.llm.gateway import ModelRequest, Piece
from tests.support.processes import ServerProcess

_as_drawn: Final = OfflineWriter.stream
#: What is another in each run: ids and moments.
_BY_CHANCE: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|\d{4}-\d\d-\d\d[T ][\d:.+Z]*")


class StudioServer(ServerProcess):
    """The server that is photographed."""

    module = __name__


async def _as_asked(
    self: OfflineWriter, request: ModelRequest, attempt: Attempt | None = None
) -> AsyncGenerator[Piece, None]:
    asked = json.dumps(request.brief, ensure_ascii=False, sort_keys=True, default=str)
    seed = zlib.crc32(_BY_CHANCE.sub("", asked).encode())
    async for piece in _as_drawn(self, replace(request, seed=seed), attempt):
        yield piece


if __name__ == "__main__":
    OfflineWriter.stream = _as_asked  # type: ignore[method-assign]
    sys.exit(main())
