"""Questions about what the room itself holds: 有哪些产品, 主播都有谁, 面霜卖多少钱."""

import re
from typing import Final, Literal

from backend.graph.intent.finds import Finds
from backend.graph.intent.situation import Reading

#: What is asked for: a list, or something of one product's record.
Subject = Literal["products", "hosts", "rooms", "texts", "held", "price", "gifts", "stock", "points", "record"]

_WHICH: Final = r"(?:哪些|哪几|什么|啥|几|多少|多少个)"
_COUNTER: Final = r"(?:个|款|种|样|位|件|条|名|间)?"
_THINGS: Final = (
    r"(?:可以?(?:讲|播|卖|写)的)?(?:产品|商品|单品|货品?|品(?!牌|质|控)|东西|链接|sku|宝贝(?!们))"
    r"(?!的?(?:区别|不同|卖点|特点|优势|价|库存))"
)
_NOW: Final = (
    r"(?:今天|今晚|今儿|现在|目前|眼下|这场|本场|这次|等会儿?|咱们?家?|我们?家?|你们?|店里|库里|直播间里?|这里|这边|手上|手头|"
    r"车里|系统里?|里面?|都|一共|总共|到底|我|能|要|可以|还)"
)
_SHOW: Final = r"(?:发|给|列|拉|看|报|调|查|念|show|list)"


def _of(things: str) -> str:
    return (
        rf"{_WHICH}{_COUNTER}{things}(?:啊|呀|呢|的|在|可以?(?:写|讲|卖|播|用|选|挑)|了|来着)*[?!.]*$|"
        rf"^{_NOW}*的?{things}{_NOW}*(?:有|是|叫|分别)*(?:谁|{_WHICH})(?:个|款|位|名|间|种|样|名字)*(?:了|啊|呀|呢|的|来着)*[?!.]*$|"
        rf"{things}(?:的)?(?:列表|清单|目录|名单|名录|表)(?:[^,.]{{0,4}}{_SHOW}|[?!.]*$)|"
        rf"{_SHOW}(?:我|一下|出来?|下|给我|看|一?看)*(?:所有|全部|全|都有|现有|{_WHICH})的?{_COUNTER}的?{things}(?:列表|清单|名单|目录)?(?:[?!.]*$|,)|"
        rf"{_SHOW}(?:我|一下|出来?|下|给我|看|一?看)*(?:一份)?{things}(?:列表|清单|名单|目录)"
    )


_LISTS: Final[dict[Subject, re.Pattern[str]]] = {
    "hosts": re.compile(
        _of(r"(?:主播|播手|\bhosts?\b)")
        + r"|^(?:主播|谁)(?:都|现在)?(?:有谁|在播|能播)[?]*$|\b(?:which|what|list|all)\b.{0,12}\bhosts\b"
    ),
    "rooms": re.compile(_of(r"(?:直播间|直播室)") + r"|\b(?:which|what|list|all)\b.{0,12}\brooms\b"),
    "texts": re.compile(
        r"(?:写|出|做|存)(?:了|过|好)?(?:几|多少|哪几|哪些)(?:段|条|篇|版|个|份)?(?:稿|话术)?(?:了|啊|呢)*[?!.]*$|(?:已经|都|刚才|前面|目前)写(?:了|过)(?:哪些|什么|啥)|"
        r"(?:目前|现在|手上|这里|对话里|一共)(?:已经)?有(?:几|多少|哪)(?:些|几)?(?:段|条|篇|版|个|份)?(?:稿|话术|文案|脚本)"
    ),
    "products": re.compile(
        _of(_THINGS) + "|"
        rf"^{_NOW}+(?:卖|播|讲|推|有|上|带)(?:些|点|的是|的都是)?(?:什么|啥|哪些)(?:品|货|产品|商品|东西)?(?:啊|呀|呢|的|来着)*[?!.]*$|"
        r"\b(?:which|what|list|all)\b.{0,16}\b(?:products|items|skus)\b|^products\??$"
    ),
}
#: 商品库里有没有眼霜, 有火星水这个产品吗.
_HELD: Final = re.compile(
    r"(?:商品库|产品库|库里|库中|店里|店铺|商品里|产品里|目录里?|清单里?|系统里?|咱们?家?|我们?家?|你们?家?)(?:面|中)?(?:到底|现在|目前)?(?:有没有|有无|卖不卖|有)(?:卖)?(?:一?[款种个])?([^,.?!]{2,14}?)"
    r"(?:这[个款种](?:产品|商品|品)?|的)?(?:吗|么|嘛|没有?|不|[?])+[!.]*$|"
    r"(?:^|[,.])(?:有没有|有)([^,.?!]{2,14}?)这[个款种](?:产品|商品|品)(?:吗|么|没有?|[?])*[!.]*$|(?:商品库|产品库|库里|店里)(?:面|中)?(?:有没有|有无)([^,.?!]{2,14}?)[!.?]*$"
)
_OF_ONE: Final[dict[Subject, re.Pattern[str]]] = {
    "gifts": re.compile(
        r"(?:有|送|带|配|是)(?:没有?|不送|了)?(?:什么|啥|哪些|些什么|几[个样])?(?:的)?(?:赠品|赠送|礼品)(?:[吗么没呢?啊]|$)|(?:买|拍|下单)?送(?:什么|啥|几)(?:东西|赠品)?[?的呀啊呢]*$|赠品(?:是|有)(?:什么|啥|哪些)"
    ),
    "price": re.compile(
        r"多少(?:钱|元|块|米)|(?:什么|啥|几)价|价(?:格|钱)?(?:是|现在|今天)*(?:多少|几)|几块(?:钱)?[?啊呀]*$|怎么卖(?:的|[?啊呀]|$)|卖(?:多少|几)(?!单|件|份|个|台|出)|"
        r"\bhow much\b(?! stock)"
    ),
    "points": re.compile(r"(?:资料|库|档案|登记|录)[^,.]{0,6}(?:卖点|功能|特点)(?:是|有)?(?:哪些|什么|啥)"),
    "record": re.compile(
        r"(?:资料|参数|规格|信息|档案)(?:是|有|都)?(?:什么|啥|哪些|怎么样|[?]|呢|发我|给我|看看|看一?下)|(?:看|查|发|调)(?:一?下|我|看)*[^,.]{0,8}(?:的)?(?:资料|参数|规格|档案)"
    ),
}


def own_data(finds: Finds) -> Reading | None:
    """A question that the room's own data answers."""
    if finds.cue["write"] and (finds.mentions or finds.cue["text_noun"]):
        return None
    subject = subject_of(finds)
    if subject is None:
        return None
    finds.slots["subject"] = subject
    if subject == "held" and finds.product is None and (match := _HELD.search(finds.text)):
        finds.name(next(group for group in match.groups() if group))
    return finds.answer("chat", 0.93, "a question about our own data", about="question")


def subject_of(finds: Finds) -> Subject | None:
    """Return what of the data is asked for; None when nothing of it is."""
    text = finds.positive
    for subject, pattern in _LISTS.items():
        if finds.product is None and pattern.search(text) and not (subject == "texts" and finds.cue["restyle"]):
            return subject
    if _HELD.search(text) and not finds.mentions:
        return "held"
    if finds.changes_text() or finds.slots.get("must_say"):
        return None
    if finds.product is None and not (finds.situation.product_id and len(text) <= _SHORT):
        return None
    return next((subject for subject, pattern in _OF_ONE.items() if pattern.search(text)), None)


#: A question about the product at hand is short: 多少钱, 有赠品吗.
_SHORT: Final = 12
