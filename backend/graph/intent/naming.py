"""Which product or host of the tenant a message names: exact names, aliases, typing errors, part of a name, brand."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from pypinyin import lazy_pinyin
from rapidfuzz import fuzz

from backend.graph.intent.folding import fold


@dataclass(frozen=True, slots=True)
class Known:
    """A product as far as it takes to recognise it."""

    id: str
    name: str
    brand: str = ""
    category: str = ""
    aliases: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A mention. `sure` is 1 for the exact name, less for part of it or a typing error."""

    product: Known
    start: int
    end: int
    sure: float


#: Parts of product names that many things share; alone they name nothing.
_COMMON: Final = frozenset(
    [
        "家用",
        "便携",
        "不锈钢",
        "大容量",
        "新款",
        "正品",
        "旗舰",
        "官方",
        "礼盒",
        "套装",
        "组合",
        "系列",
        "升级",
        "无线",
        "智能",
        "电动",
        "儿童",
        "成人",
        "男士",
        "女士",
        "夏季",
        "冬季",
        "春季",
        "秋季",
        "产品",
        "商品",
        "直播",
        "主播",
        "开场",
        "卖点",
        "促销",
        "专用",
        "经典",
        "纯棉",
        "产地",
        "有机",
        "天然",
        "小包",
        "独立",
        "包装",
        "原味",
        "多功能",
        "超薄",
        "轻薄",
        "加厚",
        "免洗",
    ]
)
_TYPO: Final = 74.0


def mentioned(text: str, products: Iterable[Known]) -> list[Match]:
    """Return the products that folded `text` names, in the order of mention; of overlapping ones the surest.

    Several products that fit the same words equally well are all returned: the caller asks.
    """
    found: list[Match] = []
    for product in products:
        best = _best(text, product)
        if best is not None:
            found.append(best)
    found.sort(key=lambda match: (-match.sure, -(match.end - match.start)))
    kept: list[Match] = []
    for match in found:
        rivals = [k for k in kept if k.start < match.end and match.start < k.end]
        if all(abs(k.sure - match.sure) < 0.02 and (k.end - k.start) == (match.end - match.start) for k in rivals):
            kept.append(match)
    return sorted(kept, key=lambda match: match.start)


def _best(text: str, product: Known) -> Match | None:
    names = [fold(product.name), *(fold(alias) for alias in product.aliases)]
    for name in sorted(names, key=len, reverse=True):
        at = text.find(name) if len(name) >= 2 else -1
        if at >= 0:
            # A longer exact name beats a shorter one of another product that it contains.
            return Match(product, at, at + len(name), 1.0)
    squeezed = text.replace(" ", "")
    if squeezed != text:
        for name in names:
            at = squeezed.find(name.replace(" ", ""))
            if at >= 0 and len(name) >= 3:
                return Match(product, 0, len(text), 0.95)
    spelled = next((found for name in names if (found := _spelled(text, name))), None)
    if spelled is not None:
        return Match(product, *spelled, 0.84)
    typo = max((t for name in names if (t := _typo(text, name))), key=lambda t: t[2], default=None)
    parts = [
        _part(text, product),
        *(_part(text, replace(product, name=one, brand="", category="")) for one in product.aliases),
    ]
    choices = [Match(product, *found) for found in (typo, *parts) if found is not None]
    return max(choices, key=lambda match: (match.sure, match.end - match.start), default=None)


def _part(text: str, product: Known) -> tuple[int, int, float] | None:
    """Find the longest stretch of the name in the text; brand and category count as names of lower rank."""
    name, brand, category = fold(product.name), fold(product.brand), fold(product.category)
    start, end = _longest_common(text, name)
    stretch = text[start:end].strip()
    best: tuple[int, int, float] | None = None
    if len(stretch) >= 2 and stretch not in _COMMON and not stretch.isdigit() and stretch != brand:
        # The end of a Chinese product name says what it is: 青禾316保温杯 → 保温杯.
        is_kind = name.rstrip("0123456789mlgk包袋盒瓶只件装 ()").endswith(stretch) or len(stretch) >= 3
        if is_kind:
            best = (start, end, 0.8 + 0.1 * len(stretch) / max(len(name), 1))
    if len(brand) >= 2 and (at := text.find(brand)) >= 0 and (best is None or best[2] < 0.75):
        best = (at, at + len(brand), 0.75)
    if best is None and len(category) >= 2 and (at := text.find(category)) >= 0:
        best = (at, at + len(category), 0.7)
    return best


def _spelled(text: str, name: str) -> tuple[int, int] | None:
    """Find a name some of whose characters are spelled as they sound: tuote包 for 托特包."""
    if not re.search(r"[a-z]{3}", text):
        return None
    syllables = [(sound, at) for at, sound in enumerate(sounds(text)) if sound.strip()]
    heard = "".join(sound for sound, _ in syllables)
    place = [at for sound, at in syllables for _ in sound]
    ends = [sign for sign in name if "\u4e00" <= sign <= "\u9fff"]
    for size in range(len(ends), 1, -1):
        sound = "".join(sounds("".join(ends[-size:])))
        at = heard.find(sound)
        if at < 0 or len(sound) < 5:
            continue
        start, end = place[at], place[at + len(sound) - 1] + 1
        # Something of it must be spelled, and it must begin where a syllable begins.
        if re.search(r"[a-z]", text[start:end]) and (at == 0 or place[at - 1] != start):
            return start, end
    return None


def _typo(text: str, name: str) -> tuple[int, int, float] | None:
    if len(name) < 3 or len(text) < 3:
        return None
    if len(name) >= 4:
        found = fuzz.partial_ratio_alignment(name, text, score_cutoff=_TYPO)
        if found is not None and found.dest_end - found.dest_start >= len(name) - 1:
            return found.dest_start, found.dest_end, 0.6 + 0.3 * found.score / 100
    if not all("\u4e00" <= sign <= "\u9fff" for sign in name):
        return None
    sound, heard = sounds(name), sounds(text)
    for at in range(len(heard) - len(sound) + 1):
        if heard[at : at + len(sound)] == sound:
            return at, at + len(sound), 0.85
    return None


@lru_cache(maxsize=4096)
def sounds(text: str) -> tuple[str, ...]:
    """Return the syllables of the text without tones."""
    # One syllable for each character, so that places stay places.
    return tuple(lazy_pinyin(list(text)))


def _longest_common(text: str, name: str) -> tuple[int, int]:
    best = (0, 0)
    for start in range(len(text)):
        length = best[1] - best[0] + 1
        while start + length <= len(text) and text[start : start + length] in name:
            best = (start, start + length)
            length += 1
    return best
