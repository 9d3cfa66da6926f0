"""A table of hosts becomes what one would have typed, or every row that is wrong says so."""

import pytest

from backend.domain.host_table import HOSTS, read_hosts, word_errors
from backend.domain.product_table import PRODUCTS
from backend.domain.record_table import Kind, read_records, template
from backend.domain.tables import TableFormat, read_table, written

TABLE = (
    "主播,语气,受众,语速（字/分）,口头禅,忌用词,星座\n"
    "小雅,亲切,上班族,每分钟270字,听我说完；家人们,绝绝子;闭眼入,狮子\n"
    '阿诚,,,"300 字/分钟",,,\n'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_cells_become_fields_whatever_the_encoding(encoding: str) -> None:
    table = read_hosts(read_table(TABLE.encode(encoding)))
    assert (table.errors, table.unknown) == ([], ["星座"])
    assert [record.fields for record in table.records] == [
        {
            "name": "小雅", "voice": "亲切", "audience": "上班族", "pace": 270,
            "catchphrases": ["听我说完", "家人们"], "taboo_words": ["绝绝子", "闭眼入"],
        },
        {"name": "阿诚", "pace": 300},
    ]  # fmt: skip


def test_a_faulty_row_is_told_and_the_others_are_good() -> None:
    table = read_hosts(read_table("姓名,语速\n小雅,270\n,300\n阿诚,飞快\n小雅 ,250\n大刘,-5\n".encode()))
    assert [record.fields["name"] for record in table.records] == ["小雅"]
    assert [(error.row, error.column, error.code) for error in table.errors] == [
        (3, "姓名", "no_host"),
        (4, "语速", "bad_pace"),
        (5, "姓名", "same_host"),
        (6, "语速", "bad_pace"),
    ]
    assert [error.code for error in read_hosts(read_table("语气\n好\n".encode())).errors] == ["no_host_column"]
    assert [error.code for error in read_hosts(read_table("主播\n".encode())).errors] == ["no_rows"]


def test_what_a_host_likes_to_say_holds_nothing_the_host_never_says() -> None:
    fields = {"catchphrases": ["听我说完", "真的 绝 绝子"], "taboo_words": ["绝绝子"]}
    [error] = word_errors(3, fields)
    assert (error.row, error.column, error.code, error.details) == (
        3,
        "catchphrases",
        "catchphrase_taboo",
        {"word": "绝绝子"},
    )


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
@pytest.mark.parametrize("kind", [HOSTS, PRODUCTS], ids=["hosts", "products"])
def test_a_template_holds_every_column_and_an_example_that_is_read_and_left_out(
    kind: Kind, format_: TableFormat
) -> None:
    lines = read_table(written(format_, template(kind)))
    empty = read_records(kind, lines)
    assert (empty.records, empty.errors, empty.unknown) == ([], [], [])
    assert list(empty.title) == list(kind.columns)
    # Each example is written as its column wants it.
    shown = read_records(kind, read_table(written(format_, [lines[0].cells, ["某人", *lines[1].cells[1:]]])))
    assert shown.errors == []
    [record] = shown.records
    assert record.fields.keys() >= {name for name, column in kind.columns.items() if column.example}


def test_a_host_with_more_cells_than_headings_is_left_out() -> None:
    table = read_hosts(read_table("主播,口头禅,语速\n小雅,家人们,听我说,260\n阿敏,,260\n".encode()))
    assert [record.fields["name"] for record in table.records] == ["阿敏"]
    assert [(fault.row, fault.code) for fault in table.errors] == [(2, "more_cells")]
