"""A table of products becomes what one would have typed, or every row that is wrong says so."""

from decimal import Decimal

import pytest

from backend.domain.product_table import price_errors, read_products
from backend.domain.record_table import RecordTable
from backend.domain.tables import read_table, written


def read(text: str) -> RecordTable:
    return read_products(read_table(text.encode()))


def test_cells_become_fields_and_empty_ones_say_nothing() -> None:
    table = read(
        "商品,品牌,售价,划线价,库存,别名,卖点,参数,心情\n"
        '保温杯,沐野,¥59.90,￥1299,"1,200件",杯子；水杯,316钢|不留味|检测报告;长绒棉,容量：500 ml;重量=300 g,好\n'
        "辣条,,,,,,,,\n"
    )
    assert table.errors == []
    assert table.unknown == ["心情"]
    cup, strips = table.records
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
        "帽,9,8,,,\n"  # what does not add up is seen beside what is known of the product
        "伞,9,,很多,,\n"
        "包,9,,,a|b|c|d,\n"
        "鞋,9,,,,500ml\n"
        "鞋 ,9,,,,\n"
    )
    assert [(error.row, error.column, error.code) for error in table.errors] == [
        (2, "商品", "no_product"),
        (3, "售价", "bad_price"),
        (4, "售价", "bad_price"),
        (6, "库存", "bad_count"),
        (7, "卖点", "bad_point"),
        (8, "参数", "bad_fact"),
        (9, "商品", "same_product"),
    ]


def test_a_table_without_products_is_told_so() -> None:
    assert [error.code for error in read("颜色,大小\n红,大\n").errors] == ["no_product_column"]
    assert [error.code for error in read("商品\n").errors] == ["no_rows"]


def test_a_ladder_is_steps_of_quantity_and_total() -> None:
    table = read("商品,价格阶梯\n杯,2件=179；3：¥249.50元|第三件70.5元\n伞,两件179\n帽,2=很多\n")
    [cup] = table.records
    assert cup.fields["price_ladder"] == [
        {"quantity": 2, "total": Decimal(179), "note": ""},
        {"quantity": 3, "total": Decimal("249.50"), "note": "第三件70.5元"},
    ]
    assert [(error.row, error.column, error.code) for error in table.errors] == [
        (3, "价格阶梯", "bad_step"),
        (4, "价格阶梯", "bad_price"),
    ]


def test_sums_that_do_not_add_up_are_told_at_their_field() -> None:
    def codes(**fields: object) -> list[tuple[str, str]]:
        return [(error.column, error.code) for error in price_errors(7, fields)]

    steps = [{"quantity": 2, "total": Decimal(179)}]
    assert codes(price=Decimal(99), list_price=Decimal(139), price_ladder=steps) == []
    assert codes(price=Decimal(99), list_price=Decimal(90)) == [("list_price", "list_price_low")]
    assert codes(price=Decimal(80), price_ladder=steps) == [("price_ladder", "ladder_dearer")]
    assert codes(price_ladder=steps) == [("price_ladder", "ladder_no_price")]


def test_the_row_that_shows_how_to_write_is_no_product() -> None:
    table = read("商品,售价\n示例：杯（删掉）,便宜\n伞,9\n")
    assert [record.fields["name"] for record in table.records] == ["伞"]
    assert table.errors == []


@pytest.mark.parametrize(
    ("row", "number", "value"),
    [
        ("竹篮,1,299,杯刷", "1,299", "杯刷"),
        ("竹篮,¥1,299.00,杯刷", "¥1,299.00", "杯刷"),
        ("竹篮,99,杯刷,杯套", "1,299", "杯套"),
        ("竹篮,1,299,杯刷,杯套", "1,299", "杯刷,杯套"),
    ],
)
def test_a_row_with_more_cells_than_headings_is_no_product(row: str, number: str, value: str) -> None:
    """An unquoted comma moves what stands behind it: 1,299 was a price of 1 yuan and a gift called 299."""
    table = read(f"商品,售价,赠品\n{row}\n伞,9,\n")
    assert [record.fields["name"] for record in table.records] == ["伞"]
    [fault] = table.errors
    assert (fault.row, fault.column, fault.code, fault.value) == (2, "", "more_cells", value)
    assert (fault.details or {})["number"] == number
    assert f'"{number}"' in fault.message


def test_empty_cells_behind_the_last_heading_are_nothing() -> None:
    table = read('商品,售价,赠品,,\n竹篮,"1,299",杯刷,,, \n示例：杯,1,299,杯刷\n')
    assert table.errors == []
    assert [record.fields["price"] for record in table.records] == [Decimal(1299)]


def test_more_cells_than_headings_are_a_fault_in_a_workbook_too() -> None:
    table = read_products(read_table(written("xlsx", [["商品", "售价"], ["篮", "9", "杯刷"], ["伞", "9", ""]])))
    assert [record.fields["name"] for record in table.records] == ["伞"]
    assert [(fault.row, fault.code) for fault in table.errors] == [(2, "more_cells")]
