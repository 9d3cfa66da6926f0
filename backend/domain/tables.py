"""Tables that people upload and take along: CSV in UTF-8 or GBK, or the first sheet of an XLSX, as rows of text."""

import codecs
import csv
import datetime
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from backend.errors import TableEmpty, TableTooLarge, TableUnreadable

#: Beyond this a table is no plan of an evening and no catalogue of one house.
MAX_ROWS: Final = 2000
_MAX_COLUMNS: Final = 60
#: What is longer is cut off there.
MAX_CELL: Final = 2000
#: What a packed sheet may grow to: a few kilobytes of XLSX can hold gigabytes of zeros.
_MAX_UNPACKED: Final = 40 * 1024 * 1024
_MARKS: Final = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
#: What no text holds: a picture or a program was taken for a table.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"


TableFormat = Literal["csv", "xlsx"]
MEDIA_TYPES: Final[dict[TableFormat, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class Line:
    """One row that holds something. `number` is the one that the spreadsheet shows beside it."""

    number: int
    cells: tuple[str, ...]

    def cell(self, column: int | None) -> str:
        """Return the text in a column; empty where the row is shorter or the table has no such column."""
        return self.cells[column] if column is not None and column < len(self.cells) else ""


def read_table(data: bytes, *, max_rows: int = MAX_ROWS) -> list[Line]:
    """Return the rows of a file that are not empty, the heading among them; cells are stripped.

    What a file is tells its beginning, not its name.

    Raises:
        TableEmpty: no row of it holds anything.
        TableUnreadable: neither text nor XLSX, or a broken one; `reason` is a stable word.
        TableTooLarge: more than `max_rows` rows beside the heading, or it unpacks to too much.
    """
    if data.startswith(_ZIP):
        rows = _of_xlsx(data, max_rows)
    elif data.startswith(_OLD_EXCEL):
        raise TableUnreadable("this is a workbook of Excel 97: save it as XLSX or CSV", reason="old_excel")
    else:
        rows = _of_csv(data, max_rows)
    if not rows:
        raise TableEmpty("there is nothing in this file")
    return rows


def _of_csv(data: bytes, max_rows: int) -> list[Line]:
    text = _decoded(data)
    # Excel writes semicolons where the comma is the decimal sign, and tabs into what it calls "Unicode text".
    heading = text.split("\n", 1)[0]
    delimiter = max(",;\t，", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[Line] = []
    number = 0  # of the row: a cell may hold line breaks, so it is not the line's in the file
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise TableUnreadable(f"row {number} cannot be read: {error}", reason="broken_csv", row=number) from None
        line = _line(number, cells)
        if any(line.cells):
            lines.append(line)
        if len(lines) > max_rows + 1:
            raise TableTooLarge(limit=max_rows)
    return lines


def _decoded(data: bytes) -> str:
    marked = next((encoding for mark, encoding in _MARKS.items() if data.startswith(mark)), None)
    # Chinese in GBK is never valid UTF-8 for long, the other way round it often is: so in this order.
    for encoding in [marked] if marked else ["utf-8", "gb18030"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _CONTROL.search(text) is None:
            return text
        break
    raise TableUnreadable("neither UTF-8 nor GBK text", reason="encoding")


def _of_xlsx(data: bytes, max_rows: int) -> list[Line]:
    import openpyxl  # a fifth of a second that only an import of a table should cost

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > _MAX_UNPACKED:
                raise TableTooLarge("the workbook unpacks to too much", limit=_MAX_UNPACKED)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    except TableTooLarge:
        raise
    except Exception as error:
        raise TableUnreadable("this XLSX cannot be read", reason="broken_xlsx") from error
    lines: list[Line] = []
    try:
        sheet = book.worksheets[0]
        # The size that the file claims may be wrong, and may be a million rows of nothing.
        sheet.reset_dimensions()
        for number, values in enumerate(sheet.iter_rows(values_only=True, max_col=_MAX_COLUMNS), 1):
            line = _line(number, [_shown(value) for value in values])
            if any(line.cells):
                lines.append(line)
            if len(lines) > max_rows + 1 or number > 100 * max_rows:
                raise TableTooLarge(limit=max_rows)
    except TableTooLarge:
        raise
    except Exception as error:
        raise TableUnreadable("this XLSX cannot be read", reason="broken_xlsx") from error
    finally:
        book.close()
    return lines


def _shown(value: Any) -> str:
    """Return a cell's value as the spreadsheet would show it."""
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case float() if value.is_integer():
            return str(int(value))
        case float():
            return format(value, ".10g")
        case datetime.time():  # 1:30 in a cell is a time of day to Excel
            return value.strftime("%H:%M:%S")
        case _:
            return str(value)


def _line(number: int, cells: list[str]) -> Line:
    cleaned = [_clean(cell) for cell in cells[:_MAX_COLUMNS]]
    while cleaned and not cleaned[-1]:
        cleaned.pop()
    return Line(number, tuple(cleaned))


def _clean(cell: str) -> str:
    # No-break and ideographic spaces around a word are spaces to whoever typed them; NUL no database takes.
    return cell.replace("\x00", "").replace("\ufeff", "").strip().strip("\u3000")[:MAX_CELL]


def written(format_: TableFormat, rows: Sequence[Sequence[str]]) -> bytes:
    """Return a file of these rows, which spreadsheets open as they are: CSV with a mark that it is UTF-8, or XLSX."""
    if format_ == "csv":
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        return text.getvalue().encode("utf-8-sig")
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()
