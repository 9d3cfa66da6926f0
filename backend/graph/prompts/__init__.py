"""Prompts in named sections, from the files beside this one. Data goes in fenced, as JSON, and is never an order."""

import hashlib
import re
from collections.abc import Mapping
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


def version(name: str, instead: Mapping[str, str] | None = None) -> str:
    """Return a short hash of the file and of what stands `instead` of its sections: it goes into the provenance."""
    found = hashlib.sha256((_FOLDER / f"{name}.md").read_bytes())
    if instead:
        found.update(orjson.dumps(dict(instead), option=orjson.OPT_SORT_KEYS))
    return found.hexdigest()[:12]


@cache
def fixed_words(name: str) -> str:
    """Return what the prompt says whatever is asked: nobody is to hear it read out."""
    return "\n".join(without_slots(body) for body in sections(name).values())


def without_slots(text: str) -> str:
    """Return the words of a section without what is filled in."""
    return _SLOT.sub("\n", text)


def slots(text: str) -> frozenset[str]:
    """Return the names of a section's `{{slots}}`."""
    return frozenset(_SLOT.findall(text))


def rendered(name: str, section: str, **values: Any) -> str:
    """Return a section with its `{{slots}}` filled."""
    return filled(sections(name)[section], values)


def filled(text: str, values: Mapping[str, Any]) -> str:
    """Fill the `{{slots}}` of a section's text: strings as they are, everything else as fenced data.

    One pass, so that a slot's name inside a value stays what it is: text.
    """
    return _SLOT.sub(lambda match: _shown(match[1], values[match[1]]), text)


def _shown(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    # The fence cannot be closed from inside: JSON needs no "<", so it is written as an escape.
    data = orjson.dumps(value).decode().replace("<", "\\u003c")
    return f'<data name="{name}">\n{data}\n</data>'
