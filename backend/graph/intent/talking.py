"""Rules for messages that ask for no text: questions, small talk, decisions, operations, words to be checked."""

import re
from typing import Final

from backend.graph.intent.finds import Finds
from backend.graph.intent.pasted import asks_for_check, bare_words
from backend.graph.intent.references import points_at_a_text
from backend.graph.intent.situation import Reading
from backend.graph.intent.vocabulary import phrases

#: The room itself is opened or closed: believed against what was learned, to which 开播 is an opening.
ROOM: Final = "the room is opened or closed"
_SAVES_TEXT: Final = re.compile(r"稿|文案|话术|脚本|台词|口播|那[句段]|这[句段]|里(?:面)?的|说法|写(?:错|成|得)|词")


#: 哈哈这句写得太损了: nobody wants it changed.
_LAUGHS: Final = re.compile(r"(?:哈哈|笑死|嘿嘿|lol|hhh)")
_WANTS: Final = re.compile(r"改|换|重|再|删|去掉|短|长|写(?!得|的)|来一|给我|帮|要|别|不(?!错|愧)")
#: 键盘改到289: of a product it is the price.
_TO_A_FIGURE: Final = re.compile(
    r"(?:改|调|降|涨|提|标)(?:价)?(?:到|成|为)(?:¥)?\d{1,6}(?:\.\d{1,2})?(?:元|块)?(?=$|[,.!;]|吧|再|然后|卖|就)"
)


#: 不要,取消这次修改: an answer to our question, and nothing new is asked for.
_LEFT: Final = re.compile(
    r"^(?:不要了?|不用了?|不了|算了|先不|别|不)?[,.!]?(?:取消|放弃|撤销|作废|不改了?|不动了?|别改了?|不弄了?)(?:这次|本次|刚才的?|这个)?(?:修改|改动|操作|改价|调整|变更|更改)?(?:了|吧|啦)*[.!~]*$"
)


def check(finds: Finds) -> Reading | None:
    """Words may be asked about, or the last text of the thread: 这段有没有违规."""
    if words := bare_words(finds.text):
        return finds.answer("chat", 0.88, "words to be checked", about="check", pasted=words)
    pointed = points_at_a_text(finds.text) or (finds.draft is not None and finds.product is None)
    if not asks_for_check(finds.text) or not pointed or finds.cue["write"]:
        return None
    written = finds.situation.drafts[finds.draft].content if finds.draft is not None else None
    return finds.answer("chat", 0.85, "the last text to be checked", about="check", pasted=written, draft=finds.draft)


def reported(finds: Finds) -> Reading | None:
    """Somebody's attempt to turn us against our orders is told of, and what to make of it is asked."""
    tables = phrases("injection")
    told = tables["reported"].search(finds.text) or re.search(r"\"[^\"]{4,}\"", finds.text)
    if told is None or not any(tables[name].search(finds.text) for name in ("orders", "said", "planted")):
        return None
    if finds.cue["write"] and (finds.mentions or finds.cue["text_noun"]) and not finds.how_to:
        return None
    return finds.answer("chat", 0.88, "an attack is told of", about="question")


def operation(finds: Finds) -> Reading | None:
    found = {name for name, pattern in phrases("operations").items() if pattern.search(finds.positive)}
    # An order that is to be cancelled is named as an order, too.
    operation = next((name for name in ("cancel", *phrases("operations")) if name in found), None)
    # approve了,go live: what is said first is the decision.
    decided = phrases("answers")["decision"].match(finds.text) is not None
    room = not decided and phrases("rooms")["opened"].search(finds.positive) is not None
    if operation is None and room:
        operation = "live"
    if operation is None and finds.product is not None and _TO_A_FIGURE.search(finds.positive):
        operation = "price"
    if operation is None or finds.cue["text_noun"] or finds.how_to:
        return None
    if (finds.cue["write"] and finds.mentions) or _SAVES_TEXT.search(finds.positive):
        return None
    reason = ROOM if room and operation == "live" else f"operation: {operation}"
    return finds.answer("action", 0.9, reason, about=operation)


#: 抱歉,这一稿先不通过: what stands before the word for a decision, and says only of what it is, or how politely.
_SORRY: Final = (
    r"(?:(?:抱歉|不好意思|对不住|对不起|麻烦(?:了|你了?)?|辛苦(?:了|啦|你了)?|谢谢|哎呀?|唉|嗯+|那个|老师|亲)"
    r"(?:啊|哈|呀|啦)?[,.!~ ]*)"
)
_THIS: Final = r"(?:(?:这|那|本|刚才|上面)(?:一)?(?:[个版条段篇份次]|稿子?)(?:稿子?|文案|话术|版本)?)"
_BEFORE_VERDICT: Final = re.compile(
    rf"^(?:{_SORRY}+(?:我(?:这边)?)?{_THIS}?|(?:我)?(?:看了(?:一?[下遍])?|觉得)?[, ]?{_THIS})"
    r"(?:我)?(?:先|就|暂时|还是|直接|予以|给它?)*"
    r"(?=不?(?:予|能|可以)?(?:通过|批准|同意|批)|驳回|打回|退回|拒绝|否决|放行)"
)
_ASKS: Final = re.compile(r"(?:吗|么|没有?)[?!.~]*$|\?")


def word_on_what_waits(text: str) -> str:
    """Return folded `text` from the word on that may be a decision; as it is when it is asked whether one was made."""
    before = _BEFORE_VERDICT.match(text)
    return text if before is None or _ASKS.search(text) else text[before.end() :]


def verdict(finds: Finds) -> Reading | None:
    """A decision is answered, whether one waits or not: 确认, 先别改. Beside what waits 行 and 不行 are one."""
    answers = phrases("answers")["decision"]
    said = word_on_what_waits(finds.text)
    if finds.situation.waiting and (
        answers.match(finds.text) or (answers.match(said) and not (finds.cue["write"] and finds.mentions))
    ):
        return finds.answer("chat", 0.9, "an answer to what waits", about="decision")
    if finds.situation.asked and _LEFT.match(finds.text):
        return finds.answer("chat", 0.9, "what we asked about is left", about="decision")
    if finds.cue["decision"] and not finds.mentions:
        return finds.answer("chat", 0.85, "a decision, but none waits", about="decision")
    return None


def smalltalk(finds: Finds) -> Reading | None:
    if _LAUGHS.match(finds.text) and not _WANTS.search(finds.text):
        return finds.answer("chat", 0.85, "a laugh", about="smalltalk")
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
