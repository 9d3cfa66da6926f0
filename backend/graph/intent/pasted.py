"""A text that came with the message: to be changed, or to be checked."""

import re
from typing import Final

from backend.graph.intent.folding import fold
from backend.graph.intent.vocabulary import phrases

#: The request ends and the text begins: at a colon, or at a line's end.
_SEAM: Final = re.compile(r"[:：\n]+")
_QUOTED: Final = re.compile(r"[“\"「『‘]([^”\"」』’]{2,})[”\"」』’]")
_QUESTION: Final = re.compile(r"[?？。.!！，,\s]*$")
#: "防近视"涉嫌违规,你改掉: it is not asked whether it may be said.
_TO_GO: Final = re.compile(r"[改换删去拿划抠抹]掉|删了|去除")
_LONGEST_REQUEST: Final = 40
_SHORTEST_TEXT: Final = 12


def pasted_in(message: str) -> tuple[str, str] | None:
    """Return the request and the text it is about, as they were sent; None when no text came with it.

    The request is short and comes before a colon, a line's end or around quotation marks. The text may begin with
    one or two words that end in a colon themselves; only the first seam after a word of change or check counts.
    """
    for seam in _SEAM.finditer(message):
        head, body = message[: seam.start()].strip(), message[seam.end() :].strip()
        if len(head) > _LONGEST_REQUEST:
            break
        # A word may be checked; what is to be changed is a text: "改一下：保温杯的开场" names one, it is none.
        if len(body) >= (2 if asks_for_check(fold(head)) else _SHORTEST_TEXT) and _is_about_text(head):
            return head, body
    # The text first, the request below it.
    body, _, tail = message.strip().rpartition("\n")
    if len(body) >= _SHORTEST_TEXT and len(tail) <= _LONGEST_REQUEST and _is_about_text(tail):
        return tail, body.strip()
    quoted = _QUOTED.search(message)
    if quoted:
        rest = message[: quoted.start()] + "这句" + message[quoted.end() :]
        if len(rest) <= _LONGEST_REQUEST and asks_for_check(fold(rest)) and not _TO_GO.search(rest):
            return rest, quoted[1].strip()
        if len(quoted[1]) >= _SHORTEST_TEXT and _is_about_text(rest):
            return rest, quoted[1].strip()
    return None


def asks_for_check(folded: str) -> bool:
    """Tell whether somebody wants to know if words may be said."""
    return phrases("material")["check"].search(folded) is not None


def bare_words(folded: str) -> str | None:
    """Return the words whose use is asked about without marks: 全网最低价能说吗."""
    match = phrases("material")["may_i"].search(folded)
    if match is None:
        return None
    words = _QUESTION.sub("", folded[: match.start()] + folded[match.end() :])
    words = re.sub(
        r"^(?:请问|那|在?直播(?:间|时)?(?:里|中)?|我|主播|里面?)+|(?:这句话?|这个词|这些词)$", "", words
    ).strip(' ,"')
    return words if len(words) >= 2 and not re.search(r"什么|哪|怎么|谁|^(?:这|那|上|前|刚)", words) else None


def _is_about_text(head: str) -> bool:
    folded = fold(head)
    return phrases("material")["this"].search(folded) is not None and (
        asks_for_check(folded)
        or any(phrases("cues")[name].search(folded) for name in ("restyle", "shorter", "longer", "regenerate"))
    )
