"""A table of products: every row is told what is wrong with it; empty cells leave alone what is known already."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from backend.domain.show_table import RowError, folded
from backend.domain.tables import Line

#: So many products a table may bring at once.
MAX_PRODUCTS: Final = 1000

_HEADINGS: Final[Mapping[str, frozenset[str]]] = {
    "name": frozenset({"商品", "商品名", "商品名称", "产品", "产品名称", "品名", "名称", "name", "product"}),
    "brand": frozenset({"品牌", "brand"}),
    "category": frozenset({"品类", "类目", "分类", "category"}),
    "aliases": frozenset({"别名", "简称", "aliases"}),
    "price": frozenset({"售价", "到手价", "直播价", "价格", "price"}),
    "list_price": frozenset({"划线价", "原价", "日常价", "listprice", "list_price"}),
    "unit": frozenset({"单位", "unit"}),
    "stock": frozenset({"库存", "stock"}),
    "gifts": frozenset({"赠品", "gifts"}),
    "points": frozenset({"卖点", "points"}),
    "facts": frozenset({"参数", "规格", "facts"}),
    "evidence": frozenset({"依据", "证明", "资质", "evidence"}),
    "required_statements": frozenset({"必须说明", "必说", "required_statements"}),
    "compliance_flags": frozenset({"合规品类", "合规", "compliance_flags"}),
}
_ITEMS: Final = re.compile(r"[;；\n]+")
_PARTS: Final = re.compile(r"\s*[|｜→]\s*")
_FACT: Final = re.compile(r"\s*([^=＝:：]+?)\s*[=＝:：]\s*(.+?)\s*")
_MONEY: Final = re.compile(r"[¥￥]?([0-9][0-9,]*(?:\.[0-9]{1,2})?)(?:元|块)?")
_COUNT: Final = re.compile(r"([0-9][0-9,]*)(?:件|个|份|盒|袋|瓶)?")


@dataclass(frozen=True)
class ProductRow:
    """What a row says of a product: only the fields whose cells are filled."""

    row: int
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class ProductTable:
    """What a table holds. `title` is each field's heading; the headings of `unknown` are not read."""

    products: Sequence[ProductRow]
    errors: Sequence[RowError]
    title: Mapping[str, str]
    unknown: Sequence[str]


def read_products(lines: Sequence[Line]) -> ProductTable:
    """Return the products of a table whose first line is the heading, and everything that is wrong with it.

    Lists are parted by `；`, a point's feature, benefit and proof by `|`, a fact's name and value by `：` or `=`.
    """
    heading, *rows = lines
    columns: dict[str, int] = {}
    unknown: list[str] = []
    for n, cell in enumerate(heading.cells):
        field = next((field for field, names in _HEADINGS.items() if folded(cell) in names), None)
        if field is None or field in columns:
            unknown += [cell] if cell else []
        else:
            columns[field] = n
    title = {field: heading.cells[n] for field, n in columns.items()}
    whole = _fault_of_the_whole(heading, rows, columns)
    if whole is not None:
        return ProductTable([], [whole], title, unknown)
    products: list[ProductRow] = []
    errors: list[RowError] = []
    first: dict[str, int] = {}
    for line in rows:
        fields = _fields(line, columns, title, errors)
        if "name" not in fields:
            errors.append(RowError(line.number, title["name"], "no_product", "the product is missing"))
            continue
        before = first.setdefault(folded(fields["name"]), line.number)
        if before != line.number:
            text, details = f"the same product stands in row {before}", {"row": before}
            errors.append(RowError(line.number, title["name"], "same_product", text, fields["name"][:80], details))
        price, list_price = fields.get("price"), fields.get("list_price")
        if price is not None and list_price is not None and list_price < price:
            text = "the list price is below the price"
            errors.append(RowError(line.number, title["list_price"], "list_price_low", text, str(list_price)))
        products.append(ProductRow(line.number, fields))
    return ProductTable(products, errors, title, unknown)


def _fault_of_the_whole(heading: Line, rows: Sequence[Line], columns: Mapping[str, int]) -> RowError | None:
    if "name" not in columns:
        return RowError(heading.number, "", "no_product_column", "no column is called 商品 (product)")
    if not rows:
        return RowError(heading.number, "", "no_rows", "there is no row below the heading")
    return None


def _fields(line: Line, columns: Mapping[str, int], title: Mapping[str, str], errors: list[RowError]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for field, n in columns.items():
        cell = line.cell(n)
        if not cell:
            continue
        try:
            fields[field] = _READ.get(field, str)(cell)
        except _NotThat as wrong:
            errors.append(RowError(line.number, title[field], wrong.code, wrong.message, cell[:80]))
    return fields


class _NotThat(ValueError):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def _money(cell: str) -> Decimal:
    match = _MONEY.fullmatch(folded(cell))
    try:
        if match is not None:
            return Decimal(match[1].replace(",", ""))
    except InvalidOperation:
        pass
    raise _NotThat("bad_price", "this is no price in yuan")


def _count(cell: str) -> int:
    match = _COUNT.fullmatch(folded(cell))
    if match is None:
        raise _NotThat("bad_count", "this is no whole number")
    return int(match[1].replace(",", ""))


def _items(cell: str) -> list[str]:
    return [item.strip() for item in _ITEMS.split(cell) if item.strip()]


def _points(cell: str) -> list[dict[str, str]]:
    points = []
    for item in _items(cell):
        parts = _PARTS.split(item)
        if len(parts) > 3 or not parts[0]:
            raise _NotThat("bad_point", "a point is 特点|好处|证明")
        points.append(dict(zip(("feature", "benefit", "proof"), parts, strict=False)))
    return points


def _facts(cell: str) -> dict[str, str]:
    facts: dict[str, str] = {}
    for item in _items(cell):
        match = _FACT.fullmatch(item)
        if match is None:
            raise _NotThat("bad_fact", "a fact is 参数名：值")
        facts[match[1]] = match[2]
    return facts


_READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "price": _money,
    "list_price": _money,
    "stock": _count,
    "points": _points,
    "facts": _facts,
    **dict.fromkeys(("aliases", "gifts", "evidence", "required_statements", "compliance_flags"), _items),
}
