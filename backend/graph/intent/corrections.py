"""What somebody takes back of what they said: 写防晒的,啊不,面霜的; 说错了,不是防晒,是面霜."""

import re
from typing import Final

from backend.graph.intent.amounts import seconds_asked
from backend.graph.intent.folding import fold
from backend.graph.intent.naming import mentioned
from backend.graph.intent.products import product_heading, product_in_words
from backend.graph.intent.segments import segments_in
from backend.graph.intent.situation import Situation
from backend.graph.intent.vocabulary import SCENARIO_NAMES

#: The slip is owned to. A bare 不对 is a complaint about a text unless something was asked for before it.
_SLIP: Final = (
    r"(?:(?:(?:抱歉|不好意思|sorry|呃|额|哎|诶|欸|哎呀|啊|等等|等下|等一下)[,.!]*)*"
    r"(?:我|刚才?|刚刚|上面|前面|又|给)*"
    r"(?:说|打|写|发|搞|弄|选|点|记|报|念|输|看|讲)(?:错|岔|反|串|混)(?:了|啦|咯|喽|字)*|(?:你)?(?:理解|听|会|领会)错(?:意思?)?了|口误|手滑了?|嘴瓢了?|手误|"
    r"(?:啊|哦|噢|呃|额|诶|哎)[,]?(?:不(?:对|是)?(?=[,.!是]|[^\s,.])|错了)|(?:等等|等下|等一下)[,]?不(?:对|是)?(?=[,.!])|不不不?|"
    r"不对不对|我(?:是|想)说|我的?意思是|更正(?:一下|下)?|纠正(?:一下|下)?)"
)
_WEAK: Final = r"(?<=[,.!;~ ])(?:不对|不是|不)(?=[,!])"
#: 炒锅,不是炒锅,是砧板; 防晒霜,应该是洗面奶: what follows says what was meant.
_MEANT: Final = r"[,.!;](?=不是[^,.;!?]{1,10},(?:我|而|应该|要的|说的)*是[^,.;!?]{1,12}(?:[,.!;]|$))|[,.!;]应该是"
_MARK: Final = re.compile(rf"(?:^|[,.!;~ ]*)(?:{_SLIP})[,.!:~ ]*|{_WEAK}[,!]*|{_MEANT}")
#: 不是A,(应该)是B — or only B.
_INSTEAD: Final = re.compile(
    r"^(?:我)?(?:(?:不是要?|不要|不讲|不写|不说)([^,.;!?]{1,12}?)(?:[,.;]+|(?=(?:而|应该|我要的)*是)))?(?:我)?(?:应该|要的|想要|而|说的|本来)*(?:就)?"
    r"(?:是|要|写|讲|换成?|改成?)?([^,.;!?]{1,20}?)(?:的)?(?:才对|哈|啊|哦|呀|吧)?(?=[,.;!?]|$)(.*)$"
)
_NOT_BUT: Final = re.compile(
    r"^不是([^,.;!?]{1,12}?)[,.;!]*(?:我|而|应该|要的|说的|讲的|想要的)*是([^,.;!?]{1,14}?)(?:的)?[.!~]*$"
)


def corrected(text: str, situation: Situation) -> str | None:
    """Return the request that folded `text` means with its slip put right; None when it takes nothing back.

    A slip at the head of a message is of the request before it: of the one we asked about, or of the last text.
    """
    plain = _NOT_BUT.match(text)
    match = _MARK.search(text)
    if match is None or match[0] == "":
        if plain is None or not _same_sort(plain[1], plain[2], situation):
            return None
        before, wrong, right, rest = "", plain[1], plain[2], ""
    else:
        after = _INSTEAD.match(text[match.end() :])
        if after is None:
            return None
        before, wrong, right, rest = text[: match.start()].strip(" ,.;!"), after[1], after[2].strip(), after[3]
    if not right or _sort(right, situation) is None:
        return None
    if before:
        return _replaced(before, wrong, right, situation, rest)
    if situation.asked and situation.asked_about:
        return _replaced(fold(situation.asked_about), wrong, right, situation, rest)
    return _of_the_last(right, situation, rest)


def _same_sort(one: str, other: str, situation: Situation) -> bool:
    sort = _sort(one, situation)
    return sort is not None and sort == _sort(other, situation) and sort in ("product", "segment")


def _sort(words: str, situation: Situation) -> str | None:
    """Tell what words are: the name of a product, a segment, a length, a host; None when they are nothing of it."""
    if seconds_asked(words, situation.pace)[0] is not None:
        return "seconds"
    if any(mention.weight > 0 for mention in segments_in(words)):
        return "segment"
    if mentioned(words, situation.products):
        return "product"
    if any(fold(name) in words for name in (*situation.hosts.values(), *situation.rooms.values())):
        return "host"
    return "product" if product_in_words(f"写一段{words}的卖点") else None


def _replaced(before: str, wrong: str | None, right: str, situation: Situation, rest: str) -> str | None:
    """Put what is right in the place of what was said before."""
    if wrong and wrong in before:
        return before.replace(wrong, right) + rest
    if mentioned(right, situation.products) and segments_in(right):
        return right + rest  # a whole request of its own
    match _sort(right, situation):
        case "seconds":
            seconds, without = seconds_asked(before, situation.pace)
            return None if seconds is None else f"{without.strip(' ,')},{right}{rest}"
        case "segment":
            named = [mention for mention in segments_in(before) if mention.weight > 0]
            at, end = (named[-1].start, named[-1].end) if named else (len(before), len(before))
            return f"{before[:at]}{'' if named else ','}{right}{before[end:]}{rest}"
        case "product":
            return _other_product(before, right, situation, rest)
        case _:
            hosts = [fold(name) for name in situation.hosts.values() if fold(name) in before]
            host = next((fold(name) for name in situation.hosts.values() if fold(name) in right), right)
            return before.replace(hosts[0], host) + rest if hosts else None


def _other_product(before: str, right: str, situation: Situation, rest: str) -> str | None:
    named = mentioned(before, situation.products)
    bare = re.sub(r"的?(?:话术|文案|稿子?|脚本)$", "", right)
    if named:
        return before[: named[-1].start] + bare + before[named[-1].end :] + rest
    words = product_in_words(before) or product_heading(before, first_only=False)
    if words and words in before:
        return before.replace(words, bare) + rest
    # 写个开场,啊不,面霜的: nothing is replaced, it is said now.
    return f"{before},产品是{bare}{rest}" if segments_in(before) else None


def _of_the_last(right: str, situation: Situation, rest: str) -> str | None:
    named = mentioned(right, situation.products)
    nothing_yet = not situation.drafts and situation.product_name is None
    the_same = not segments_in(right) and any(match.product.id == situation.product_id for match in named)
    if nothing_yet or the_same:
        return f"{right}{rest}"
    match "product" if named else _sort(right, situation):
        case "product":
            return f"换成{right}{rest}"
        case "segment":
            segment = segments_in(right)[-1].scenario
            return f"写一段{SCENARIO_NAMES[segment]}{rest}"
        case "seconds":
            return f"改成{right}{rest}"
        case _:
            return f"改给{right}念{rest}"
