"""Takes out of a model's stream what no host would say, before anybody has seen it.

Preambles and closing remarks of an assistant, its thoughts, markdown, headings, labels, stage directions, emoji, and
a sentence that was said before. Nothing is ever taken back: a character waits only as long as it may still belong to
something that is to go, and what cannot be judged here (placeholders, a cut ending, a wrong price) passes and is left
to the checks. An ordinary text passes unchanged and all but undelayed.
"""

import re
from collections import Counter
from typing import Final

from backend.quality.craft import is_assistant_voice

#: A construct in brackets that is longer than this is no stage direction.
_BRACKET: Final = 48
_CLOSING: Final = {"（": "）", "(": ")", "【": "】", "[": "]"}
_DIRECTION: Final = re.compile(
    r"镜头|微笑|停顿|语气|拿起|展示|手势|举起|画面|音乐|音效|bgm|转身|切换|特写|拍手|激动|小声|大声|鼓掌|指向|眼神|动作|暂停|掌声|加快|放慢|看向|"
    r"倒水|试吃|上身|笑|旁白|字幕|场景|提示|以上|字数|时长|约?\d+\s*[字秒]|注[:：]|备注",
    re.IGNORECASE,
)
_HEADING: Final = re.compile(
    r"(?:标题|开场白?|开头|正文|结尾|收尾|钩子|痛点|卖点[一二三四\d]?|产品介绍|价格|促单|逼单|互动|话术|口播稿?|文案|脚本|第[一二三四五六]部分)"
)
_LABEL_WORDS: Final = (
    "主播", "助播", "旁白", "标题", "正文", "口播", "口播稿", "话术", "文案", "脚本", "开场", "开场白", "结尾",
)  # fmt: skip
_LABELS: Final = tuple(f"{label}{colon}" for label in _LABEL_WORDS for colon in "：:")
_BULLET: Final = re.compile(r"(?:[-+•●▪*]\s+|>\s*|\d{1,2}[.)、）](?!\d)\s*)")
_RULE: Final = re.compile(r"[-*_]{3,}\s*$")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>\n]{0,30}>")
_STARTS: Final = frozenset("#-+•●▪*>0123456789 \t\u3000主助旁标正口话文脚开结`_")
_SPECIAL: Final = re.compile("[（(【\\[<*`\n\u2600-\u27bf\u2b50\u2b55\U0001f1e6-\U0001faff\ufe0f\u200d\u20e3]")

_END: Final = re.compile(r"[。！？!?…]+[”’」』）)]*|\n")
#: How an assistant begins to speak of its work: such a sentence waits until it is whole.
_ABOUT_ITSELF: Final = (
    "好的", "好嘞", "当然", "没问题", "收到", "明白", "可以", "以下", "下面", "这是", "这就", "根据", "按照", "基于",
    "作为", "我是", "为您", "为你", "已", "希望", "如", "需要我", "要不要我", "以上", "字数", "时长", "共", "注",
    "备注", "说明", "请提供", "请告诉", "很抱歉", "抱歉", "对不起", "我无法", "我不能", "版本",
    "sure", "ok", "here", "certainly", "of course", "as an", "i hope", "let me",
)  # fmt: skip
_ACKNOWLEDGED: Final = re.compile(
    r"(?:好的|好嘞|没问题|当然(?:可以)?|收到|明白了?|可以的?|sure|ok(?:ay)?|of course|certainly)[，,！!。.~～\s]*",
    re.IGNORECASE,
)
_LEADING: Final = re.compile(r"^\W+")
#: A sentence of so many characters is not said twice in one script; shorter ones are ("对不对？").
_REPEATED: Final = 8

#: The line's beginning settles nothing: its characters are judged one by one; or more of it must come first.
_GO_ON: Final[tuple[bool, str | None]] = (False, None)
_WAIT: Final[tuple[bool, str | None]] = (True, None)


class Cleaner:
    """One stream: feed the pieces, show what comes back, `end()` gives the rest; `removed` counts what was left out."""

    def __init__(self) -> None:
        self.removed: Counter[str] = Counter()
        self._raw = _Characters(self.removed)
        self._sentences = _Sentences(self.removed)

    def feed(self, piece: str) -> str:
        """Return what may be shown now."""
        return self._sentences.feed(self._raw.feed(piece))

    def end(self) -> str:
        """Return what was still waiting."""
        return self._sentences.feed(self._raw.end()) + self._sentences.end()


class _Characters:
    """Markup: judged by the character, the bracket and the line."""

    def __init__(self, removed: Counter[str]) -> None:
        self._removed = removed
        self._held = ""
        self._line_start = True
        self._thinking = False

    def feed(self, piece: str) -> str:
        self._held += piece
        out: list[str] = []
        while self._held:
            taken = self._step(final=False)
            if taken is None:
                break
            out.append(taken)
        return "".join(out)

    def end(self) -> str:
        out: list[str] = []
        while self._held:
            taken = self._step(final=True)
            if taken is None:  # cannot be: with the end in sight everything is decided
                break
            out.append(taken)
        return "".join(out)

    def _step(self, *, final: bool) -> str | None:
        """Return the next text that may go on ('' when something went), or None to wait for more."""
        if self._thinking:
            return self._thought(final)
        if self._line_start:
            decided, text = self._line(final)
            if decided:
                return text
        hit = _SPECIAL.search(self._held)
        if hit is None:
            return self._give(len(self._held))
        if hit.start():
            return self._give(hit.start())
        return self._special(final)

    def _give(self, count: int) -> str:
        given, self._held = self._held[:count], self._held[count:]
        self._line_start = False
        return given

    def _drop(self, count: int, kind: str) -> str:
        self._held = self._held[count:]
        self._removed[kind] += 1
        return ""

    def _thought(self, final: bool) -> str | None:
        at = self._held.find("</think>")
        if at < 0:
            self._held = "" if final else self._held[-7:]
            return "" if final else None
        self._thinking = False
        self._held = self._held[at + 8 :]
        return ""

    def _line(self, final: bool) -> tuple[bool, str | None]:  # noqa: PLR0911 — one arm for each kind of line
        """Judge the beginning of a line: whether that settles it, and then what `_step` returns."""
        held = self._held
        if held[0] not in _STARTS:
            return _GO_ON
        line, newline, _ = held.partition("\n")
        whole = bool(newline) or final
        bare = line.lstrip(" \t\u3000")
        if not bare:
            return _GO_ON if whole else _WAIT
        indent = len(line) - len(bare)
        if bare[0] == "#":
            return (True, self._drop_heading(line, bare, indent)) if whole or len(bare) > _BRACKET else _WAIT
        if not bare.strip("-*_ \t") and not whole:
            return _WAIT
        if whole and _RULE.fullmatch(bare):
            return True, self._drop(len(line), "markup")
        label = next((one for one in _LABELS if bare.startswith(one)), None)
        if label:
            return True, self._drop(indent + len(label), "label")
        if not whole and any(one.startswith(bare) for one in _LABELS):
            return _WAIT
        bullet = _BULLET.match(bare)
        if bullet and (whole or len(bare) > bullet.end()):
            return True, self._drop(indent + bullet.end(), "markup")
        undecided = re.fullmatch(r"[-+•●▪*>]\s*|\d{1,2}[.)、）]?\s*", bare)
        return _WAIT if undecided and not whole else _GO_ON

    def _drop_heading(self, line: str, bare: str, indent: int) -> str:
        marks = len(bare) - len(bare.lstrip("#"))
        title = bare[marks:].strip()
        if re.search("[。！？!?]", title) or len(title) > 20:
            return self._drop(indent + marks, "markup")
        return self._drop(len(line), "heading")

    def _special(self, final: bool) -> str | None:  # noqa: PLR0911 — one arm for each sign
        held, first = self._held, self._held[0]
        if first == "\n":
            self._held, self._line_start = held[1:], True
            return "\n"
        if first in _CLOSING:
            return self._bracket(final)
        if first == "<":
            return self._tag(final)
        if first == "*":
            run = len(held) - len(held.lstrip("*"))
            if run == len(held) and not final:
                return None
            return self._drop(run, "markup") if run == 2 else self._give(run)
        if first == "`":
            run = len(held) - len(held.lstrip("`"))
            if run == len(held) and not final:
                return None
            if run >= 3:  # a fence, with the language behind it
                line, newline, _ = held.partition("\n")
                return self._drop(len(line), "markup") if newline or final else None
            return self._drop(run, "markup")
        return self._drop(1, "emoji")  # nothing else is special

    def _bracket(self, final: bool) -> str | None:
        held = self._held
        end = held.find(_CLOSING[held[0]], 1)
        inside = held[1:end] if end > 0 else held[1:]
        if end < 0 or end > _BRACKET or "\n" in inside:
            waits = end < 0 and len(inside) < _BRACKET and "\n" not in inside and not final
            return None if waits else self._give(1)
        if held[0] in "【[" and self._line_start and _HEADING.fullmatch(inside.strip()):
            return self._drop(end + 1, "heading")
        if _DIRECTION.search(inside) and not re.search(r"[{}]|名称|产品名|[xX]{2,}", inside):
            return self._drop(end + 1, "direction")
        return self._give(end + 1)

    def _tag(self, final: bool) -> str | None:
        if self._held.startswith("<think>"):
            self._thinking = True
            return self._drop(len("<think>"), "thought")
        tag = _TAG.match(self._held)
        if tag and tag[0].strip("</>").isascii():
            return self._drop(tag.end(), "markup")
        open_ = len(self._held) < 32 and ">" not in self._held and "\n" not in self._held
        return None if open_ and not final and re.match(r"</?[A-Za-z]?", self._held) else self._give(1)


class _Sentences:
    """Sentences of an assistant about its work, and sentences that were said before."""

    def __init__(self, removed: Counter[str]) -> None:
        self._removed = removed
        self._said: set[str] = set()
        #: What of the sentence under way was shown already, and what waits.
        self._shown = ""
        self._held = ""
        self._anything = False
        self._just_removed = False

    def feed(self, piece: str) -> str:
        self._held += piece
        out: list[str] = []
        while self._held:
            end = _END.search(self._held)
            # Marks may go on in the next piece: “！”, then “！”.
            if end is None or (end.end() == len(self._held) and end[0] != "\n"):
                out.append(self._part(end is not None))
                break
            out.append(self._whole(end.end()))
        return "".join(out)

    def end(self) -> str:
        return self._whole(len(self._held)) if self._held else ""

    def _part(self, ends: bool) -> str:
        """Return what of an unfinished sentence may be shown."""
        if ends or (not self._shown and self._may_go(self._held)):
            return self._preamble()
        given, self._held = self._held, ""
        self._shown += given
        return given

    def _preamble(self) -> str:
        """Drop “以下是话术：” when the script follows on the same line."""
        head, colon, rest = self._held.replace(":", "：").partition("：")
        about = _LEADING.sub("", head).lower().startswith(_ABOUT_ITSELF)
        if not self._shown and about and colon and is_assistant_voice(f"{head}："):
            self._held = self._held[len(self._held) - len(rest) :]
            self._remove("assistant")
        return ""

    def _remove(self, kind: str) -> str:
        self._removed[kind] += 1
        self._just_removed = True
        return ""

    def _whole(self, end: int) -> str:
        sentence, self._held = self._held[:end], self._held[end:]
        shown, self._shown = self._shown, ""
        key = _bare(shown + sentence)
        gone, self._just_removed = self._just_removed, False
        if not key and not shown and (gone or not self._anything):
            self._just_removed = gone
            return ""  # the empty line around what was taken out
        if not shown and key:
            about = _LEADING.sub("", sentence).lower().startswith(_ABOUT_ITSELF)
            head, colon, rest = sentence.replace(":", "：").partition("：")
            if about and colon and _bare(rest) and is_assistant_voice(f"{head}："):
                self._remove("assistant")
                self._held = sentence[len(sentence) - len(rest) :] + self._held
                return ""
            if (about and is_assistant_voice(sentence.strip())) or (
                not self._anything and _ACKNOWLEDGED.fullmatch(sentence.strip())
            ):
                return self._remove("assistant")
            if key in self._said:
                return self._remove("repeat")
        if len(key) >= _REPEATED:
            self._said.add(key)
        self._anything = self._anything or bool(key)
        return sentence

    def _may_go(self, held: str) -> bool:
        bare = _LEADING.sub("", held)
        if not bare:
            return True
        lowered = bare.lower()
        if any(lowered.startswith(one) or one.startswith(lowered) for one in _ABOUT_ITSELF):
            return len(bare) <= 120
        key = _bare(held)
        return any(one.startswith(key) for one in self._said)


def _bare(text: str) -> str:
    return re.sub(r"\W", "", text)
