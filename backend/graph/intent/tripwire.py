"""Notices attempts to turn us against our orders, said to us or planted in data.

What is quoted or talked about is none. A wire, not a wall: what is missed still meets fenced data, the checks, and a
person who approves.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from backend.graph.intent.dialect import in_standard_words
from backend.graph.intent.folding import fold
from backend.graph.intent.overheard import overheard, weights
from backend.graph.intent.packed import run_together, unpacked
from backend.graph.intent.suspicion import is_an_order, suspected
from backend.graph.intent.vocabulary import phrases

_WH_AT_END: Final = re.compile(r"(?:吗|么|呢|\?|没)[?!.]*$")
#: Signs put between characters so that words are not found: 忽*略*以*上.
_BETWEEN: Final = re.compile(r"(?<=[\u3400-\u9fff])[\s*·.•_\-~|/\\+^`]+(?=[\u3400-\u9fff])")
#: Orders spelled by their sound, however the syllables are set apart. Only the telling words; nobody writes these in
#: pinyin for a product.
_SPELLED: Final = re.compile(
    r"(?:hulue|wushi|tiaoguo|raoguo|raokai|wangji|wangdiao|buyaoguan|buyongguan|shuchu|gaosuwo|dayin|zhanshi|xielou|"
    r"tiechu|fagei|faguolai|ba(?:ni(?:de)?)?xitong).{0,40}?"
    r"(?:zhiling|mingling|guize|guiding|tishici|sheding|xianzhi|yueshu|shenhe|shenpi|miyao|mima|weijin)"
)
_SPELLING: Final = re.compile(r"[a-zà-ÿā-ǜ:'’.,_*·\-\s]{8,}")
_NO_LETTER: Final = re.compile(r"[^a-z]+")
#: ü is typed as v or u:.
_UMLAUT: Final = re.compile(r"[üǖǘǚǜ]")
_V: Final = re.compile(r"(?<=[ln])v")
#: One word of an order spelled among characters: 请hulve之前的zhiling.
_SPELLED_WORDS: Final = {
    "hulue": "忽略", "hulve": "忽略", "wushi": "无视", "tiaoguo": "跳过", "raoguo": "绕过", "zhiling": "指令",
    "guize": "规则", "tishici": "提示词", "sheding": "设定", "shenhe": "审核", "shenpi": "审批", "xitong": "系统",
}  # fmt: skip
_SPELLED_WORD: Final = re.compile(r"(?<![a-z])(?:" + "|".join(_SPELLED_WORDS) + r")(?![a-z])")
#: A word in which signs that look like letters stand for them: pr3vious, rul3s. iphone15 and b2b become no order by it.
_LEET: Final = re.compile(r"(?<![a-z0-9@$!])(?=[0134578@$!]*[a-z])[a-z0134578@$!]{3,}")
#: Such a sign inside a word; at its end (iphone15, hello!) it is none.
_LEET_WITHIN: Final = re.compile(r"[a-z][0134578@$!]{1,2}[a-z]")
_LOOKS_LIKE: Final = (
    str.maketrans("0134578@$!", "oieastbasi"),
    str.maketrans("0134578@$!", "oleastbasl"),
)
#: What goes on like that for longer says nothing more, and patterns would look for a number at each digit of it.
_RUN: Final = re.compile(r"(\d{24}|(?:(\D)\2{23}))(?:\d+|\2+)")
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
#: A clause of a question does not order what it asks about.
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
#: What is packed is an order from this weight of signs on; plain data from three on.
_ENOUGH_PACKED: Final = 2


def attempted(message: str) -> str | None:
    """Return why `message`, as an operator sent it, is an attempt to turn us against our orders; None when it is none.

    Said plainly, spelled or packed: this is what is asked of every message.
    """
    return injected(without_runs(fold(message))) or _packed(message)


def without_runs(text: str) -> str:
    """Return folded `text` with what only repeats itself cut off."""
    return _RUN.sub(r"\1", text)


def injected(text: str) -> str | None:
    """Return why folded `text`, said by an operator, is an attempt to turn us against our orders.

    None for talk about such attempts, and for questions who may do such things, or how.
    """
    tables = phrases("injection")
    for form in _forms(tables["named"].sub(" ", text)):
        match = tables["orders"].search(form)
        if match is None and (match := tables["said"].search(form)) is not None and _is_asked(form, match):
            match = None
        if match is None:
            continue
        said = tables["reported"].search(form)
        # Reported speech comes before what is reported; "什么是提示词注入" may come anywhere.
        if said is not None and (said.start() <= match.start() or _WH_AT_END.search(form)):
            continue
        return f"tripwire: {match[0][:40]}"
    if (spelled := _spelled(text)) and not tables["reported"].search(text):
        return f"tripwire: {spelled[:40]}"
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


def _packed(text: str) -> str | None:
    """Return why `text`, as it came, packs an order: in base64, in escapes, backwards, letter by letter.

    Nobody packs honest words about our rules, so less is asked of them than of plain ones.
    """
    for words in unpacked(text):
        folded = fold(words)
        reason = injected(folded) or _planted(folded)
        if reason is not None or (found := suspected(folded)).weight >= _ENOUGH_PACKED:
            return reason or f"tripwire: {found.words[:40]}"
    return None if (order := run_together(text)) is None else f"tripwire: {order[:40]}"


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
    folded = fold(text)
    if found := _planted(folded):
        return found
    if _packed(text):
        return "tripwire: packed"
    return _elsewhere(folded) or _as_learned(folded, weights().planted)


def _planted(folded: str) -> str | None:
    tables = phrases("injection")
    for form in _forms(folded):
        match = tables["orders"].search(form) or tables["planted"].search(form)
        words = match[0] if match is not None else is_an_order(form)
        if words is not None:
            return f"tripwire: {words[:40]}"
    spelled = _spelled(folded)
    return f"tripwire: {spelled[:40]}" if spelled else None


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
    """Return folded text as it is, without the signs between its characters, without dialect, and in plain letters."""
    return tuple(dict.fromkeys((text, _BETWEEN.sub("", text), in_standard_words(text), *_in_letters(text))))


def _in_letters(text: str) -> Iterator[str]:
    """Yield folded text with the letters that digits and signs stand for in its words (1gn0re is ignore, ru1es rules),
    and with what is spelled of an order in characters.
    """
    if _LEET_WITHIN.search(text) is not None:
        yield from (_in_letters_of(table, text) for table in _LOOKS_LIKE)
    if _SPELLED_WORD.search(text) is not None:
        yield _SPELLED_WORD.sub(lambda match: _SPELLED_WORDS[match[0]], text)


def _in_letters_of(table: dict[int, int], text: str) -> str:
    return _LEET.sub(lambda match: match[0].translate(table), text)


def _spelled(text: str) -> str | None:
    """Return what folded text orders in pinyin: hulue, hu lve, hū lüè; None when it orders nothing."""
    for run in _SPELLING.findall(text):
        letters = run if run.isascii() else unicodedata.normalize("NFD", _UMLAUT.sub("v", run))
        match = _SPELLED.search(_V.sub("u", _NO_LETTER.sub("", letters.replace("u:", "v"))))
        if match is not None:
            return match[0]
    return None


def _is_asked(text: str, match: re.Match[str]) -> bool:
    begins = max((one.end() for one in _CLAUSE.finditer(text, 0, match.start())), default=0)
    ends = next((one.start() for one in _CLAUSE.finditer(text, match.end())), len(text))
    clause = text[begins : ends + 1]
    return phrases("injection")["asked"].search(clause) is not None or clause.endswith(("?", "吗", "么"))
