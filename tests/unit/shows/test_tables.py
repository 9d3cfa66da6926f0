"""Files as people have them: Excel's CSV in all its encodings, XLSX with numbers and times, and what is no table."""

import datetime
import io
import zipfile
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.tables import read_table
from backend.errors import TableEmpty, TableTooLarge, TableUnreadable


def xlsx(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


ROWS = [["商品", "环节"], ["沐野保温杯", "开场"], ["卫龙辣条", "促销、卖点"]]
TEXT = "\r\n".join(",".join(row) for row in ROWS)


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("gbk"),
        TEXT.encode("gb18030"),
        TEXT.encode("utf-16"),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode("utf-16"),
        TEXT.replace(",", "，").encode("gbk"),
        xlsx(ROWS),
    ],
)
def test_the_same_table_in_every_form(data: bytes) -> None:
    assert [list(line.cells) for line in read_table(data)] == ROWS


def test_rows_keep_the_numbers_that_the_spreadsheet_shows() -> None:
    for data in ("商品\n\n杯\n,\n\n条\n".encode(), xlsx([["商品"], [], ["杯"], [None], [" "], ["条"]])):
        assert [line.number for line in read_table(data)] == [1, 3, 6]
    # A cell with a line break is still one row.
    assert [line.number for line in read_table('商品,备注\n杯,"第一行\n第二行"\n条,\n'.encode())] == [1, 2, 3]


def test_numbers_and_times_of_a_sheet_read_as_they_are_shown() -> None:
    (line,) = read_table(xlsx([[45, 45.0, 1.5, datetime.time(1, 30), True, "　杯 "]]))
    assert line.cells == ("45", "45", "1.5", "01:30:00", "是", "杯")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "encoding"),
        (b"\xff\xff\xff\xff\xff", "encoding"),
        ('商品\n"杯'.encode(), "broken_csv"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_excel"),
        (b"PK\x03\x04 no archive", "broken_xlsx"),
        (xlsx(ROWS)[:-400], "broken_xlsx"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(TableUnreadable) as refused:
        read_table(data)
    assert refused.value.details["reason"] == reason


@pytest.mark.parametrize("data", [b"", b"\r\n,,\r\n"])
def test_a_file_with_nothing_in_it_is_told_so(data: bytes) -> None:
    with pytest.raises(TableEmpty):
        read_table(data)


def test_ten_thousand_rows_are_refused_in_either_form() -> None:
    many = [["商品"], *([f"杯{n}"] for n in range(10_000))]
    with pytest.raises(TableTooLarge):
        read_table("\n".join(row[0] for row in many).encode())
    with pytest.raises(TableTooLarge):
        read_table(xlsx(many))


def test_a_small_file_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked() -> None:
    data = io.BytesIO()
    with (
        zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("xl/worksheets/sheet1.xml", "w") as sheet,
    ):
        for _ in range(60):
            sheet.write(b"0" * 1024 * 1024)
    assert len(data.getvalue()) < 200_000
    with pytest.raises(TableTooLarge):
        read_table(data.getvalue())


@given(st.binary(max_size=300))
def test_whatever_bytes_come_the_answer_is_rows_or_a_refusal(data: bytes) -> None:
    try:
        lines = read_table(data)
    except (TableUnreadable, TableTooLarge):
        return
    assert all(any(line.cells) for line in lines)
    assert not any("\x00" in cell for line in lines for cell in line.cells)


@given(st.binary(max_size=300))
def test_whatever_follows_the_mark_of_a_workbook_never_crashes(data: bytes) -> None:
    with pytest.raises((TableUnreadable, TableTooLarge)):
        read_table(b"PK\x03\x04" + data)
