"""Rules for messages that ask for no text: questions, small talk, decisions, operations, words to be checked."""

import re
from typing import Final

from backend.graph.intent.finds import Finds
from backend.graph.intent.pasted import asks_for_check, bare_words
from backend.graph.intent.references import points_at_a_text
from backend.graph.intent.situation import Reading
from backend.graph.intent.vocabulary import phrases

_SAVES_TEXT: Final = re.compile(r"稿|文案|话术|脚本|台词|口播|那[句段]|这[句段]|里(?:面)?的|说法|写(?:错|成|得)|词")


def check(finds: Finds) -> Reading | None:
    """Words may be asked about, or the last text of the thread: 这段有没有违规."""
    if words := bare_words(finds.text):
        return finds.answer("chat", 0.88, "words to be checked", about="check", pasted=words)
    pointed = points_at_a_text(finds.text) or (finds.draft is not None and finds.product is None)
    if not asks_for_check(finds.text) or not pointed or finds.cue["write"]:
        return None
    written = finds.situation.drafts[finds.draft].content if finds.draft is not None else None
    return finds.answer("chat", 0.85, "the last text to be checked", about="check", pasted=written, draft=finds.draft)


def operation(finds: Finds) -> Reading | None:
    operation = next((name for name, p in phrases("operations").items() if p.search(finds.positive)), None)
    if operation is None or finds.cue["text_noun"] or finds.how_to:
        return None
    if (finds.cue["write"] and finds.mentions) or _SAVES_TEXT.search(finds.positive):
        return None
    return finds.answer("action", 0.9, f"operation: {operation}", about=operation)


def verdict(finds: Finds) -> Reading | None:
    """A decision is answered, whether one waits or not: 确认, 先别改. Beside what waits 行 and 不行 are one."""
    if finds.situation.waiting and phrases("answers")["decision"].match(finds.text):
        return finds.answer("chat", 0.9, "an answer to what waits", about="decision")
    if finds.cue["decision"] and not finds.mentions:
        return finds.answer("chat", 0.85, "a decision, but none waits", about="decision")
    return None


def smalltalk(finds: Finds) -> Reading | None:
    if finds.cue["chitchat"] and not finds.asks_for_text() and not finds.changes_text():
        return finds.answer("chat", 0.9, "small talk", about="smalltalk")
    return None


def question(finds: Finds) -> Reading | None:  # noqa: PLR0911 -- a return for each request that looks like a question
    asks = finds.cue["question"] or finds.how_to
    if not asks:
        return None
    # "能不能短一点吗", "可以帮我写…吗": a request in the clothes of a question.
    only_tail = not finds.how_to and not re.search(
        r"怎|如何|为什么|为啥|咋|什么|哪|多少|谁|区别|几(?:个|点)|\b(?:what|how|why)\b", finds.positive
    )
    if only_tail and (finds.changes_text() or finds.cue["write"] or finds.cue["regenerate"]):
        return None
    if finds.cue["write"] and (finds.mentions or finds.cue["text_noun"]) and not finds.how_to:
        return None
    if finds.cue["write"] and finds.how_to and re.search(r"(?:写|来|出|生成|拟|做)[一个段条份篇]", finds.positive):
        return None
    if finds.scenario == "transition" and finds.product is not None:
        return None  # "怎么过款到保温杯": the words for it are wanted
    if only_tail and finds.mentions and not finds.how_to and finds.product is not None:
        return None
    return finds.answer("chat", 0.85, "a question", about="question")
