"""What tables that people upload have in common: how their rows and faults are told, and how records are taken in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from backend.api.files import attachment
from backend.api.uploads import Upload
from backend.domain.record_table import Kind, RecordTable, template
from backend.domain.show_table import RowError
from backend.domain.tables import MEDIA_TYPES, TableFormat, written
from backend.errors import TableFaulty

K = TypeVar("K")

_LIMITS: Final = frozenset({"max_length", "min_length", "max_digits", "le", "ge"})
#: So many faults are told with a refusal.
_TOLD: Final = 200

Change = Literal["create", "update", "same"]


class TableError(BaseModel):
    """What is wrong with a row. `code` is stable; `column` is the heading (empty: the whole row)."""

    row: int
    column: str
    code: str
    message: str
    value: str
    details: dict[str, Any]


class TableUpload(BaseModel):
    """A file to read: CSV (UTF-8 or GBK) or XLSX, in base64."""

    model_config = ConfigDict(extra="forbid")

    content: Annotated[Upload, Field(max_length=400_000)]


class RecordRow(BaseModel):
    """What a row would do: add a record, change the fields whose cells are filled, or nothing new at all."""

    row: int
    name: str
    change: Change


class ReadRecords(BaseModel):
    """What a table would do, everything that is wrong with it, and what is not read of it.

    `examples` rows begin with 示例：, as the template's own does.
    """

    rows: int
    items: list[RecordRow]
    errors: list[TableError]
    unknown_columns: list[str]
    examples: int


class ImportedRecords(BaseModel):
    """How many records were added, changed, and found as the table has them; the rows of `errors` were left out."""

    created: int
    updated: int
    unchanged: int
    errors: list[TableError]


@dataclass(frozen=True)
class Planned(Generic[K]):
    """What is to be done for one row; `was` is the record as it is, None for a new one."""

    row: int
    name: str
    fields: Mapping[str, Any]
    was: K | None

    @property
    def change(self) -> Change:
        """Say what this does."""
        if self.was is None:
            return "create"
        same = all(getattr(self.was, name) == value for name, value in self.fields.items())
        return "same" if same else "update"


@dataclass(frozen=True)
class Rows(Generic[K]):
    """A table as it can be taken in: the good rows by name, and what is wrong with the others."""

    good: Sequence[tuple[int, str, Mapping[str, Any]]]
    errors: Sequence[RowError]
    unknown: Sequence[str]
    title: Mapping[str, str]
    examples: int

    def against(
        self,
        known: Mapping[str, K],
        together: frozenset[str],
        check: Callable[[int, Mapping[str, Any]], list[RowError]],
    ) -> tuple[list[Planned[K]], list[RowError]]:
        """Return what is to be done, beside what is known already; and all faults.

        `check` looks at rows that say something of the fields `together`. It sees them as they would be: those of the
        row over those that are known.
        """
        planned: list[Planned[K]] = []
        errors = list(self.errors)
        for row, name, fields in self.good:
            was = known.get(name)
            as_it_would_be = {**(vars(was) if was is not None else {}), **fields}
            wrong = check(row, as_it_would_be) if together & fields.keys() else []
            errors += [
                RowError(one.row, self.title.get(one.column, one.column), one.code, one.message, one.value, one.details)
                for one in wrong
            ]
            if not wrong:
                planned.append(Planned(row, name, fields, was))
        return planned, errors


def rows_of(table: RecordTable, body: TypeAdapter[Any], fields_of: Callable[[Any], dict[str, Any]]) -> Rows[Any]:
    """Return the rows of a table under the rules that hold for a record added by hand: `body` is what REST takes."""
    good: list[tuple[int, str, Mapping[str, Any]]] = []
    errors = list(table.errors)
    for record in table.records:
        try:
            made = body.validate_python(record.fields)
        except ValidationError as wrong:
            for fault in wrong.errors():
                name = str(fault["loc"][0])
                limits = {key: bound for key, bound in fault.get("ctx", {}).items() if key in _LIMITS}
                value = str(record.fields.get(name, ""))[:80]
                column = table.title.get(name, name)
                errors.append(RowError(record.row, column, "bad_value", fault["msg"], value, limits))
        else:
            fields = fields_of(made)
            good.append((record.row, fields["name"], fields))
    return Rows(good, errors, table.unknown, table.title, table.examples)


def preview(planned: Sequence[Planned[Any]], errors: Sequence[RowError], rows: Rows[Any]) -> ReadRecords:
    """Return what a table would do."""
    return ReadRecords(
        rows=len({one.row for one in planned} | {error.row for error in errors}),
        items=[RecordRow(row=one.row, name=one.name, change=one.change) for one in planned],
        errors=told(errors),
        unknown_columns=list(rows.unknown),
        examples=rows.examples,
    )


def require_rows(planned: Sequence[Planned[Any]], errors: Sequence[RowError], *, skip_faulty: bool) -> None:
    """Refuse a table that has faults, or, where faulty rows are left out, one in which no row is good.

    Raises:
        TableFaulty: the details tell the faults, row by row.
    """
    if errors and not (skip_faulty and planned):
        raise TableFaulty(errors=[error.model_dump() for error in told(errors)[:_TOLD]])


def imported(planned: Sequence[Planned[Any]], errors: Sequence[RowError]) -> ImportedRecords:
    """Return what was done."""
    changes = [one.change for one in planned]
    return ImportedRecords(
        created=changes.count("create"),
        updated=changes.count("update"),
        unchanged=changes.count("same"),
        errors=told(errors),
    )


def template_file(kind: Kind, format_: TableFormat, name: str) -> Response:
    """Return an empty table to fill in."""
    return Response(
        written(format_, template(kind)),
        media_type=MEDIA_TYPES[format_],
        headers={"Content-Disposition": attachment(f"{name}.{format_}"), "X-Content-Type-Options": "nosniff"},
    )


#: What a template's address answers.
TEMPLATE_FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file.",
        "content": {
            media_type.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
            for media_type in MEDIA_TYPES.values()
        },
    }
}


def told(errors: Sequence[RowError]) -> list[TableError]:
    """Return what is wrong as the client is told, row by row."""
    return [
        TableError(
            row=error.row,
            column=error.column,
            code=error.code,
            message=error.message,
            value=error.value,
            details=dict(error.details or {}),
        )
        for error in sorted(errors, key=lambda error: error.row)
    ]
