"""Numbers as people say and write them in a live room: 三十九块九, 199, 四升半, 一百二."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from backend.quality.heads import headed

_DIGITS: Final = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "俩": 2,
    "仨": 3,
}
_SCALES: Final = {"十": 10, "百": 100, "千": 1000}
#: One number, Arabic or Chinese, as a pattern without groups.
NUMBER: Final = (
    r"(?:\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:万)?|"
    r"[零〇一二两三四五六七八九十百千万]+(?:点[零一二三四五六七八九]+)?)"
)
#: What goods are counted in.
COUNTERS: Final = (
    "件盒瓶包支袋箱套双条个罐片台只份组枚粒杯桶提板张本串根颗把块副对盆株顶床辆匹筒筐册卷贴听坛枝束棵幅抽盏饼屉匣篮节"
)

#: About so many, and no number: neither 12 nor 35.
_ROUGHLY: Final = frozenset(["一二", "一两", "两三", "二三", "三四", "四五", "五六", "六七", "七八", "八九", "三五"])
#: What is counted in blocks, many of them too: 三十块糖.
_IN_BLOCKS: Final = re.compile(
    "(?:小|大|方)?(?:糖|皂|饼|肉|巧克力|豆腐|砖|拼图|积木|地垫|瓷砖|姜|冰|蛋糕|面包|年糕|奶酪|牛轧|腐乳|木|板|电池|毛巾|抹布|尿布)"
)

Approximation = Literal["", "below", "above", "about"]

#: 五十九一 is two numbers: fifty-nine, and one (59 for one).
_TWO_NUMBERS: Final = re.compile("[十百千万][一二两三四五六七八九]{2}|[一二三四五六七八九]{2}[十百千]")
_BELOW: Final = re.compile(r"(?:不到|不足|低于|不超过|以内|还不到|用不了|不用)$")
_ABOUT: Final = re.compile(r"(?:大约|大概|差不多|将近|接近|约|也就|左右)$")
_BARE: Final = r"(?:\d+(?:\.\d+)?|[一二两三四五六七八九]?[十百千][零一二三四五六七八九十百千]*)"
_MONEY: Final = headed(
    rf"[¥￥]\s*(?P<signed>{NUMBER})|"
    rf"(?P<number>{NUMBER})(?P<more>多|来|几)?\s*(?P<unit>元|块钱|块|圆|rmb)"
    # 八十九块钱三斤: 89 for three 斤.
    rf"(?:(?!(?<=钱)[一二两三四五六七八九\d]公?斤)(?P<tenths>[一二两三四五六七八九]|\d)(?P<jiao>毛|角)?(?P<cents>(?<=[毛角])[一二三四五六七八九\d])?(?![{COUNTERS}天年月米度个\d.点折十百口股家位公千克毫厘升])|零(?P<odd>[一二三四五六七八九\d])(?:分|(?P<odd_jiao>[毛角]))?)?"
    rf"(?P<tail>多|左右|出头|上下|以内|还?不到|都不到|挂零|有余)?|"
    rf"(?P<fen>{NUMBER})分(?P<fen_tail>多)?钱|"
    rf"(?P<dimes>{NUMBER})(?:[毛角](?P<dime_cents>[一二三四五六七八九])(?![{COUNTERS}斤天十])|毛钱?|角钱)(?P<dime_tail>多|左右|出头|上下|还?不到|都不到)?|"
    rf"(?:到手价?|只要|只需|仅需|价格?是?|现价|售价|卖|现在|今天|今儿个?|今晚|[这本]场|这会儿?|这回|直播间|给到|我这[儿边里]|标着?|报价|中间差|(?<![温误时落反])差|便宜|再减|(?<![加])减|"
    rf"(?<![至多不缺])少[花付掏拿]?|[能可]省|省出|划线价?|吊牌价?|专柜价?|日常价?|市场价|平时卖?|省|一共|总共|合计|总价|原价|"
    rf"立减|直降|便宜|省下?了?|拍下|券后|才要?|(?:给[你您]们?|给大家)?算(?:[你您]们?|大家)?|(?:拍|卖|留|打包)给(?:[你您]们?|大家)|(?:只|就|才|都)收|收[你您]们?|"
    rf"[一二两三四五六七八九十\d](?:[{COUNTERS}]|公?斤)(?:只要|就是|是|才|到手|算下来)?|折合(?:下来)?(?:每|一)?[{COUNTERS}]?|[每单][{COUNTERS}]|[一每][\u4e00-\u9fa5]{{1,2}}[合摊]到?)"
    rf"(?:整整|[是就只才要给你您们大家了个掉下出])*(?P<bare>{_BARE})(?P<bare_tail>多|左右|出头|上下|还?不到|都不到)?(?=[，。！？；、\n]|$|[省少]|到手|就[到能拿带]|[带拿骑开推抱搬扛领拎穿端背牵提接抬装捎]走|拿下|入手|安排|搞定|收下|包邮|[带抱扛领骑开拎搬牵]回|能[买吃喝再够]|够[买吃喝]|拿去|一(?:[件盒瓶包支袋箱套双条罐片份组枚杯桶提张本把副床台只](?![件盒瓶包])|块(?![一二两三四五六七八九\d钱，。！？])))|"
    # 三百九十九的标, and a total after how many were taken: 两条带走，二百七十八
    rf"(?<![a-z\d.])(?P<listed>{_BARE})(?=的(?:标|吊牌|原价|划线|价))|"
    # 五十九一支, and a figure that is a clause by itself: 二百四十九，带收纳盒
    rf"(?P<each>(?:\d+(?:\.\d+)?|[一二三四五六七八九十百千零两]*[十百零][二三四五六七八九]))(?=[一1][{COUNTERS}斤](?![{COUNTERS}])(?<!块))|"
    rf"(?<=[，。！？；\n])(?P<alone>{_BARE})(?=[，。！？；\n]|$)|"
    # 今天一百五十九直接带走: a bare figure for which one has it.
    rf"(?<![\d.a-z第前满买拍送赠库存剩有备限超过够到至减返打约零一二两三四五六七八九十百千万点])(?<!库存)(?<!限量)(?<!名额)(?P<taken>\d{{2,5}}(?:\.\d{{1,2}})?|[一二两三四五六七八九]?[十百千][零一二三四五六七八九十百千]*)"
    rf"(?=(?:你们?|您|大家|咱们?|就|直接|全|都|整[{COUNTERS}])*(?:(?:就?[能可]以?)?(?:[带拿拎抱搬扛提牵骑开推领捧端]|拍)(?:走(?![进上出过到])|回去|回家)|拿下|到手|包邮|入手|收走|上车|开走|安排上)(?!的(?:人|朋友|姐妹|家人|宝)))|"
    rf"(?:[两二三四五六七八九十\d][{COUNTERS}]|[一1]人[一1][{COUNTERS}])(?:带走|都要|一起拍?|拿走|到手|下来|加一块儿?)?，?(?:一共|总共|合计|就是|才|只要|是|刚好|正好|整整)?(?P<total>{_BARE})(?=[，。！省少])"
)
#: A count of all there are, whose last figure could be the one of 一枚.
_GOES_ON: Final = re.compile(
    rf"(?:一共|总共|合计|拢共)(?:整整|[是就有])*[零一二两三四五六七八九十百千]*[十百]一[{COUNTERS}]"
)
_MEASURE: Final = "钱多左出上以不就到的呢还都起买拿带给包能一，。！？；、 \n了吧啊搞封立"


@dataclass(frozen=True, slots=True)
class Money:
    """A sum of money in a text; the span is in the text that was searched."""

    value: float
    start: int
    end: int
    approximation: Approximation


@lru_cache(maxsize=4096)  # the same few are read again and again
def parse_number(said: str) -> float | None:
    """Read one number; None when it is none (几十, 点)."""
    said = said.replace(",", "")
    if re.fullmatch(r"\d+(?:\.\d+)?万?", said):
        return float(said.rstrip("万")) * (10_000 if said.endswith("万") else 1)
    whole, _, fraction = said.partition("点")
    if not whole or (fraction and not all(char in _DIGITS for char in fraction)):
        return None
    value = _parse_chinese(whole)
    if value is None or not fraction:
        return value
    return value + float("0." + "".join(str(_DIGITS[char]) for char in fraction))


def _parse_chinese(said: str) -> float | None:
    if any(char not in _DIGITS and char not in _SCALES and char != "万" for char in said):
        return None
    if said in _ROUGHLY:
        return None  # 七八天
    if len(said) > 1 and all(char in _DIGITS for char in said):
        return float("".join(str(_DIGITS[char]) for char in said))
    if _TWO_NUMBERS.search(said):
        return None
    total = section = digit = 0
    scale, last = 1, _SCALES["千"]
    for char in said:
        if char in _DIGITS:
            digit = _DIGITS[char]
            # 一百零五 is 105, 一百五 is 150: a zero takes the short form away.
            scale = 1 if digit == 0 else scale
        elif char == "万":
            total, section, digit, scale = (total + section + digit) * 10_000, 0, 0, 10_000
            last = _SCALES["千"]
        else:
            # 十五千克: what stands before is counted in thousands.
            greater = section and _SCALES[char] > last
            section = (section + digit if greater else 0) * _SCALES[char] or section + (digit or 1) * _SCALES[char]
            digit, scale, last = 0, _SCALES[char], _SCALES[char]
    return float(total + section + (digit * scale // 10 if scale >= 100 and said[-1] in _DIGITS else digit))


@lru_cache(maxsize=64)  # a review asks the same text four times
def money_in(text: str) -> Sequence[Money]:
    """Return the sums of money of a folded text. Vague ones (几十块) and pieces (一块蛋糕) are left out."""
    return tuple(_sums(text))


def _sums(text: str) -> Iterator[Money]:
    for match in _MONEY.finditer(text):
        groups = match.groupdict()
        said = groups["signed"] or groups["number"] or groups["dimes"] or groups["bare"]
        said = (
            said
            or groups["listed"]
            or groups["total"]
            or groups["fen"]
            or groups["each"]
            or groups["taken"]
            or groups["alone"]
        )
        value = parse_number(said)
        if groups["alone"] and (value is None or value < 10 or len(set(said)) == 1):
            continue  # 倒数：三，二，一
        if value is None or _is_vague(text, match) or _is_piece(text, match, value):
            continue
        if groups["bare"] and _GOES_ON.search(text, match.start(), match.end() + 3):
            continue  # 黑白一共三百六十一枚: so many pieces, and no sum for one
        if groups["dimes"]:
            value = value / 10 + (parse_number(groups["dime_cents"] or "零") or 0) / 100
        if groups["fen"]:
            value /= 100
        if groups["tenths"]:
            tenths = parse_number(groups["tenths"])
            value += (tenths or 0) / 10
            value += (parse_number(groups["cents"] or "零") or 0) / 100
        if groups["odd"]:
            value += (parse_number(groups["odd"]) or 0) / (10 if groups["odd_jiao"] else 100)  # 一块零八, 十块零八毛
        tail = (
            groups["tail"] or groups["dime_tail"] or groups["bare_tail"] or groups["fen_tail"] or groups["more"] or ""
        )
        start = match.start(
            next(
                name
                for name in ("signed", "number", "dimes", "fen", "bare", "listed", "total", "each", "taken", "alone")
                if groups[name]
            )
        )
        yield Money(value, start, match.end(), _approximation(text[max(0, start - 6) : start], tail))


def _is_vague(text: str, match: re.Match[str]) -> bool:
    at = match.start()
    return text[at - 1 : at] in ("几", "好", "上") or match.group("more") == "几"


def _is_piece(text: str, match: re.Match[str], value: float) -> bool:
    """一块蛋糕 and 两块巧克力 are no money."""
    if match.group("unit") != "块" or match.group("tenths") or match.group("odd"):
        return False
    if value >= 20:
        return _IN_BLOCKS.match(text, match.end()) is not None
    if value == 1 and text[match.start() - 1 : match.start()] not in tuple("价卖才要只就花省差减少宜是"):
        return True  # 桌面省出一块, 粘一块
    after = text[match.end() : match.end() + 1]
    return bool(after) and after not in _MEASURE


def _approximation(before: str, tail: str) -> Approximation:
    if _BELOW.search(before) or tail.endswith(("以内", "不到")):
        return "below"
    if tail in ("多", "来", "出头", "挂零", "有余"):
        return "above"
    if _ABOUT.search(before) or tail in ("左右", "上下"):
        return "about"
    return ""


def counts_in(text: str) -> set[int]:
    """Return how many pieces a folded text speaks of, 买三送一 as its sum too."""
    counts: set[int] = set()
    for match in re.finditer(
        rf"({NUMBER})\s*(?:小|大)?[{COUNTERS}](?!月|小时|钟头|星期|礼拜|季度|工作日)|[拍买送]({NUMBER})(?=[，。！？送发减得]|$)",
        text,
    ):
        value = parse_number(match.group(1) or match.group(2))
        if value is not None and 1 <= value <= 2000 and value == int(value):
            counts.add(int(value))
    if re.search("一对|成对|两口子|[俩两](?:个)?人|一人一[件条个只副双支瓶]", text):
        counts.add(2)
    for match in re.finditer(rf"[买拍]({NUMBER})[{COUNTERS}]?[，]?(?:发|送|得|赠)({NUMBER})", text):
        bought, given = parse_number(match.group(1)), parse_number(match.group(2))
        if bought and given:
            counts.add(int(bought + given))
    return counts
