"""One spelling for many: width, traditional characters, case, and what cannot be seen."""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any, Final

_INVISIBLE: Final = re.compile(r"[\u200b-\u200f\u2060-\u2064\ufeff\u00ad]")
_SPACES: Final = re.compile(r"\s+")
#: A space between Chinese characters means nothing.
_IDLE_SPACE: Final = re.compile(r"(?<=[\u3400-\u9fff，。！？、；：]) (?=[\u3400-\u9fff，。！？、；：0-9])")
_MARKS: Final = str.maketrans(
    {
        "。": ".",
        "；": ",",
        "“": '"',
        "”": '"',
        "「": '"',
        "」": '"',
        "『": '"',
        "』": '"',
        "‘": '"',
        "’": '"',
        "《": '"',
        "》": '"',
        "【": '"',
        "】": '"',
        "～": "~",
    }
)
_LATIN: Final = re.compile(r"[a-z0-9]+(?:[ .+&-]*[a-z0-9+]+)*")
_CLAUSE_END: Final = re.compile(r"(?<!\d)\.(?!\d)|[,、!?;:\n]|\.(?!\d)|(?<=[\u4e00-\u9fff])\s(?=[\u4e00-\u9fffa-z])")


@cache
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def load() -> None:
    """Read the converter's dictionaries now."""
    _converter()


def fold(text: str) -> str:
    """Return the text in simplified characters, half width, lower case, one line, with plain punctuation."""
    return cased(text).lower()


@lru_cache(maxsize=2048)  # the names of a catalogue are folded for every message
def cased(text: str) -> str:
    """Return the text folded but for its capitals: what stands at a place of the one stands there in the other."""
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    # A capital of two characters in lower case ("İ") would move everything after it.
    plain = "".join(sign if len(sign.lower()) == 1 else sign.lower() for sign in _converter().convert(plain))
    return _IDLE_SPACE.sub("", _SPACES.sub(" ", plain.translate(_MARKS)).strip())


def as_written(words: str, text: str) -> str:
    """Give `words`, taken from `fold(text)`, the capitals they have in `text`."""
    original = cased(text)
    folded = original.lower()

    def written(match: re.Match[str]) -> str:
        at = folded.find(match[0])
        return original[at : at + len(match[0])] if at >= 0 else match[0]

    return _LATIN.sub(written, words)


def clauses(folded: str) -> list[str]:
    """Split folded text where a speaker pauses."""
    return [part.strip() for part in _CLAUSE_END.split(folded) if part and part.strip()]
