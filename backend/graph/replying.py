"""What a model answers in the chat, held to what an answer may be before anybody sees it.

It is passed on by the sentence: one that reads our instructions out, is in another language or leaves something to be
filled in ends the answer with an error instead of being shown. Thoughts and markdown are left out. An answer is for an
operator and not for the air, so nothing else is taken from it.
"""

import re
from typing import Final

from backend.errors import ModelPayloadInvalid
from backend.graph.prompts import fixed_words
from backend.llm.gateway import Piece
from backend.quality import craft

_END: Final = re.compile(r"[。！？!?…]+[”’」』）)]*|\n")
_MARKUP: Final = re.compile(r"\*\*|```\w*|`|^#{1,6}\s+|</?[A-Za-z][^<>\n]{0,30}>", re.MULTILINE)
_HAN: Final = re.compile("[\u4e00-\u9fff]")
_KANA: Final = re.compile("[\u3040-\u30ff]")
_WORD: Final = re.compile(r"[a-z\u0400-\u04ff\uac00-\ud7af]{2,}")
#: What somebody was to fill in. Fewer than in a script: an answer may speak of “某某商品”, and quote a form.
_SLOT: Final = re.compile(
    r"\{\{[^}]*\}\}|\$\{[^}]*\}|"
    r"[【\[](?:请?填|插入|此处|(?:产品|商品|品牌|价格|主播|姓名)(?:名称?|名字)?[】\]])[^】\]\n]{0,12}[】\]]?"
)
_THINK, _THOUGHT = "<think>", "</think>"
#: So many words before the first Chinese character, or kana in one sentence, are no name of a product any more.
_FOREIGN: Final = 6
#: What does not end in so many characters is passed on as it is.
_LONGEST: Final = 400
#: Characters of what was said before that a stretch of our instructions may have begun in.
_BEFORE: Final = 40
UNFINISHED: Final = "……（模型说到这里就停了，没有说完。）"
FILTERED: Final = "……（后面的话被模型服务商按内容规则拦下了，没有说完。换个问法可以再问一次。）"


class Reply:
    """One answer: feed the pieces, show what comes back, `end` gives the rest.

    Each raises ModelPayloadInvalid for what no answer may be.
    """

    def __init__(self, question: str) -> None:
        self._question = question
        self._chinese = _HAN.search(question) is not None and _KANA.search(question) is None
        self._raw = ""
        self._thinking = False
        self._held = ""
        self._said = ""

    def feed(self, piece: str) -> str:
        """Return what may be shown now."""
        self._held += self._spoken(piece)
        out = ""
        while end := _END.search(self._held):
            if end.end() == len(self._held) and end[0] != "\n":
                break  # marks may go on in the next piece
            out += self._sentence(end.end())
        return out + self._sentence(len(self._held)) if len(self._held) > _LONGEST else out

    def end(self, last: Piece) -> str:
        """Return what was still waiting, and say so when the model did not end by itself. `last` closed the answer."""
        if not self._thinking:
            self._held += self._raw
        out = self._sentence(len(self._held))
        said = self._said.strip()
        if not said:
            raise ModelPayloadInvalid("the model answered nothing")
        if said.rstrip("。！？!?…") == self._question.strip().rstrip("。！？!?…"):
            raise ModelPayloadInvalid("the model repeated the question")
        if last.is_whole:
            return out
        return out + (FILTERED if last.finish_reason == "content_filter" else UNFINISHED)

    def _spoken(self, piece: str) -> str:
        """Return what of the text so far is no thought; what may be the beginning of a mark waits."""
        self._raw += piece
        out = ""
        while True:
            mark = _THOUGHT if self._thinking else _THINK
            before, found, rest = self._raw.partition(mark)
            if not found:
                break
            out += "" if self._thinking else before
            self._thinking, self._raw = not self._thinking, rest
        waits = next((n for n in range(len(mark) - 1, 0, -1) if self._raw.endswith(mark[:n])), 0)
        ready, self._raw = self._raw[: len(self._raw) - waits], self._raw[len(self._raw) - waits :]
        return out if self._thinking else out + ready

    def _sentence(self, end: int) -> str:
        sentence, self._held = self._held[:end], self._held[end:]
        shown = _MARKUP.sub("", sentence)
        if next(craft.copied(self._said[-_BEFORE:] + shown, fixed_words("chat")), None) is not None:
            raise ModelPayloadInvalid("the model read its instructions out")
        if self._chinese and self._is_foreign(shown):
            raise ModelPayloadInvalid("the model answered in another language")
        if _SLOT.search(shown):
            raise ModelPayloadInvalid("the model left a placeholder")
        if not self._said:
            shown = shown.lstrip()
        self._said += shown
        return shown

    def _is_foreign(self, sentence: str) -> bool:
        if len(_KANA.findall(sentence)) >= _FOREIGN:
            return True
        return _HAN.search(self._said + sentence) is None and len(_WORD.findall(self._said + sentence)) >= _FOREIGN
