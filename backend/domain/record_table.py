"""Tables of records known by their names (products, hosts): one column for each field, every row told what is wrong."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from backend.domain.show_table import RowError, folded, surplus
from backend.domain.tables import Line

#: So many records a table may bring at once.
MAX_RECORDS: Final = 1000
#: Begins the name in a template's row that only shows how cells are written: such a row is no record.
EXAMPLE: Final = "示例："

_ITEMS: Final = re.compile(r"[;；\n]+")


class NotThat(ValueError):
    """A cell does not hold what its column is for; `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class Column:
    """A field's column: the heading of templates, the other headings it is known by (folded), how a cell is read.

    `read` raises `NotThat`; `example` is what the template shows.
    """

    title: str
    names: frozenset[str]
    example: str = ""
    read: Callable[[str], Any] = str

    def is_called(self, heading: str) -> bool:
        """Tell whether this is the column under a heading."""
        return heading in self.names or heading == folded(self.title)


@dataclass(frozen=True)
class Kind:
    """What a table is of. `noun` is part of the codes: `no_host`, `no_host_column`, `same_host`."""

    noun: str
    columns: Mapping[str, Column]


@dataclass(frozen=True)
class Record:
    """What a row says: only the fields whose cells are filled."""

    row: int
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class RecordTable:
    """What a table holds: the rows in which nothing is wrong, and what is wrong with the others.

    `title` is each field's heading; the headings of `unknown` are not read. `examples` rows show how a table is filled
    in, and are left out.
    """

    records: Sequence[Record]
    errors: Sequence[RowError]
    title: Mapping[str, str]
    unknown: Sequence[str]
    examples: int = 0


def read_records(kind: Kind, lines: Sequence[Line]) -> RecordTable:
    """Return the records of a table whose first line is the heading, and everything that is wrong with it."""
    heading, *rows = lines
    columns: dict[str, int] = {}
    unknown: list[str] = []
    for n, cell in enumerate(heading.cells):
        name = next((name for name, column in kind.columns.items() if column.is_called(folded(cell))), None)
        if name is None or name in columns:
            unknown += [cell] if cell else []
        else:
            columns[name] = n
    title = {name: heading.cells[n] for name, n in columns.items()}
    whole = _fault_of_the_whole(kind, heading, rows, columns)
    if whole is not None:
        return RecordTable([], [whole], title, unknown)
    records: list[Record] = []
    errors: list[RowError] = []
    first: dict[str, int] = {}
    examples = 0
    for line in rows:
        if line.cell(columns["name"]).startswith(EXAMPLE):
            examples += 1
            continue
        if (moved := surplus(heading, line)) is not None:
            errors.append(moved)
            continue
        fields, wrong = _fields(kind, line, columns, title)
        if "name" not in fields:
            wrong.append(RowError(line.number, title["name"], f"no_{kind.noun}", f"the {kind.noun} is missing"))
        else:
            before = first.setdefault(folded(fields["name"]), line.number)
            if before != line.number:
                text, details = f"the same {kind.noun} stands in row {before}", {"row": before}
                same = RowError(line.number, title["name"], f"same_{kind.noun}", text, fields["name"][:80], details)
                wrong.append(same)
        errors += wrong
        if not wrong:
            records.append(Record(line.number, fields))
    return RecordTable(records, errors, title, unknown, examples)


def template(kind: Kind) -> list[list[str]]:
    """Return the rows of an empty table: the heading, and a row that shows how cells are written."""
    columns = list(kind.columns.values())
    return [[column.title for column in columns], [column.example for column in columns]]


def _fault_of_the_whole(kind: Kind, heading: Line, rows: Sequence[Line], columns: Mapping[str, int]) -> RowError | None:
    if "name" not in columns:
        called = kind.columns["name"].title
        return RowError(heading.number, "", f"no_{kind.noun}_column", f"no column is called {called} ({kind.noun})")
    if not rows:
        return RowError(heading.number, "", "no_rows", "there is no row below the heading")
    return None


def _fields(
    kind: Kind, line: Line, columns: Mapping[str, int], title: Mapping[str, str]
) -> tuple[dict[str, Any], list[RowError]]:
    fields: dict[str, Any] = {}
    wrong: list[RowError] = []
    for name, n in columns.items():
        cell = line.cell(n)
        if not cell:
            continue
        try:
            fields[name] = kind.columns[name].read(cell)
        except NotThat as fault:
            wrong.append(RowError(line.number, title[name], fault.code, fault.message, cell[:80]))
    return fields, wrong


def items(cell: str) -> list[str]:
    """Return the entries of a cell that holds several, parted by semicolons or line breaks."""
    return [item.strip() for item in _ITEMS.split(cell) if item.strip()]
