"""What a request says that cannot both be so: two lengths, words wanted and unwanted, prices that do not add up.

Each is asked about once; every answer is the whole request with one of the two sides in it.
"""

import re
from dataclasses import dataclass
from typing import Final

from backend.graph.intent.amounts import LONGEST, SHORTEST, length_beyond, number, seconds_asked
from backend.graph.intent.finds import Finds
from backend.graph.intent.folding import fold

#: Two lengths are one said twice (一分钟, 两百字) when they are nearer than this.
_APART: Final = 1.5
#: 写个面霜卖点,以后每段都: what is left of a length for each.
_OF_EACH: Final = re.compile(r"[,.]?(?:以后|今后|往后|后面|接下来)[^,.]{0,4}[每各所][^,.]{0,6}(?:都|全|一律|统一)*$")
#: A length that many segments have.
_USUAL: Final = 60
_FROM_TO: Final = re.compile(r"从|由|原来|现在是|不是|别|不要|太|各|分别|或|到|至|-|~")
_AT_MOST: Final = re.compile(r"(?:但|可|又)?(?:别|不要|不能|不可以?|不得|不)(?:超过|多于|长于|少于|短于)")
_CUT: Final = re.compile(r"[,，.。;；!！?？\n]+")
_MONEY: Final = r"(?:¥|￥)?\s*(\d{1,7}(?:\.\d{1,2})?|[一二两三四五六七八九十百千]{1,8})\s*(?:元|块(?:钱)?)?"
_BEFORE: Final = re.compile(rf"(?:原价|吊牌价|日常价|划线价|平时)(?:是|卖|要|为)?{_MONEY}")
_OFF: Final = re.compile(rf"(?:立减|直降|减|优惠|便宜|立省|省|降)(?:了|掉)?{_MONEY}(?!折)")
_FOLD: Final = re.compile(r"(?:打)?([1-9](?:\.\d)?|[一二三四五六七八九]{1,2})折")
_NOW: Final = re.compile(
    rf"(?:到手价?|现价|券后价?|折后价?|活动价|直播价|今天(?:只要|卖|价)|现在(?:只要|卖)|只要|只卖)(?:是|为|就|只要)?{_MONEY}"
)


@dataclass(frozen=True, slots=True)
class Odds:
    """A question about two sides, and the request with each of them: label and the whole request."""

    question: str
    options: tuple[tuple[str, str], ...]


def at_odds(message: str, finds: Finds) -> Odds | None:
    """Return the first contradiction of a request for one text; None when all of it can be so."""
    return _prices(message) or _words(message, finds) or _lengths(message, finds) or _beyond(finds)


def _beyond(finds: Finds) -> Odds | None:
    """Ask about a length that no text can have: 1秒, 两小时, -5秒, 10个字."""
    beyond = None if "seconds" in finds.slots else length_beyond(finds.text, finds.situation.pace)
    if beyond is None:
        return None
    text, meant = finds.text, abs(beyond.seconds)
    nearest = round(meant) if SHORTEST <= meant <= LONGEST else SHORTEST if meant < SHORTEST else LONGEST
    label = f"{nearest} 秒" if nearest < LONGEST else f"{LONGEST // 60} 分钟"
    rest = re.sub(",{2,}", ",", f"{text[: beyond.start]},{text[beyond.end :]}").replace(",的", "").strip(" ,")
    rest = _OF_EACH.sub("", rest) or rest
    usual = ("按这种稿子的常规长度", rest)
    if finds.draft is None and not (finds.cue["write"] or finds.mentions or finds.product or finds.unsure):
        # Of all texts to come: without a length there is nothing left to keep.
        usual = (f"{_USUAL} 秒", f"{text[: beyond.start]}{_USUAL}秒{text[beyond.end :]}")
    if finds.draft is not None and not finds.mentions:
        usual = ("短一点就行", "再短一点") if meant < LONGEST else ("长一点就行", "再长一点")
    said = text[beyond.start : beyond.end]
    return Odds(
        f"一段稿子最短 {SHORTEST} 秒、最长 {LONGEST} 秒（{LONGEST // 60} 分钟），「{said}」写不了。按多长写？",
        ((label, f"{text[: beyond.start]}{nearest}秒{text[beyond.end :]}"), usual),
    )


def _lengths(message: str, finds: Finds) -> Odds | None:
    text = finds.text
    first, rest = seconds_asked(text, finds.situation.pace)
    second, _ = seconds_asked(rest, finds.situation.pace) if first is not None else (None, rest)
    if first is None or second is None or _FROM_TO.search(_AT_MOST.sub("", text)):
        return None
    low, high = sorted((first, second))
    if high < low * _APART or len({mention.scenario for mention in finds.mentions}) > 1:
        return None
    bare = _AT_MOST.sub(",", rest)
    again = re.sub(",{2,}", ",", seconds_asked(bare, finds.situation.pace)[1]).replace(",的", "").strip(" ,")
    options = tuple((f"{seconds} 秒", f"{again}，{seconds}秒") for seconds in (low, high))
    return Odds(f"时长说了两个：{low} 秒和 {high} 秒，按哪个写？", options)


def _words(message: str, finds: Finds) -> Odds | None:
    """Ask about words that are to be said and not to be said."""
    wanted, unwanted = (finds.slots.get(name, []) for name in ("must_say", "must_not_say"))
    both = next((bad for bad in unwanted for good in wanted if bad == good or (len(bad) > 1 and bad in good)), None)
    if both is None:
        return None
    parts = [part for part in _CUT.split(message) if part.strip()]
    holding = [place for place, part in enumerate(parts) if both in fold(part)]
    if len(holding) < 2:
        return None
    refused = [place for place in holding if re.search(r"别|不|莫|勿|去掉|删|拿掉|避免|禁", fold(parts[place]))]
    if not refused or len(refused) == len(holding):
        return None
    without = "，".join(part for place, part in enumerate(parts) if place not in refused)
    with_it = "，".join(part for place, part in enumerate(parts) if place not in holding or place in refused)
    return Odds(f"「{both}」又要说又不要说，以哪个为准？", ((f"要说「{both}」", without), (f"不提「{both}」", with_it)))


def _prices(message: str) -> Odds | None:
    """Ask about a price before, a reduction and a price now of which one is wrong."""
    text = fold(message)
    before, now = _BEFORE.search(text), _NOW.search(text)
    if before is None or now is None:
        return None
    was, said = number(before[1]), number(now[1])
    off, share = _OFF.search(text), _FOLD.search(text)
    if off is not None and number(off[1]) >= was:
        return Odds(
            f"价格对不上：原价 {_plain(was)} 减不了 {_plain(number(off[1]))}，怎么写？",
            (
                (f"到手价 {_plain(said)}，不提原价和优惠", _dropped(text, before, off)),
                ("价格都按商品库写", _dropped(text, before, now, off)),
            ),
        )
    if off is not None:
        right = was - number(off[1])
        how = f"{_plain(was)} 减 {_plain(number(off[1]))}"
    elif share is not None:
        right = was * _tenths(share[1]) / 10
        how = f"{_plain(was)} 打 {share[1]} 折"
    elif said > was:
        return Odds(
            f"现价 {_plain(said)} 比原价 {_plain(was)} 还高，哪个写反了？",
            (
                (f"原价 {_plain(said)}，现价 {_plain(was)}", _put(text, {before.span(1): said, now.span(1): was})),
                ("都没写错，不提原价", (text[: before.start()] + text[before.end() :]).replace(",,", ",").strip(" ,")),
            ),
        )
    else:
        return None
    # Prices are rounded to the yuan, and a host says 八十九 for 89.1.
    if abs(right - said) <= 1 or right <= 0:
        return None
    return Odds(
        f"价格对不上：{how} 应该是 {_plain(right)}，你写的到手价是 {_plain(said)}，以哪个为准？",
        (
            (f"到手价 {_plain(right)}", _put(text, {now.span(1): right})),
            (f"到手价 {_plain(said)}，不说怎么减的", _without_reduction(text, off or share)),
        ),
    )


def _without_reduction(text: str, reduction: re.Match[str] | None) -> str:
    if reduction is None:
        return text
    return re.sub(r"[,、]{2,}", ",", text[: reduction.start()] + text[reduction.end() :]).strip(" ,")


def _dropped(text: str, *said: re.Match[str]) -> str:
    for match in sorted(said, key=re.Match.start, reverse=True):
        text = text[: match.start()] + text[match.end() :]
    return re.sub(r"[,、]{2,}", ",", text).strip(" ,")


def _put(text: str, figures: dict[tuple[int, int], float]) -> str:
    for (start, end), figure in sorted(figures.items(), reverse=True):
        text = text[:start] + _plain(figure) + text[end:]
    return text


def _tenths(said: str) -> float:
    """Read 8, 8.5, 八, 八五 as tenths."""
    if said[0].isdigit():
        return float(said)
    digits = [number(sign) for sign in said]
    return digits[0] + (digits[1] / 10 if len(digits) > 1 else 0)


def _plain(figure: float) -> str:
    return f"{round(figure, 2):g}"
