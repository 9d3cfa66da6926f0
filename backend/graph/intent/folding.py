"""One spelling for many: width, traditional characters, case, and what cannot be seen."""

import re
import unicodedata
from functools import cache
from typing import Any, Final

_INVISIBLE: Final = re.compile(r"[\u200b-\u200f\u2060-\u2064\ufeff\u00ad]")
_SPACES: Final = re.compile(r"\s+")
#: A space between Chinese characters means nothing.
_IDLE_SPACE: Final = re.compile(r"(?<=[\u3400-\u9fff，。！？、；：]) (?=[\u3400-\u9fff，。！？、；：0-9])")
_MARKS: Final = str.maketrans(
    {
        "。": ".",
        "、": ",",
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
_CLAUSE_END: Final = re.compile(r"(?<!\d)\.(?!\d)|[,!?;:\n]|\.(?!\d)|(?<=[\u4e00-\u9fff])\s(?=[\u4e00-\u9fffa-z])")


@cache
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def fold(text: str) -> str:
    """Return the text in simplified characters, half width, lower case, one line, with plain punctuation."""
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    plain = _SPACES.sub(" ", _converter().convert(plain).lower().translate(_MARKS)).strip()
    return _IDLE_SPACE.sub("", plain)


def clauses(folded: str) -> list[str]:
    """Split folded text where a speaker pauses."""
    return [part.strip() for part in _CLAUSE_END.split(folded) if part and part.strip()]
