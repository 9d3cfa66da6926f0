"""Notices attempts to turn us against our orders. What is quoted or talked about is none."""

import re
from typing import Final

from backend.graph.intent.folding import fold
from backend.graph.intent.vocabulary import phrases

_WH_AT_END: Final = re.compile(r"(?:吗|么|呢|\?|没)[?!.]*$")


def injected(text: str) -> str | None:
    """Return why folded `text` is an attempt to turn us against our orders; None for talk about such attempts."""
    tables = phrases("injection")
    match = tables["patterns"].search(text)
    if match is None:
        return None
    said = tables["reported"].search(text)
    # Reported speech comes before what is reported; "什么是提示词注入" may come anywhere.
    if said is not None and (said.start() <= match.start() or _WH_AT_END.search(text)):
        return None
    return f"tripwire: {match[0][:40]}"


def planted(text: str) -> str | None:
    """Return why `text`, which came as data (a product's record, a host's profile, a tool's answer), is an order to us.

    Nobody talks with us there, so what is reported is judged as well.
    """
    match = phrases("injection")["patterns"].search(fold(text))
    return f"tripwire: {match[0][:40]}" if match else None
