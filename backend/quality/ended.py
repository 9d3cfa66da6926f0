"""An offer that the record keeps until a date, and that a script lets end before: 喝完这杯茶我就改价."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backend.quality.context import clause, sentence
from backend.quality.normalize import fold
from backend.quality.numbers import NUMBER
from backend.quality.opposites import is_claimed
from backend.quality.patterns import made
from backend.quality.record import FactFault

#: Facts that say until when a price holds, and the day they give.
_OFFER: Final = re.compile("活动|优惠|直播价|价格|特价|促销|秒杀|专享|福利|限时|到手价|截止")
_DAY: Final = re.compile(
    r"\d{1,2}月\d{1,2}[日号]|\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}|(?<!\d)\d{1,2}[日号]|月底|月末|年底"
)
#: What happens in this room, now: with it ends no offer that a date ends.
_SOON: Final = (
    "(?:喝[完干光]|喝见底|喝下|咽下|吃完|抽完)[^，。！？]{0,8}|[^，。！？]{0,6}(?:喝[完干光]|喝见底|咽下去|放完|播完|唱完|刷完|讲完|说完|滴完|烧完|燃完|凉了)(?:了|以后|之后)?|"
    f"(?:等|我|一)*(?:下播|关播|下了播|收播)(?:了|以后|之后|就)?|直播(?:一)?(?:结束|完了?)(?:了|以后|之后)?|(?:换班|换人|交班)(?:了|以后|之后)?|"
    f"(?:我)?(?:数到|倒数|倒计时)(?:{NUMBER})?(?:秒|个数|声)?|(?:出|离开|走出|离)了?(?:这个|咱们?|我们?)?直播间"
)
#: By tonight: the record's date may be today.
_TONIGHT: Final = (
    f"(?:过了|过完|出了)?(?:今晚|今夜|今儿晚上|今天(?:晚上)?|今儿)(?:{NUMBER}点|零点|十二点|午夜)?"
    "(?:一过|过了|以后|之后|不拍|不买|不下单)?|明天(?:再)?(?:来|看|拍|买)?|明儿(?:再)?来?"
)
#: The price is another one then.
_CHANGES: Final = (
    rf"(?:就|马上|立马|立刻|直接|价格?|这个|那个|我|链接|自动|全部|统统|再|又|要|得|会|给|把|它|也|都|，)*"
    rf"(?:去)?(?:改(?:回)?(?:价|数字?|原价|{NUMBER})|改回|调(?:回|上|高)|恢复(?:原价|日常价|到|成|{NUMBER})|(?<!会)恢复(?=[，。！；]|$)|涨(?:回|到|价|上去)|变回|回(?:到)?(?:原价|{NUMBER})|"
    rf"撤(?:了|掉|价|下)?(?=[，。！；]|$)|(?:就)?没(?:有)?(?:了|这个?价|得)(?=[，。！；]|$)|(?:就)?没(?:有)?(?=[，。！；]|$)|不是(?:这个?价|{NUMBER})|是原价|是{NUMBER}块?[^，。！？]{{0,3}}(?=[，。！；]|$))"
)
_PRICE: Final = "(?:这个?|直播|活动|优惠|到手|特)?价格?|链接|[元块]"
_KEPT: Final = re.compile(
    "不会|不改|不涨|不变|还是|也是|还在|照样|一样|不喊|不催|不用赶|不搞|别信|不玩|从不|依旧|依然|不急"
)
_ONLY_TONIGHT: Final = re.compile(
    "(?:只有|就|仅限?|仅有)(?:今天晚上|今晚|今天|这一[场晚]|这场)(?:才)?(?:有)?(?:这个?价|这价)"
)


def ended_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield where a folded text lets a price end with what happens now, though the record keeps it until a date.

    Grave where no date can be meant; by tonight is in doubt, the date may be today.
    """
    facts = product.get("facts")
    if not isinstance(facts, Mapping) or not facts:
        return
    fields = [f"{fold(str(name)).text}：{fold(str(value)).text}" for name, value in facts.items()]
    told = next((one for one in fields if _OFFER.search(one) and _DAY.search(one)), None)
    if told is None:
        return
    listed = product.get("list_price")
    for grave, when in ((True, _SOON), (False, _TONIGHT)):
        for match in made(rf"(?P<when>{when})，?[^，。！？；不没]{{0,8}}?(?P<change>{_CHANGES})").finditer(text):
            low, _ = clause(text, *match.span())
            _, high = clause(text, match.end(), match.end())
            begin, _ = sentence(text, *match.span())
            before, _ = clause(text, max(begin, low - 1), max(begin, low - 1))
            said = text[before:high]
            if _KEPT.search(said) or text[high : high + 1] == "？" or not is_claimed(text, *match.span()):
                continue
            if not _is_of_the_price(said, match["change"], listed):
                continue
            yield FactFault("PRI-005", *match.span(), f"“{match.group()}”与商品资料（{told[:28]}）不符", grave)
    for match in _ONLY_TONIGHT.finditer(text):
        if is_claimed(text, *match.span()):
            yield FactFault("PRI-005", *match.span(), f"“{match.group()}”与商品资料（{told[:28]}）不符", False)


def _is_of_the_price(said: str, change: str, listed: object) -> bool:
    """Tell whether it is a price that changes: 没有了 alone may be the tea."""
    if re.search("改价|改数|改回|恢复|涨|原价|这个?价|调[回上高]|变回", change):
        return True
    return (listed is not None and re.search(_PRICE, said) is not None) or re.search(
        f"是{NUMBER}|回到", change
    ) is not None
