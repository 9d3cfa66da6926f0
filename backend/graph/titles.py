"""What a script is called."""

from typing import Any

from backend.graph.intent.vocabulary import SCENARIO_NAMES


def title_of(slots: dict[str, Any], product_name: str | None) -> str:
    """Return product and segment in one line."""
    scenario = SCENARIO_NAMES[slots["scenario"]]
    return f"{product_name} · {scenario}" if product_name else scenario
