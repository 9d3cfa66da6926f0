"""Amounts that are told of people: their bodies, their ages, how long they have done something."""

import re
from collections.abc import Sequence
from typing import Final

from backend.quality.context import clause
from backend.quality.heads import headed
from backend.quality.measured import Amount
from backend.quality.numbers import parse_number

#: What a person measures: 我一米六, 模特身高175, 一米六五的选M.
_OF_A_PERSON: Final = headed(
    "(?:我|她|他|你|[爸妈]|模特|主播|身高|个子|同事|闺蜜|姐|哥|妹|弟|老公|老婆|儿子|女儿|孩子|本人)(?:身高|个子|体重|净身高|也?[是有才就]|大概|差不多|不到)*$"
)
_FITS: Final = re.compile(
    r"^[^。！？]{0,14}(?:的?[选穿拿拍][smlx\d中大小加]|的(?:姐妹|朋友|[男女]?生|个子|身高|家人|宝宝|[男女]?[娃孩]|孩子|小孩|[爸妈哥姐弟妹]|爸爸|妈妈|小伙|姑娘|大哥|大姐|兄弟|人|老人|大个))"
)
#: Before a number of years: what somebody has done for so long.
_CAREER: Final = re.compile("(?:做|干|卖|种|教|当|练|学|入行|从业|开店|开厂|开车|摆摊)(?!工|法)[^，。！？]{0,3}$")
_OF_A_CAREER: Final = re.compile("教龄|从业|经验|创立|成立|始于|工龄|年资")
#: Behind an amount: it is that of somebody.
_OF_WHOM: Final = headed(
    "的?(?:[男女]?[娃孩]|小?宝宝|孩子|小孩|大?胖?小子|小狗|狗狗|猫咪|壮汉|大汉|大叔)(?!用|专|款|装|适|能|可|都|也|就)"
)
#: A fact of the bodies that goods are made for.
_FOR_BODIES: Final = re.compile("体重|身高|适[用合宜]|承重|载重|限重|kg宝|码|段")
#: Behind an age: whom the goods are not for.
_TOO_YOUNG: Final = re.compile(
    "(?:以[下内上]|不到)?的?[^。！？]{0,16}?(?:别|不(?:适合|建议|要|能|宜)|撕|吞|先|再等|划走)"
)
#: 约三个朋友, 跟两个球搭子: who asks them along is one more.
_ALONG: Final = re.compile(
    "(?:约|叫|喊|带|拉|请|找|拽|凑|和|跟|同|陪)(?:上|着|来|了)?(?P<number>[一两二三四五六七八九\\d仨俩])(?:个|位)?"
    "(?:老)?(?:朋友|姐妹|同事|室友|邻居|伙伴|闺蜜|同学|哥们|兄弟|搭子|搭档|球友|牌友|茶友|酒友|队友|街坊|老伙计|老乡|亲戚|[\\u4e00-\\u9fa5]搭子)"
)


def is_of_people(text: str, amount: Amount, alike: Sequence[str], fields: Sequence[str]) -> bool:
    """Tell whether an amount is one of people; `alike` are the record's fields that tell of the same, `fields` all."""
    if _OF_WHOM.match(text, amount.end) and not any(_FOR_BODIES.search(field) for field in alike):
        return True  # 十五公斤的娃
    if amount.dimension in ("years", "months", "age") and _TOO_YOUNG.match(text, amount.end):
        return True
    if amount.dimension in ("years", "months") and _has_done(text, amount):
        return not any(_OF_A_CAREER.search(field) for field in fields)  # 我姓罗，做茶十九年
    return amount.dimension in ("length", "weight") and _is_of_a_person(text, amount)


def _has_done(text: str, amount: Amount) -> bool:
    """Tell whether an amount of time is how long somebody has done something: 做茶十九年."""
    return (
        text[amount.start : amount.end].rstrip("多半").endswith("年")
        and _CAREER.search(text[: amount.start][-8:]) is not None
    )


def _is_of_a_person(text: str, amount: Amount) -> bool:
    low, _ = clause(text, amount.start, amount.end)
    grown = 1000 <= amount.value < 2200 if amount.dimension == "length" else 30_000 <= amount.value < 150_000
    return _OF_A_PERSON.search(text[low : amount.start]) is not None or (
        grown and _FITS.match(text[amount.end : amount.end + 24]) is not None
    )


def sharers(text: str) -> set[int]:
    """Return how many share something by the words of a text: whoever is asked along, and who asks."""
    numbers = (parse_number(match["number"]) for match in _ALONG.finditer(text))
    return {int(number) + 1 for number in numbers if number is not None}
