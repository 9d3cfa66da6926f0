"""A table of products becomes what one would have typed, or every row that is wrong says so."""

from decimal import Decimal

from backend.domain.product_table import ProductTable, read_products
from backend.domain.tables import read_table


def read(text: str) -> ProductTable:
    return read_products(read_table(text.encode()))


def test_cells_become_fields_and_empty_ones_say_nothing() -> None:
    table = read(
        "商品,品牌,售价,划线价,库存,别名,卖点,参数,心情\n"
        '保温杯,沐野,¥59.90,￥1299,"1,200件",杯子；水杯,316钢|不留味|检测报告;长绒棉,容量：500 ml;重量=300 g,好\n'
        "辣条,,,,,,,,\n"
    )
    assert table.errors == []
    assert table.unknown == ["心情"]
    cup, strips = table.products
    assert cup.fields == {
        "name": "保温杯", "brand": "沐野", "price": Decimal("59.90"), "list_price": Decimal(1299), "stock": 1200,
        "aliases": ["杯子", "水杯"],
        "points": [{"feature": "316钢", "benefit": "不留味", "proof": "检测报告"}, {"feature": "长绒棉"}],
        "facts": {"容量": "500 ml", "重量": "300 g"},
    }  # fmt: skip
    assert strips.fields == {"name": "辣条"}


def test_every_fault_is_told_at_its_row_and_column() -> None:
    table = read(
        "商品,售价,划线价,库存,卖点,参数\n"
        ",9,,,,\n"
        "杯,便宜,,,,\n"
        "条,9.999,,,,\n"
        "帽,9,8,,,\n"
        "伞,9,,很多,,\n"
        "包,9,,,a|b|c|d,\n"
        "鞋,9,,,,500ml\n"
        "鞋 ,9,,,,\n"
    )
    assert [(error.row, error.column, error.code) for error in table.errors] == [
        (2, "商品", "no_product"),
        (3, "售价", "bad_price"),
        (4, "售价", "bad_price"),
        (5, "划线价", "list_price_low"),
        (6, "库存", "bad_count"),
        (7, "卖点", "bad_point"),
        (8, "参数", "bad_fact"),
        (9, "商品", "same_product"),
    ]


def test_a_table_without_products_is_told_so() -> None:
    assert [error.code for error in read("颜色,大小\n红,大\n").errors] == ["no_product_column"]
    assert [error.code for error in read("商品\n").errors] == ["no_rows"]
