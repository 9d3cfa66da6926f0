"""The tables of `vocabulary.toml`, compiled once."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

from backend.quality.heads import headed

_FILE: Final = Path(__file__).with_name("vocabulary.toml")


@cache
def _tables() -> dict[str, Any]:
    tables: dict[str, Any] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return tables


@cache
def phrases(table: str) -> dict[str, re.Pattern[str]]:
    """Return one pattern for each label of a table, its longer phrases first."""
    return {label: headed("|".join(words)) for label, words in _tables()[table].items()}


def load() -> None:
    """Compile everything now: a tenth of a second that the loop need not stand still for with the first message."""
    for table in _tables():
        if not table.endswith("_names"):
            phrases(table)


def names(table: str) -> dict[str, str]:
    """Return how labels are called in Chinese (`scenario_names`, `operation_names`)."""
    called: dict[str, str] = _tables()[table]
    return called


#: How segments and operations are called in Chinese.
SCENARIO_NAMES: Final = names("scenario_names")
OPERATION_NAMES: Final = names("operation_names")
