"""Whether a hit is meant: what stands around it in its clause and sentence."""

import re
from typing import Final

from backend.quality.rulebook import Rule

_CLAUSE_END: Final = re.compile(r"[，。！？；：…\n]")
_SENTENCE_END: Final = re.compile(r"[。！？\n]")
_REACH: Final = 120

# "不…" right before the hit, with nothing between but verbs and small words: 不能保证, 没有添加任何, 别随便.
# 不仅, 不光, 不得不 and 不要错过 are no negations: their second part is not in the list.
_NEGATION: Final = re.compile(
    r"(?:不|没有|没|别|勿|莫|非|未|拒绝|禁止|杜绝|抵制|谢绝|避免|远离|无需|无法)"
    r"(?:要|能|会|可以?|敢|应该|该|得|用|必|去|是|叫|算|说|讲|吹|喊|自?称|宣称|宣传|承诺|保证|提|谈|写|做|搞|玩|来|有|"
    r"含有?|添加|加|用于|用来|具备|具有|存在|属于|支持|提供|涉及|随便|私下|私自|任何|什么|所谓的?|[这那][种些个]|一个|一句|"
    r"一味|跟|给|你们?|大家|我们|把|它|当[成作]?|作为|轻?信|相信|听|追求|卖|推荐|使用|药物|过度|就|都|敢|直接|盲目|再去|"
    r"想着|指望|一定|等于|代表|意味着|打着|宣扬|过分|医学|需要|主张|鼓励|建议|碰|谈什么|有什么|能够)*$"
)
_DOUBLE: Final = re.compile(r"(?:不得|不能|不会|没有人?|谁|哪个|无人|没|没人)不[^，]{0,3}$")
_QUOTED_BAN: Final = re.compile(
    r"(?:不能|不可以|不许|不让|禁止|不得|违规|不敢|不准|别再|从来不|不会|不想|没法|少)(?:再)?(?:随便|乱)?"
    r"(?:说|讲|用|写|提|喊|宣传|承诺|吹|打出|出现)[^，]{0,16}$"
    r"|(?:别|不要|甭|莫)(?:跟|和|对|听|信|再)?(?:我|他们|别人|那些|人家)?(?:说|讲|信|听|指望|相信|问我)[^，。！？]{0,16}$"
    r"|(?:从来|从|根本|压根)(?:都)?(?:不|没)(?:敢|会|有)?[^，。！？]{0,8}$"
)
_DISOWNED: Final = re.compile(
    r"^[^。！？]{0,4}(?:(?:这种|这个|这类|之类|这样|那种|那套)的?(?:话|词|说法|字眼|广告|承诺|宣传|事)?[^。！？]{0,8}(?:不|别|没|违|假)|"
    r"，?(?:我|我们|咱|咱们|咱家|主播)(?:可|都)?(?:不敢|不能|不会|从来不|绝不|没法|不)(?:乱)?(?:说|讲|吹|承诺|保证|写|用|提|喊))"
)
_QUESTION: Final = re.compile(r"(?:能不能|会不会|可不可以|是不是|有没有|算不算)[^，。！？]{0,10}$")
_YES: Final = re.compile(r"^[^。！？]{0,8}[？，。]\s*(?:能|当然|肯定|必须|绝对|会的?|可以|有的?|是的)")


def clause(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of the clause around `[start, end)`."""
    return _bounds(_CLAUSE_END, text, start, end)


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of the sentence around `[start, end)`, at most 120 characters to each side."""
    return _bounds(_SENTENCE_END, text, start, end)


def _bounds(mark: re.Pattern[str], text: str, start: int, end: int) -> tuple[int, int]:
    low = max(0, start - _REACH)
    begin = low
    for match in mark.finditer(text, low, start):
        begin = match.end()
    stop = mark.search(text, end, end + _REACH)
    return begin, stop.start() if stop else min(len(text), end + _REACH)


def is_negated(text: str, start: int, end: int) -> bool:
    """Tell whether the words before or after say that this is not claimed: 不能祛斑, 全网最低这种话我不说."""
    begin, _ = clause(text, start, end)
    before = text[begin:start]
    after = text[end : end + 24]
    if _QUESTION.search(before):
        return not _YES.match(after)
    if _NEGATION.search(before) and not _DOUBLE.search(before):
        return True
    return bool(_QUOTED_BAN.search(before) or _DISOWNED.match(after))


def is_allowed(rule: Rule, text: str, start: int, end: int) -> bool:
    """Tell whether what stands around the hit makes it harmless under this rule."""
    low, high = sentence(text, start, end)
    for pattern in rule.allow:
        if any(match.start() < end and match.end() > start for match in pattern.finditer(text, low, high)):
            return True
    if any(pattern.search(text, low, high) for pattern in rule.evidence):
        return True
    return rule.negatable and is_negated(text, start, end)


def is_softened(rule: Rule, text: str, start: int, end: int) -> bool:
    """Tell whether the sentence brings what lowers a block to a warning (a source, a date, a list's name)."""
    low, high = sentence(text, start, end)
    return any(pattern.search(text, low, high) for pattern in rule.soften)
