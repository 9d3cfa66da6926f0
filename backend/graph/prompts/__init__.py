"""Prompts in named sections, from the files beside this one. Data goes in fenced, as JSON, and is never an order."""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

_FOLDER: Final = Path(__file__).parent
_SECTION: Final = re.compile(r"^## (\w+)\n", re.MULTILINE)
_SLOT: Final = re.compile(r"\{\{(\w+)\}\}")


@cache
def sections(name: str) -> dict[str, str]:
    """Return the sections of `<name>.md` in their order."""
    parts = _SECTION.split((_FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    return {title: body.strip() for title, body in zip(parts[1::2], parts[2::2], strict=True)}


@cache
def version(name: str) -> str:
    """Return a short hash of the file: it goes into the script's provenance."""
    return hashlib.sha256((_FOLDER / f"{name}.md").read_bytes()).hexdigest()[:12]


@cache
def fixed_words(name: str) -> str:
    """Return what the prompt says whatever is asked: nobody is to hear it read out."""
    return "\n".join(_SLOT.sub("\n", body) for body in sections(name).values())


def rendered(name: str, section: str, **values: Any) -> str:
    """Fill a section's `{{slots}}`: strings as they are, everything else as fenced data.

    One pass, so that a slot's name inside a value stays what it is: text.
    """
    return _SLOT.sub(lambda match: _shown(match[1], values[match[1]]), sections(name)[section])


def _shown(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    # The fence cannot be closed from inside: JSON needs no "<", so it is written as an escape.
    data = orjson.dumps(value).decode().replace("<", "\\u003c")
    return f'<data name="{name}">\n{data}\n</data>'
