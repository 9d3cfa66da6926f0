"""The colour of a part, told beside its name (粉色的机身, 壶身是薄荷绿的), against the colours on record."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backend.quality.heads import headed
from backend.quality.members import is_told_of_these
from backend.quality.normalize import fold
from backend.quality.record import FactFault
from backend.quality.subject import is_unsure

#: Families of colours, each with what its shades are called; a shade may be in several of them.
_FAMILIES: Final[Mapping[str, str]] = {
    "白": "白米奶象牙珍珠月燕麦云雪瓷",
    "黑": "黑墨曜炭石墨深空夜",
    "灰": "灰银石墨深空铅雾烟钛炭水泥",
    "粉": "粉樱桃藕玫蜜豆沙裸肉",
    "红": "红朱枣莓酒砖玫豆沙番茄锈",
    "橙": "橙橘柿杏锈",
    "黄": "黄姜柠金香槟杏芥奶茶麦",
    "绿": "绿青苔抹茶薄荷军橄榄豆松竹翠葱",
    "蓝": "蓝青藏海天牛仔靛湖雾霾",
    "紫": "紫薰衣香芋葡萄藕",
    "棕": "棕咖褐木卡其驼焦糖摩卡茶栗胡桃可可巧",
    "银": "银灰钛钢铝金属",
    "金": "金香槟黄铜",
}
_BASES: Final = "".join(_FAMILIES)
#: What of a thing is seen from outside. 粉底, 黑面 and 白盒 are no parts.
_PART: Final = (
    "(?:[机壶杯椅灯箱锅鞋表瓶笔车包帽裙柜床盒盆罐扇桌琴伞]身|[机椅灯箱锅琴]壳|椅背|灯罩|[箱锅杯壶盒]盖|鞋[面底带]|"
    "表[盘带]|伞面|椅[面腿]|桌[面腿]|床头|灯杆|外壳|机箱|面板|把手|手柄|提手|拉杆|[车床镜画门边外]框)"
)
#: The colour first: 粉色的机身, 粉粉的杯身. Or the part: 壶身是薄荷绿的, 机身颜色是黑色.
_OF_PART: Final = headed(
    rf"(?<![\u4e00-\u9fa5])(?:这个?|那个?|一[个抹身]|整个|它的|用的|选的|配的?|是)*(?:[大正深浅淡亮哑]|一身|纯)?"
    rf"(?P<before>[\u4e00-\u9fa5]{{0,2}}?(?P<first>[{_BASES}]))(?P=first)?色?的?(?P<part>{_PART})|"
    rf"(?P<named>{_PART})(?:的?颜色)?(?:做的|做成了?|用的|选的|刷的)?(?:也|就|都|全)?是[大正深浅淡亮哑纯]?"
    rf"(?P<behind>[\u4e00-\u9fa5]{{0,2}}?(?P<second>[{_BASES}]))色?(?:的|，|。|！)"
)
#: 有蓝色和白色两种, 这款有米色的: colours that are on offer.
_ON_OFFER: Final = headed(
    rf"(?:颜色|[花配]色|款|它|咱们?家?|这次|今天|一共|总共|目前|现在|可选|还|，|。)(?:还|也|都|另外)?(?:有|出了?|可选|新出)(?:一[款个]|个|一种)?"
    rf"(?P<behind>(?:[大正深浅淡亮哑]|[\u4e00-\u9fa5])?(?P<second>[{_BASES}])色)(?=[，。！、和跟与]|的?(?:款|可选|[两三四五]种|[两三四五]个颜色|也|都))"
)
_FIELD: Final = re.compile("颜色|[花配]色|[身壳罩背盖面柄手框]色|色$")

#: The colours of the goods, all of them; 面料颜色 may leave others open.
_GOODS_COLOUR: Final = re.compile("(?:可选)?(?:颜色|[花配]色|色号)(?:可选|选择)?")


def part_colour_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield colours that a folded text gives a part, where the record has none of their families.

    Grave where the record tells the colour of that very part; the goods' colour may be that of another one.
    """
    facts = product.get("facts")
    fields = {
        fold(str(name)).text: fold(str(value)).text
        for name, value in (facts.items() if isinstance(facts, Mapping) else ())
        if _FIELD.search(str(name))
    }
    whole = "".join(fields.values())
    if not any(shade in whole for shades in _FAMILIES.values() for shade in shades):
        return
    for match in _ON_OFFER.finditer(text):
        base = match["second"]
        if base in whole or any(shade in whole for shade in _FAMILIES[base]):
            continue
        if is_told_of_these(text, *match.span("behind")) and not is_unsure(text, *match.span()):
            listed = "、".join(f"{name}：{value}" for name, value in fields.items())
            own = any(_GOODS_COLOUR.fullmatch(name) for name in fields)
            # 现在有红色，黄色预警: what stands behind may make it another thing's.
            surely = own and text[match.end() : match.end() + 1] not in ("，", "、")
            problem = f"颜色“{match['behind']}”不在商品资料里（{listed}）"
            yield FactFault("FAC-004", *match.span("behind"), problem, surely)
    for match in _OF_PART.finditer(text):
        part = match["part"] or match["named"]
        group = "before" if match["part"] else "behind"
        base = match["first"] or match["second"]
        # A colour in words of the record, or of a family that the record has.
        if base in whole or any(shade in whole for shade in _FAMILIES[base]):
            continue
        if not is_told_of_these(text, *match.span()) or is_unsure(text, *match.span()):
            continue
        own = any(part in name or name.startswith(part[0]) for name in fields)
        listed = "、".join(f"{name}：{value}" for name, value in fields.items())
        yield FactFault("FAC-004", *match.span(group), f"“{match.group()}”与商品资料（{listed}）不符", own)
