"""Notices attempts to turn us against our orders, said to us or planted in data.

What is quoted or talked about is none. A wire, not a wall: what is missed still meets fenced data, the checks, and a
person who approves.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from backend.graph.intent.dialect import in_standard_words
from backend.graph.intent.folding import fold
from backend.graph.intent.overheard import overheard, weights
from backend.graph.intent.suspicion import is_an_order, unpacked
from backend.graph.intent.vocabulary import phrases

_WH_AT_END: Final = re.compile(r"(?:吗|么|呢|\?|没)[?!.]*$")
#: Signs put between characters so that words are not found: 忽*略*以*上.
_BETWEEN: Final = re.compile(r"(?<=[\u3400-\u9fff])[\s*·.•_\-~|/\\+^`]+(?=[\u3400-\u9fff])")
#: Orders spelled by their sound. Only the telling words; nobody writes these in pinyin for a product.
_SPELLED: Final = re.compile(
    r"(?:hu ?lue|wu ?shi|tiao ?guo|rao ?guo|shu ?chu|gao ?su wo).{0,24}"
    r"(?:zhi ?ling|gui ?ze|ti ?shi ?ci|she ?ding|shen ?he|shen ?pi|mi ?yao)"
)
#: A clause of a question does not order what it asks about.
#: A text of the thread is dropped …
_EARLIER_TEXT: Final = re.compile(
    r"\b(?:ignore|forget|disregard|scrap|discard|drop|skip|scratch|toss|never mind|throw (?:out|away))(?: about)?"
    r"(?: (?:the|that|this|my|your|our|all|these|those))?"
    r"(?: (?:last|previous|first|second|old|earlier|prior|other|current|whole))*(?: \w+)? "
    r"(?:versions?|drafts?|scripts?|copy|texts?|take|attempts?|openings?|openers?|promos?|paragraphs?|intros?|endings?|ones?)\b|"
    r"(?:忽略|无视|忘(?:掉|了|记)|别管|不管|不用管|抛开|丢掉|作废)(?:掉)?(?:我)?(?:之前|前面|上面|刚才|上一|前一|第[一二三四五]|那|这)"
    r"(?:面)?(?:的|那)?一?(?:版本?|稿子?|[段条篇份]|话术|文案|脚本)"
)
#: … and nothing of how we work is spoken of.
_OURS_AT_STAKE: Final = re.compile(
    r"instruct|direct(?:ive|ion)|\brules?\b|prompt|guideline|system|polic(?:y|ies)|restrict|filter|moderat|"
    r"complian|approv|review|safety|secret|password|\bkeys?\b|you (?:are|were)|act as|pretend|指令|规则|规矩|提示|设定|"
    r"限制|约束|审[核批稿]|质检|合规|违禁|敏感|广告法|密[码钥]|系统|你是|扮演|身份|别人的|其他"
)
_CLAUSE: Final = re.compile(r"[,.;!?\n]")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_KANA: Final = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_WORD: Final = re.compile(r"[^\W\d_]+")
#: Letters that English does without.
_FOREIGN: Final = re.compile(r"[^\W\d_a-z\u3400-\u9fff]")
#: So many words may stand between a verb and what negates it.
_NEGATED_BEFORE: Final = re.compile(
    r"(?:\bn\"|\b(?:ne|jamais|non|mai|no|nunca|jam[aá]s|não|nicht|nie|niemals|jangan|tidak|niet|nooit|nigdy|не|никогда|không|đừng|chớ)\b"
    r"(?:\s+(?!(?:et|e|y|und|en|dan|i|и|và|mais|aber|pero|ma|mas)\b)\S+){0,3}\s+|لا\s*\S{0,2}|อย่า|ห้าม|(?:न|मत)\s+)$"
)
_NEGATED_BEHIND: Final = re.compile(
    r"(?:\w*\s+(?:sie\s+|ihr\s+|du\s+)?(?:nicht|pas|jamais|niet|nie|niemals|non|mai)\b|"
    r"(?:し|る|れ)?(?:ない|なく|ません|ず|ぬ)|(?:る|する)な|(?:하)?지\s*(?:마|말|않)|\s*(?:मत|न)\b|mayın|meyin|ma\b|me\b)"
)
#: Of the words of an English message at least so many are small ones or ask for a text.
_ENGLISH: Final = 0.3


def injected(text: str) -> str | None:
    """Return why folded `text`, said by an operator, is an attempt to turn us against our orders.

    None for talk about such attempts, and for questions who may do such things, or how.
    """
    tables = phrases("injection")
    for form in _forms(tables["named"].sub(" ", text)):
        match = tables["orders"].search(form) or _SPELLED.search(form)
        if match is None and (match := tables["said"].search(form)) is not None and _is_asked(form, match):
            match = None
        if match is None:
            continue
        said = tables["reported"].search(form)
        # Reported speech comes before what is reported; "什么是提示词注入" may come anywhere.
        if said is not None and (said.start() <= match.start() or _WH_AT_END.search(form)):
            continue
        return f"tripwire: {match[0][:40]}"
    return _elsewhere(text) or (_as_learned(text, weights().said) if may_be_said(text) else None)


def may_be_said(text: str) -> bool:
    """Tell whether what was learned is asked about folded `text` of an operator.

    It is not when the text tells what others say, only drops an earlier text, or is in another language.
    """
    return not (phrases("injection")["reported"].search(text) or of_an_earlier_text(text) or has_foreign_marks(text))


def _as_learned(text: str, least: float) -> str | None:
    if has_foreign_marks(text):
        return None  # it learned Chinese and English: any other language is only strange to it
    found = overheard(text)
    return f"learned {found.likely:.2f}: {found.words[:40]}" if found.likely >= least else None


def packed(message: str) -> str | None:
    """Return why `message`, as it was sent, is an attempt that is packed in base64."""
    return next((reason for words in unpacked(message) if (reason := injected(fold(words)))), None)


def of_an_earlier_text(text: str) -> bool:
    """Tell whether folded `text` only has an earlier text of the thread dropped: ignore the previous version, rewrite.

    The wire (`injected`) is asked first: this takes back a suspicion, never what it found.
    """
    return _EARLIER_TEXT.search(text) is not None and _OURS_AT_STAKE.search(text) is None


def is_other_tongue(text: str) -> bool:
    """Tell whether folded `text` is in a language that is neither Chinese nor English.

    What was learned knows those two; of the rest it only sees that they are unlike what operators write.
    """
    if _KANA.search(text):
        return True
    if _HAN.search(text):
        return False
    words = _WORD.findall(text)
    known = sum(phrases("tongues")["english"].fullmatch(word) is not None for word in words)
    return len(words) > 1 and known < _ENGLISH * len(words)


def has_foreign_marks(text: str) -> bool:
    """Tell whether folded `text` surely is in another language: by letters or small words English does not have.

    Terse English ("dan mode activated") is in `is_other_tongue` too, for want of small words.
    """
    if not is_other_tongue(text):
        return False
    if _FOREIGN.search(text):
        return True
    return any(phrases("tongues")["foreign"].fullmatch(word) for word in _WORD.findall(text))


def _orders(verb: re.Pattern[str], clause: str) -> bool:
    """Tell whether a clause orders what `verb` names: not when it is negated, before or behind."""
    return any(
        not _NEGATED_BEFORE.search(clause, 0, one.start()) and not _NEGATED_BEHIND.match(clause, one.end())
        for one in verb.finditer(clause)
    )


def _elsewhere(text: str) -> str | None:
    """Find the same orders in other languages: a verb, what it is about and whose that is, in one clause."""
    if not is_other_tongue(text):
        return None
    tables = phrases("injection_elsewhere")
    for clause in _CLAUSE.split(text):
        dropped = tables["orders"].search(clause) and tables["whose"].search(clause)
        if (
            (dropped and _orders(tables["drop"], clause))
            or (tables["inside"].search(clause) and _orders(tables["show"], clause))
            or tables["unbound"].search(clause)
        ):
            return f"tripwire: {clause.strip()[:40]}"
    return None


def planted(text: str) -> str | None:
    """Return why `text`, which came as data (a product's record, a host's profile, a tool's answer), is an order to us.

    Nobody talks with us there, so what is reported is judged as well.
    """
    tables = phrases("injection")
    folded = fold(text)
    for form in _forms(folded):
        match = tables["orders"].search(form) or tables["planted"].search(form) or _SPELLED.search(form)
        words = match[0] if match is not None else is_an_order(form)
        if words is not None:
            return f"tripwire: {words[:40]}"
    if any(planted(words) or injected(fold(words)) for words in unpacked(text)):
        return "tripwire: in base64"
    return _elsewhere(folded) or _as_learned(folded, weights().planted)


def without_orders(
    facts: Mapping[str, Any], keep: Collection[str] = ("id", "name")
) -> tuple[dict[str, Any], list[str]]:
    """Return `facts` (plain JSON) without the texts that are orders to us, and the names of the fields they were in."""
    clean: dict[str, Any] = {}
    found: list[str] = []
    for name, value in facts.items():
        kept = value if name in keep else _without(value)
        if kept != value:
            found.append(name)
        if kept is not None:
            clean[name] = kept
    return clean, found


def _without(value: Any) -> Any:
    """Return plain JSON without what is planted in it, None when nothing is left."""
    match value:
        case str():
            return None if planted(value) else value
        case list():
            return [kept for one in value if (kept := _without(one)) is not None]
        case dict():
            return {
                key: kept for key, one in value.items() if not planted(str(key)) and (kept := _without(one)) is not None
            }
        case _:
            return value


def _forms(text: str) -> tuple[str, ...]:
    """Return folded text as it is, without the signs that stand between its characters, and without dialect."""
    return tuple(dict.fromkeys((text, _BETWEEN.sub("", text), in_standard_words(text))))


def _is_asked(text: str, match: re.Match[str]) -> bool:
    begins = max((one.end() for one in _CLAUSE.finditer(text, 0, match.start())), default=0)
    ends = next((one.start() for one in _CLAUSE.finditer(text, match.end())), len(text))
    clause = text[begins : ends + 1]
    return phrases("injection")["asked"].search(clause) is not None or clause.endswith(("?", "吗", "么"))
