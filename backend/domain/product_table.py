"""A table of products: which columns it has, and how their cells are written."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from operator import itemgetter
from typing import Any, Final

from backend.domain.prices import PriceStep, price_faults
from backend.domain.record_table import Column, Kind, NotThat, RecordTable, items, read_records
from backend.domain.show_table import RowError, folded
from backend.domain.tables import Line

_PARTS: Final = re.compile(r"\s*[|｜→]\s*")
_FACT: Final = re.compile(r"\s*([^=＝:：]+?)\s*[=＝:：]\s*(.+?)\s*")
_MONEY: Final = re.compile(r"[¥￥]?([0-9][0-9,]*(?:\.[0-9]{1,2})?)(?:元|块)?")
_COUNT: Final = re.compile(r"([0-9][0-9,]*)(?:件|个|份|盒|袋|瓶)?")
_STEP: Final = re.compile(r"([1-9][0-9]{0,2})[^0-9=:]{0,2}[=:](.+)")


def read_products(lines: Sequence[Line]) -> RecordTable:
    """Return the products of a table whose first line is the heading, and everything that is wrong with it.

    Lists are parted by `；`, a point's feature, benefit and proof by `|`, a fact's name and value by `：` or `=`, a
    step's quantity and total as well, its note behind `|`.
    """
    return read_records(PRODUCTS, lines)


def price_errors(row: int, fields: Mapping[str, Any]) -> list[RowError]:
    """Return what does not add up in a product's prices, at the field that shows it."""
    ladder = [step if isinstance(step, PriceStep) else PriceStep(**step) for step in fields.get("price_ladder") or ()]
    faults = price_faults(fields.get("price"), fields.get("list_price"), ladder)
    return [
        RowError(row, "list_price", fault.code, fault.message, str(fields["list_price"]))
        if fault.place is None
        else RowError(row, "price_ladder", fault.code, fault.message, _shown(ladder[fault.place]), fault.details)
        for fault in faults
    ]


def _shown(step: PriceStep) -> str:
    return f"{step.quantity}={step.total}" + (f"|{step.note}" if step.note else "")


def _money(cell: str) -> Decimal:
    match = _MONEY.fullmatch(folded(cell))
    try:
        if match is not None:
            return Decimal(match[1].replace(",", ""))
    except InvalidOperation:
        pass
    raise NotThat("bad_price", "this is no price in yuan")


def _count(cell: str) -> int:
    match = _COUNT.fullmatch(folded(cell))
    if match is None:
        raise NotThat("bad_count", "this is no whole number")
    return int(match[1].replace(",", ""))


def _points(cell: str) -> list[dict[str, str]]:
    points = []
    for item in items(cell):
        parts = _PARTS.split(item)
        if len(parts) > 3 or not parts[0]:
            raise NotThat("bad_point", "a point is 特点|好处|证明")
        points.append(dict(zip(("feature", "benefit", "proof"), parts, strict=False)))
    return points


def _facts(cell: str) -> dict[str, str]:
    facts: dict[str, str] = {}
    for item in items(cell):
        match = _FACT.fullmatch(item)
        if match is None:
            raise NotThat("bad_fact", "a fact is 参数名：值")
        facts[match[1]] = match[2]
    return facts


def _ladder(cell: str) -> list[dict[str, Any]]:
    steps = []
    for item in items(cell):
        said, *notes = _PARTS.split(item, 1)
        match = _STEP.fullmatch(folded(said))
        if match is None:
            raise NotThat("bad_step", "a step is 数量=总价, 数量=总价|说明")
        steps.append({"quantity": int(match[1]), "total": _money(match[2]), "note": "".join(notes)})
    return sorted(steps, key=itemgetter("quantity"))  # as they are kept, so that the same table says nothing new


def _names(*names: str) -> frozenset[str]:
    return frozenset(names)


PRODUCTS: Final = Kind(
    "product",
    {
        "name": Column(
            "商品",
            _names("商品名", "商品名称", "产品", "产品名称", "品名", "名称", "name", "product"),
            "示例：316 不锈钢保温杯（以“示例：”开头的行不会导入）",
        ),
        "brand": Column("品牌", _names("brand"), "某牌"),
        "category": Column("品类", _names("类目", "分类", "category"), "水杯水壶"),
        "aliases": Column("别名", _names("简称", "aliases"), "保温杯；水杯", items),
        "price": Column("售价", _names("到手价", "直播价", "价格", "price"), "99", _money),
        "list_price": Column("划线价", _names("原价", "日常价", "listprice", "list_price"), "139", _money),
        "price_ladder": Column(
            "价格阶梯",
            _names("阶梯价", "多件价", "价格梯度", "priceladder", "price_ladder"),
            "2=179；3=249|第三件70元",
            _ladder,
        ),
        "unit": Column("单位", _names("unit"), "只"),
        "stock": Column("库存", _names("stock"), "1200", _count),
        "gifts": Column("赠品", _names("gifts"), "杯刷一把", items),
        "points": Column(
            "卖点", _names("points"), "316 内胆|装茶不留味|现场倒出来闻；长效保温|早上灌的水下午还热", _points
        ),
        "facts": Column("参数", _names("规格", "facts"), "容量：500 ml；重量：310 g", _facts),
        "evidence": Column("依据", _names("证明", "资质", "evidence"), "食品接触材料检测报告 编号 A-123", items),
        "required_statements": Column("必须说明", _names("必说", "required_statements"), "请勿装碳酸饮料", items),
        "compliance_flags": Column("合规品类", _names("合规", "compliance_flags"), "", items),
    },
)
