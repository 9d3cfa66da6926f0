"""Shares told in words against a record's percentages: 羊毛占了大头, of 羊毛45% 聚酯纤维52%."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from backend.quality.context import clause
from backend.quality.normalize import fold
from backend.quality.numbers import NUMBER, parse_number
from backend.quality.opposites import is_claimed
from backend.quality.patterns import made
from backend.quality.record import FactFault

#: 羊毛45%, 45%羊毛: a part of a composition, and how much of it there is.
_BEHIND_NAME: Final = re.compile(r"(?P<name>[\u4e00-\u9fa5]{1,6})[：:（(]?\s*(?P<share>\d+(?:\.\d+)?)\s*%")
_BEFORE_NAME: Final = re.compile(r"(?P<share>\d+(?:\.\d+)?)\s*%\s*(?P<name>[\u4e00-\u9fa5]{1,6})")
#: Names of one stuff: records write the one, hosts say the other.
_ALSO_CALLED: Final = {"聚酯纤维": "涤纶", "涤纶": "聚酯纤维", "锦纶": "尼龙", "尼龙": "锦纶", "莱赛尔": "天丝"}
_SMALL: Final = "(?:的?(?:含量|成分|比例|份量|用量)|里头?|就|都|也|要|能|可|还|才|只|是|有|占|在|达|到|了|它|差不多)*"
_ABOUT: Final = "(?P<less>不到|不足|没到|将近|接近|快|近)?"
_MOST: Final = "绝?大部分|一?大半|一?多半|半数以上|一半以上|一半还多|一半多|过半|超(?:过了?)?一半"
#: A share as a word.
_SHARE: Final = (
    f"(?P<most>{_MOST})|(?P<head>大头)|{_ABOUT}(?P<half>一半|对半)(?P<half_less>不到|都不到|还不到)?|"
    rf"{_ABOUT.replace('less', 'tenths_less')}(?P<tenths>{NUMBER}|[一二三四五六七八]?[一二两三四五六七八九])成"
    "(?P<more>多|以上|出头|半|五)?(?![功熟年分本为了交人套品色长型新])"
)
#: The largest of all, and the few that are hardly any.
_LARGEST: Final = "(?:占|含|用|放|比例|含量)(?:的|得)?(?:比例|分?量)?(?:是)?最(?:多|大|高)"
_HARDLY_ANY: Final = "(?:只是|只有|就|才|不过)(?:是|有|掺了?|加了?)?(?:一点点?|一丁点儿?|一丢丢|少许|零头)"
_ADDED: Final = "(?:掺|加|混|带)了?(?:一点点?|一丁点儿?|少许|一丢丢)"
_HALF: Final = re.compile("一半|对半")
_BEHIND: Final = re.compile(f"{_SHARE}|{_LARGEST}|{_HARDLY_ANY}")
_BEFORE: Final = re.compile(f"(?:{_SHARE}|主要[成原材配]?[分料]?|主料)[都全就还]*是")
_FEW: Final = re.compile(_ADDED)
_THAN: Final = re.compile("比[^，。！？]{1,14}[多高大]")
#: It is not said of these goods, or said not to be.
_DENIED: Final = re.compile("别以为|不是|没有|没占|谁说|未必|不算|看着像|以前|别家|人家|市面|有的|很多|如果|要是")
#: So much a word may be off, in percent of the whole.
_SLACK: Final = 0.5
_HALVES: Final = (44.0, 56.0)
_LITTLE: Final = 20.0
_NOT_QUITE: Final = ("不到", "不足", "没到")


def share_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield shares of a folded text, told in words, that none of the record's compositions comes to."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping) or "%" not in "".join(map(str, facts.values())).replace("％", "%"):
        return
    found = _compositions(tuple((fold(str(name)).text, fold(str(value)).text) for name, value in facts.items()))
    names = sorted({name for one, _ in found for name in one}, key=len, reverse=True)
    if not any(name in text for name in names):
        return
    any_name = "|".join(map(re.escape, names))
    for start, end, parts, words in _told(text, any_name):
        low, high = clause(text, start, end)
        if _DENIED.search(text, low, end) or text[high : high + 1] == "？" or not is_claimed(text, start, end):
            continue
        known = [(one, told) for one, told in found if all(part in one for part in parts)]
        # 面料 and 里料 have each their own: what is right of one of them may be meant.
        if known and not any(_is_right(words, [one[part] for part in parts], one) for one, _ in known):
            yield FactFault("FAC-004", start, end, f"“{text[start:end]}”与商品资料（{known[0][1]}）不符", True)


@lru_cache(maxsize=256)
def _compositions(fields: tuple[tuple[str, str], ...]) -> Sequence[tuple[Mapping[str, float], str]]:
    """Return each composition on record, its parts by their names, of which there are at least two, and no more."""
    found = []
    for name, value in fields:
        for part in re.split("[;；。]", value):
            pattern = _BEFORE_NAME if re.match(r"\s*\d", part) else _BEHIND_NAME
            shares = {match["name"]: float(match["share"]) for match in pattern.finditer(part)}
            if len(shares) >= 2 and 90 <= sum(shares.values()) <= 101:
                also = {_ALSO_CALLED[one]: share for one, share in shares.items() if one in _ALSO_CALLED}
                # 绵羊毛 is told as 羊毛, where no other part ends so.
                for one, share in shares.items():
                    if len(one) > 2 and sum(other.endswith(one[-2:]) for other in shares) == 1:
                        also.setdefault(one[-2:], share)
                found.append(({**also, **shares}, f"{name}：{value[:28]}"))
    return found


def _told(text: str, names: str) -> Iterator[tuple[int, int, list[str], re.Match[str]]]:
    """Yield where a share is told, of which parts, and the words for it."""
    together = rf"(?P<parts>(?:{names})(?:[加和跟、与](?:{names}))*)(?:加起来|一起|合起来|两样|一共)*"
    # 七成棉三成麻: what stands before the next part is that one's.
    behind = (
        rf"{together}{_SMALL}(?:{_SHARE}|(?P<largest>{_LARGEST})|(?P<little>{_HARDLY_ANY}))(?!的?(?:是)?(?:{names}))"
    )
    # 一半以上是羊毛, 主要成分是羊毛.
    before = (
        rf"(?:{_SHARE}|(?P<main>主要(?:成分|原料|材料|配料)?|主料))(?:都|全|就|还)*"
        rf"是(?:用)?(?:纯|真)?(?P<parts>{names})(?=[，。！；、]|的?(?:$|[，。！；、]))"
    )
    added = rf"(?P<little>{_ADDED})(?P<parts>{names})(?=[，。！；、]|$)"
    more = (
        rf"(?P<parts>{names})(?:的?(?:含量|比例))?"
        rf"比(?P<than>{names})(?:的?(?:含量|比例))?(?:要|还)?(?:占得|占的)?[多高大]"
    )
    each = (
        rf"(?P<parts>(?:{names})[和跟、与](?:{names}))(?:各占?)?(?:一半一半|各一半|一半|对半)(?P<each>)(?!以上|多|还)"
    )
    for sign, pattern in ((_HALF, each), (_BEHIND, behind), (_BEFORE, before), (_FEW, added), (_THAN, more)):
        # Compiled for the record's names only where such words stand at all.
        for match in made(pattern).finditer(text) if sign.search(text) else ():
            parts = re.findall(names, match["parts"])
            than = match.groupdict().get("than")
            yield *match.span(), [*parts, *([than] if than else [])], match


def _is_right(match: re.Match[str], shares: Sequence[float], whole: Mapping[str, float]) -> bool:
    groups = match.groupdict()
    if groups.get("than"):
        return shares[0] > shares[1]
    if groups.get("each") is not None:
        return all(_HALVES[0] <= one <= _HALVES[1] for one in shares)
    share = sum(shares)
    if groups.get("head") or groups.get("largest") or groups.get("main"):
        # 大头 of three is the largest of them.
        return share > 50 or share >= max((one for one in whole.values() if one not in shares), default=0.0)
    if groups.get("tenths"):
        return _is_so_many_tenths(groups, share)
    low, high = _bounds(groups)
    return low <= share <= high


def _bounds(groups: Mapping[str, str | None]) -> tuple[float, float]:
    """Return between what a share must lie that is told as most, little or about a half."""
    if groups.get("most"):
        return 50 - _SLACK, 100
    if groups.get("little"):
        return 0, _LITTLE
    if groups.get("half_less") or groups.get("less") in _NOT_QUITE:
        return 0, 50
    return (_HALVES[0] - 6, 50 + _SLACK) if groups.get("less") else _HALVES


def _is_so_many_tenths(groups: Mapping[str, str | None], share: float) -> bool:
    said = groups["tenths"] or ""
    # 两三成 is one or the other.
    low, high = (
        (parse_number(one) for one in (said[0], said[-1])) if len(said) == 2 and "十" not in said else (None,) * 2
    )
    if low is None or high is None or high != low + 1:
        low = high = parse_number(said)
    if low is None or high is None or high > 10:
        return True
    least, most = 10 * low, 10 * high
    if groups["tenths_less"] in _NOT_QUITE:
        return share <= most
    if groups["tenths_less"]:
        return most - 7 <= share <= most + _SLACK
    if groups["more"] in ("半", "五"):
        return least + 2 <= share <= most + 8
    return least - 5 <= share < most + 10
