"""Until when an offer holds: what a script says of it against what the record says, or against its silence."""

import re
from collections.abc import Iterator, Mapping, Set
from typing import Any, Final

from backend.quality.context import clause
from backend.quality.heads import headed
from backend.quality.numbers import NUMBER, parse_number
from backend.quality.opposites import is_claimed
from backend.quality.record import FactFault, fields_of

_HOUR: Final = rf"(?:{NUMBER}点(?:半|整|钟)?|零点|凌晨|半夜|中午|午夜)"
_DAY: Final = (
    "(?:今天|今晚|今夜|今儿|明天|明晚|明早|后天|本周|这周|周[一二三四五六日天末]|星期[一二三四五六日天]|月底|"
    rf"{NUMBER}月{NUMBER}[日号]|{NUMBER}[日号](?![楼店房码链]))"
)
_PART: Final = "上午|下午|晚上|早上|夜里|夜间|深夜|傍晚|当晚|当天|晚间|明儿个?|后儿个?|今儿个?"
_WHEN: Final = rf"(?:{_DAY}|{_HOUR}|{_PART})(?:的|{_DAY}|{_HOUR}|{_PART}|、|和|到)*"
#: 活动只到今晚八点, 这个价截止到周日, 五点一过恢复229, 还有最后三分钟.
_DEADLINE: Final = headed(
    rf"(?:活动|优惠|截止时间|[这那]个?价格?|价格|福利|特价|直播价|到手价|专享价|满减|赠品)[^，。！？；到]{{0,8}}?"
    rf"(?:只到|就到|截止到?|[做留撑守管保持给]到|到|截至|仅限|只限|限|是|为|：)(?P<until>{_WHEN})(?:截止|结束|为止|就没了?|之前)?|"
    rf"(?P<after>(?:过了)?{_WHEN}(?:一过|之后|以后|过后|一到)?，?(?:[这本]?个?(?:活动|优惠|福利|特价|链接|价格?))?，?(?:就|立刻|马上|准时|自动|价格?)*(?:恢复|没有?了(?=[，。！])|没得了|不是这个价|打烊|收(?=[，。！；])|回去|涨[回到价]?|回到|变回|调回|下架|截止|收[摊车]|关(?:[链闭]|(?=[，。！；]|$))|结束)(?!货|链|营业)(?:原价|日常价|{NUMBER}[元块]?)?)|"
    rf"(?P<stop>(?:通知|马上|即将|{_WHEN})[^，。！？；]{{0,6}}(?:停产|停售|绝版|断货|撤柜|永久下架|再也买不到))|"
    rf"(?P<within>(?:开播|开卖|上架)?(?:后|前)?{NUMBER}分(?:钟|半)(?:之?内|以内)(?:付款|下单|拍下?|抢到|付)|过时(?:不候|不送|不补)|还剩{NUMBER}分(?!量)[半钟]?)|"
    rf"(?P<left>(?:还有|只有|就剩|只剩|最后|倒计时|倒数)(?:最后|不到|的)?{NUMBER}(?:分钟|秒钟?|个?小时|个?钟头)(?!发|内|就?能|充|续|泡|煮|炖|蒸|焖|睡|到货))"
)
#: What of a record says until when.
_FIELD: Final = re.compile("活动|优惠|截止|限时|促销|直播价|券|福利|价格有效|价保至|秒杀|专享")
_CLOCK: Final = headed(rf"({NUMBER})(?:点|:00|时(?!间|长))|({NUMBER})[日号]")
_WEEKDAY: Final = re.compile("(?:周|星期|礼拜)[一二三四五六日天末]|月底|月末|年底|本月|本周")
_MIDNIGHT: Final = frozenset({0.0, 12.0, 24.0})


def deadline_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield ends of an offer in a folded text that the record contradicts (grave) or knows nothing of."""
    fields = [one for one in fields_of(product) if _FIELD.search(one)]
    known = frozenset(value for one in fields for value in _clock(one))
    days = frozenset(day for one in fields for day in _days(one))
    for match in _DEADLINE.finditer(text):
        low, high = clause(text, *match.span())
        said = _clock(match.group())
        if "发货" in text[low:high] or not is_claimed(text, *match.span()):
            continue
        if not fields:
            yield FactFault("PRI-005", *match.span(), f"“{match.group()}”：商品资料里没有活动截止时间，无法核对", False)
        elif _is_another_time(said, known) or (days and (told := _days(match.group())) and not told & days):
            yield FactFault("PRI-005", *match.span(), f"“{match.group()}”与商品资料（{fields[0][:24]}）不符", True)


def is_held_until(product: Mapping[str, Any]) -> bool:
    """Tell whether the record says until when an offer holds: whoever lets it end in minutes makes that up."""
    fields = [one for one in fields_of(product) if _FIELD.search(one)]
    return any(_clock(one) or _WEEKDAY.search(one) for one in fields)


def _is_another_time(said: set[float], known: Set[float]) -> bool:
    """Tell whether both give hours or days, and none is the same."""
    return bool(said and known) and not said & known and not (said & _MIDNIGHT and known & _MIDNIGHT)


def _days(said: str) -> set[float]:
    """Return the days of the month of a text: 活动到25日24点 is none of the 30th, whatever the hour."""
    return {value for one in re.findall(rf"({NUMBER})[日号]", said) if (value := parse_number(one)) is not None}


def _clock(said: str) -> set[float]:
    """Return the hours and days of the month of a text; an afternoon's hours both ways (五点, 17点)."""
    found: set[float] = set()
    for hour, day in _CLOCK.findall(said):
        value = parse_number(hour or day)
        if value is not None:
            found |= {value, value + 12} if hour and value <= 12 else {value, value - 12} if hour else {value}
    if re.search("零点|午夜|凌晨", said):
        found |= {0.0, 24.0}
    return found
