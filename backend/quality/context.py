"""Whether a hit is meant: what stands around it in its clause and sentence."""

import re
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backend.quality.insisted import is_insisted
from backend.quality.rulebook import Rule
from backend.quality.strings import Places

_CLAUSE_MARKS: Final = "，。！？；：…\n"
_SENTENCE_MARKS: Final = "。！？\n"
_CLAUSE_END: Final = re.compile(f"[{_CLAUSE_MARKS}]")
_SENTENCE_END: Final = re.compile(f"[{_SENTENCE_MARKS}]")
# All up to the last mark: read from behind.
_CLAUSE_BEGIN: Final = re.compile(f".*[{_CLAUSE_MARKS}]", re.DOTALL)
_SENTENCE_BEGIN: Final = re.compile(f".*[{_SENTENCE_MARKS}]", re.DOTALL)
_REACH: Final = 120
#: So many characters after a hit may still take it back.
_BEHIND: Final = 24
_PLANE: Final = 0x10000
# What a character is a sign of.
_CLAUSE, _SENTENCE, _DENIAL = np.uint8(1), np.uint8(2), np.uint8(4)
#: Whatever denies a claim (the five patterns below) holds one of these characters.
DENYING: Final = "不没别勿莫非未拒禁杜抵谢避远无违少甭假"

# "不…" right before the hit, with nothing between but verbs and small words: 不能保证, 没有添加任何, 别随便.
# 不仅, 不光, 不得不 and 不要错过 are no negations: their second part is not in the list.
_NEGATION: Final = re.compile(
    r"(?:不|没有|没|别|勿|莫|非|未|拒绝|禁止|杜绝|抵制|谢绝|避免|远离|无需|无法)"
    r"(?:要|能|会|可以?|敢|应该|该|得|用|必|去|是|叫|算|说|讲|吹|喊|自?称|宣称|宣传|承诺|保证|提|谈|写|做|搞|玩|来|有|"
    r"含有?|添加|加|用于|用来|具备|具有|存在|属于|支持|提供|涉及|随便|私下|私自|任何|什么|所谓的?|[这那][种些个]|一个|一句|"
    r"一味|跟|给|你们?|大家|我们|把|它|当[成作]?|作为|轻?信|相信|听|追求|卖|推荐|使用|药物|过度|就|都|敢|直接|盲目|再去|"
    r"全网|全国|全球|全行业|业内|行业|想着|指望|一定|等于|代表|意味着|打着|宣扬|过分|医学|需要|主张|鼓励|建议|碰|谈什么|有什么|能够|拿|拿来|以为|靠|指着|让)*$"
)
#: 不是我用过最便宜的: what is denied stands a few words on. 不是全网最低是什么 asks for agreement.
_NOT_THAT: Final = re.compile(r"(?<!是)(?<!要)不是(?!因为|说|只|光|仅|吗|不)[^，。！？]{0,8}$")
_AGREED: Final = re.compile(r"^[^，。！？]{0,6}(?:是什么|吗|么|？)")
#: 它不会让你一个月瘦十斤.
_NOT_FOR_YOU: Final = re.compile(r"不(?:会|能|可能)(?:让|使|帮|给)[^，。！？不没]{1,8}$")
_DOUBLE: Final = re.compile(r"(?:不得|不能|不会|没有人?|谁|哪个|无人|没|没人)不[^，]{0,3}$")
#: 不是全国第一不敢来: what would not be done otherwise is claimed.
_UNLESS: Final = (
    re.compile(r"不是[^，]{0,2}$"),
    re.compile(r"^的?(?:我|我们|咱|咱们)?(?:都|就|可|根本)?(?:不敢|不会|不来|不卖|不播|不拿|不要钱|不收钱)"),
)
_QUOTED_BAN: Final = re.compile(
    r"(?:不能|不可以|不许|不让|禁止|不得|违规|不敢|不准|别再|从来不|不会|不想|没法|没(?:有)?(?:资格|胆子|底气|本事|脸)|少(?!说[也都]))(?:再)?(?:随便|乱)?"
    r"(?:说|讲|用|写|提|喊|宣传|承诺|吹|打出|打|出现)[^，]{0,16}$"
    r"|(?:别|不要|甭|莫)(?:跟|和|对|听|信|再)?(?:我|他们|别人|那些|人家)?(?:说|讲|信|听|指望|相信|问我)[^，。！？]{0,16}$"
    # 从来没有过的, 从没见过这么好的 boasts.
    r"|(?:从来|从|根本|压根)(?:都)?(?:不|没)(?![^，。！？]*(?:过的|这么|这样|如此))(?:敢|会|有)?[^，。！？]{0,8}$"
)
#: What is disowned behind a hit is a word, 全网最低价这种话我们不说, or the saying of it, 这个我不敢说.
#: 这个价你别犹豫, 这个我不骗你 and 我不说大话 stand behind claims.
_SAYING: Final = (
    "(?:说|讲(?!价)|承诺|保证|写|用(?!说|讲|多|怕|担|怀|挑|想|我|愁)|提|喊|认|打包票)"
    "(?!大话|假话|瞎话|谎|虚的|废话|空话)"
)
_DISOWNED: Final = re.compile(
    # 今天专治这个，哦不，专门聊这个.
    r"^[^，。！？]{0,3}，?(?:哦|噢|啊|呸|哎|诶)，?不(?:对|是)?[，。！]|"
    r"^[^，。！？]{0,3}(?:这[种类些]?)?(?:话|承诺|保证|词)?，?(?:我们?|咱们?|咱家|主播)(?:可|都|真)?(?:给不了|做不到|做不了|保证不了|承诺不了|说不出口|担不起)(?=[，。！]|$)|"
    r"^[^，。！？]{0,3}(?:都|也|可|倒|真)?(?:谈不上|算不上|说不上|称不上|够不上)|"
    r"^[^。！？]{0,4}(?:[这那](?:[种个类些样套]|[一两几俩三四五六]个?)?|之类)的?(?:"
    r"(?:话|词儿?|字|说法|字眼|广告语?|承诺|宣传语?|口号|噱头|帽子|名头|大话|空话|标语|(?<!好)事儿?)(?:[^。！？不没别]{0,8})"
    # A word that is not said, used, believed or so; 这四个字不服来辩 and 祛斑这事不求人 claim it.
    r"(?:不(?:乱|轻易|再|去|要|太|是很|怎么)?(?:说(?!谎|假|瞎|大话|别人)|讲(?!价)|提|碰|用(?![说讲多怕担怀挑想我愁])|写|喊|吹(?=[，。！]|$|这|牛)|敢|能(?!错过|再)|会(?!错|骗|让)|让|许|准|可以|可能|信(?!你|来|试)|听|沾|做|干|存在|成立|对|合[规法适理]|靠谱|现实|科学|真实|"
    r"属实|可信|行|得(?!了)|是(?:真的?[，。！]|我|事实|这么|那么回事|他|随口|能)|算(?!贵)|适[合用]|应该?|该|念|接|教|搞|玩|整|允许|作数|当真|作?保证?|承诺|符合|成|代表|沾边|认)|"
    r"别(?:再|去|随便|乱|太)?(?:说|讲|提|信|听(?!漏)|当真|写|用|喊|碰|念|问|找|逼|让我|拿|往)|没(?:有(?=[，。！]|$)|有的事|法|敢|说过|讲过|提过|写(?!错)|用(?!错)|资格|门[，。！儿]|影儿?|谱|那回|这回|依据|根据|道理|证据|科学|必要|可能|有(?:依据|根据|证据|的事|这回|那回|资格|必要|可能|说))|(?:违|假的))|"
    r"(?:我们?|咱们?家?|主播|可|都|真|也|倒|是|从来|绝对|压根|谁都?){0,3}(?:不敢|不能|不会|没法|不可以|不让|不许|不准|没敢|不)"
    rf"(?:乱|随便|这么|跟你们?|给你们?|给大家)?(?:{_SAYING}|吹(?<=[敢能会]吹))|"
    r"(?:是|属于|算|都是)?(?:违规|违法|违禁|假的))"
    r"|^[^。！？]{0,4}，?(?:我|我们|咱|咱们|咱家|主播)(?:可|都)?(?:(?:不敢|不能|不会|没法)(?:乱)?吹|"
    rf"(?:不敢|不能|不会|从来不|绝不|没法|不)(?:乱|这么)?{_SAYING})"
)
#: The host takes the taking back back.
_WINK: Final = re.compile(
    r"懂的都懂|你懂的|(?:自己|大家)(?:品|悟|体会|领会|试)|点到为止|不能(?:多说|说太细|明说)|只能说到这|试试就知道|反正我?[^，。]{0,4}(?:好了|有用|信)|不信[^，。]{0,4}试|"
    # 这种话别人不敢说，我敢; no wink: 我敢说的是正品, 我们敢拿检测报告出来.
    r"(?<!别人)(?<!他们)(?:我|咱|咱们|我们|主播)(?:今天|就|偏|还就|可|却)*敢(?:说|讲|写|喊|标)?(?=[，。！？]|$)"
)
_WINK_REACH: Final = 44
_QUESTION: Final = re.compile(r"(?:能不能|会不会|可不可以|是不是|有没有|算不算)[^，。！？]{0,10}$")
#: 减肥能不能靠它？
_ASKED_BEHIND: Final = re.compile(
    r"^(?:能不能|会不会|可不可以|算不算|行不行(?!包)|靠什么|怎么(?!做到|样|来的|办到|这么)|该?怎样)[^，。！？]{0,8}？"
)
_YES: Final = re.compile(r"^[^。！？]{0,8}[？，。]\s*(?:能|当然|肯定|必须|绝对|会的?|可以|有的?|是的)")


def clause(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of the clause around `[start, end)`."""
    return _bounds(_CLAUSE_BEGIN, _CLAUSE_END, text, start, end)


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of the sentence around `[start, end)`, at most 120 characters to each side."""
    return _bounds(_SENTENCE_BEGIN, _SENTENCE_END, text, start, end)


def _bounds(before: re.Pattern[str], mark: re.Pattern[str], text: str, start: int, end: int) -> tuple[int, int]:
    low = max(0, start - _REACH)
    last = before.match(text, low, start)
    stop = mark.search(text, end, end + _REACH)
    return last.end() if last else low, stop.start() if stop else min(len(text), end + _REACH)


class Surroundings:
    """A folded text of which many places are asked at once: where clauses and sentences end is looked up once.

    Places come and go as columns: where each begins, where each ends.
    """

    def __init__(self, codes: NDArray[np.uint32]) -> None:
        self._size = len(codes)
        signs = _signs().take(codes, mode="clip")
        told = (signs != 0).nonzero()[0]
        signs = signs[told]
        self._clauses, self._sentences, self._denials = (
            told[(signs & sign).astype(bool)] for sign in (_CLAUSE, _SENTENCE, _DENIAL)
        )

    def clauses(self, starts: Places, ends: Places) -> tuple[Places, Places]:
        """Return the bounds that `clause` returns for each place."""
        return self._between(self._clauses, starts, ends)

    def sentences(self, starts: Places, ends: Places) -> tuple[Places, Places]:
        """Return the bounds that `sentence` returns for each place."""
        return self._between(self._sentences, starts, ends)

    def _between(self, marks: Places, starts: Places, ends: Places) -> tuple[Places, Places]:
        padded = np.concatenate(([-1], marks, [self._size]))
        lows = np.maximum(padded[np.searchsorted(marks, starts)] + 1, starts - _REACH)
        highs = np.minimum(padded[np.searchsorted(marks, ends) + 1], ends + _REACH)
        return np.maximum(lows, 0), np.minimum(highs, self._size)

    def may_be_negated(self, begins: Places, starts: Places, ends: Places) -> NDArray[np.bool_]:
        """Tell which places, in clauses that begin at `begins`, have a sign of denial near them.

        For all others `is_negated` says no.
        """
        marks = self._denials
        before = np.searchsorted(marks, starts) > np.searchsorted(marks, begins)
        return before | (np.searchsorted(marks, ends + _BEHIND) > np.searchsorted(marks, ends))


@cache
def _signs() -> NDArray[np.uint8]:
    table = np.zeros(_PLANE, dtype=np.uint8)
    for chars, sign in ((_CLAUSE_MARKS, _CLAUSE), (_SENTENCE_MARKS, _SENTENCE), (DENYING, _DENIAL)):
        table[list(map(ord, chars))] |= sign
    return table


def is_negated(text: str, start: int, end: int, begin: int) -> bool:
    """Tell whether the words before or after say that this is not claimed: 不能祛斑, 全网最低这种话我不说.

    Its clause begins at `begin`.
    """
    before = text[begin:start]
    after = text[end : end + _BEHIND]
    if not _is_denied(text, before, after, end):
        return False
    # Hardly anything is denied: whether the denial affirms is asked last.
    return not (
        (_UNLESS[0].search(before) and _UNLESS[1].match(after)) or is_insisted(before, text[end : end + _WINK_REACH])
    )


def _is_denied(text: str, before: str, after: str, end: int) -> bool:
    """Tell whether the words around a claim deny it, by themselves."""
    if _QUESTION.search(before) or _ASKED_BEHIND.match(after):
        return not is_affirmed(after)
    if _NOT_THAT.search(before):
        return not _AGREED.match(after)
    if (_NEGATION.search(before) or _NOT_FOR_YOU.search(before)) and not _DOUBLE.search(before):
        return True
    if _QUOTED_BAN.search(before):
        return True
    disowned = _DISOWNED.match(after)
    return disowned is not None and not is_winked_at(text, end + disowned.end())


def is_winked_at(text: str, taken_back: int) -> bool:
    """Tell whether the host takes back what was taken back up to there: 这话我可不敢说，懂的都懂."""
    return _WINK.search(text, taken_back, taken_back + _WINK_REACH) is not None


def is_affirmed(after: str) -> bool:
    """Tell whether what stands behind a question says yes to it."""
    return _YES.match(after) is not None


def is_allowed(rule: Rule, text: str, start: int, end: int, sentence: tuple[int, int]) -> bool:
    """Tell whether what stands in the sentence makes a hit harmless under this rule, negation aside."""
    if rule.excuse is not None and not rule.excuse.search(text, *sentence):
        return False
    for pattern in rule.allow:
        for match in pattern.finditer(text, *sentence):
            if match.start() < end and match.end() > start:
                return True
    return bool(rule.evidence) and any(pattern.search(text, *sentence) for pattern in rule.evidence)


def is_softened(rule: Rule, text: str, sentence: tuple[int, int]) -> bool:
    """Tell whether the sentence brings what lowers a block to a warning (a source, a date, a list's name)."""
    return bool(rule.soften) and any(pattern.search(text, *sentence) for pattern in rule.soften)
