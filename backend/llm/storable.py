"""What a model says without the characters that nothing can store."""

import re
from typing import Any, Final

_SURROGATES: Final = re.compile("[\ud800-\udfff]")
#: A zero as JSON writes it. A stroke before it, itself written as two, belongs to what stands before.
_WRITTEN_ZERO: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def storable(text: str) -> str:
    """Return a text without zeros and halves of surrogate pairs: PostgreSQL takes neither, so what holds one could be
    neither kept nor told."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text if text.isascii() else _SURROGATES.sub("", text)


def storable_json(text: str) -> str:
    """Return the text of a JSON document of which no string holds a zero."""
    return _WRITTEN_ZERO.sub(r"\1", text) if "\\u0000" in text else text


def storable_all(value: Any) -> Any:
    """Return a value of plain JSON all of whose texts are storable."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable_all(key): storable_all(one) for key, one in value.items()}
    return [storable_all(one) for one in value] if isinstance(value, list | tuple) else value
