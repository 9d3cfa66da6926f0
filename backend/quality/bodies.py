"""What the body of the goods is made of, told by its stuff alone: 锅身纯铜打的, 锅体是钛的, 这口锅是铸铝的.

A stuff of another family than any of the record's is a contradiction: what is copper is no iron.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backend.quality.context import clause, sentence
from backend.quality.heads import headed
from backend.quality.normalize import fold
from backend.quality.opposites import is_claimed
from backend.quality.record import FactFault

#: Stuffs that are called by many names, each with all of them.
_FAMILIES: Final[Mapping[str, str]] = {
    "铜": "铜", "钛": "钛", "铝": "铝", "银": "银", "铁": "铁|搪瓷", "钢": "钢|不锈", "木": "木", "竹": "竹",
    "瓷": "瓷|陶|麦饭石", "玻璃": "玻璃|硼硅", "塑料": "塑料|树脂|pp|abs|pc|tritan|ppsu|聚|亚克力|eva|pvc",
}  # fmt: skip
_STATED: Final = re.compile("材质|材料|[身体壳胆板架]$|主料|用料")
_SAID: Final = headed(
    r"(?:[锅壶杯盆刀机桶碗盘灯椅桌架箱盒筷勺](?:身|体|壳|子)|主体|整[口个把只支条张台]|这[口个把只支条张台][锅壶杯盆刀桶碗盘灯椅桌架箱盒]?)"
    r"(?:用的?|全|都|就|是|采用|选用){0,3}(?:纯|全|实心|整块|加厚|食品级|\d{3})*"
    r"(?P<stuff>[黄紫红白]?铜|钛合?金?|铸?铝合?金?|不锈钢|[精熟铸生]?铁|[纯足]?银|塑料|玻璃|陶瓷|实?木头?|竹子?)"
    r"(?:打|做|铸|造|压|冲|锻|焊|烧|制)?(?:出来|成)?的(?!盖|柄|把手|手柄|底|勺|铲|架子|那|人|话)(?=[，。！？；]|$)"
)
#: Another one's: the one on grandmother's wall.
_OTHERS: Final = re.compile(
    "奶奶|姥姥|[我他她]妈|[我他她]爸|那[口个把只]|以前|小时候|别家|人家|家里原来|另一|不是|要是|如果|有的|买过"
)


def other_bodies(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield where a folded text says that the goods are of a stuff of which the record has none."""
    facts = product.get("facts")
    stated = "，".join(
        fold(str(value)).text
        for name, value in (facts.items() if isinstance(facts, Mapping) else ())
        if _STATED.search(str(name))
    )
    record = f"{stated}，{fold(str(product.get('name') or '')).text}"
    known = {family for family, names in _FAMILIES.items() if re.search(names, record)}
    if not stated or not known:
        return
    for match in _SAID.finditer(text):
        said = next((family for family in _FAMILIES if family in match["stuff"]), None)
        low, _ = sentence(text, *match.span())
        begin, high = clause(text, *match.span())
        aside = _OTHERS.search(text, max(low, begin - 12), high)
        if said is not None and said not in known and not aside and is_claimed(text, *match.span()):
            problem = f"用料“{match['stuff']}”与商品资料（{stated[:24]}）不符"
            yield FactFault("FAC-001", *match.span("stuff"), problem, True)
