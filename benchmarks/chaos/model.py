"""The scripted model with a text of its own for each request, so that the texts of two attempts can be told apart."""

from itertools import count

from benchmarks.conversations import TEXT
from tests.support.scripted_model import Asked, Script, ScriptedModel

_DIGITS = "甲乙丙丁戊己庚辛壬癸"


class ManyTexts(ScriptedModel):
    """Says a text that passes the quality gate, at `delay` seconds a piece of four characters, each time another."""

    def __init__(self, delay: float) -> None:
        super().__init__()
        self._delay = delay
        self._numbers = count(1)

    def _script_for(self, asked: Asked) -> Script:
        return Script(kind="text", text=text_number(next(self._numbers)), piece=4, delay=self._delay)


def text_number(number: int) -> str:
    """Return a script that differs from the others at its beginning, in the middle and at its end."""
    called = "".join(_DIGITS[int(digit)] for digit in str(number))
    middle = TEXT.index("。", len(TEXT) // 2) + 1
    return f"这是说给{called}听的。{TEXT[:middle]}{called}也来看看。{TEXT[middle:]}{called}，我们下次见。"
