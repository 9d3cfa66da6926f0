"""What tables that people upload have in common: how the faults of their rows are told."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from backend.domain.show_table import RowError


class TableError(BaseModel):
    """What is wrong with a row. `code` is stable; `column` is the heading (empty: the whole row)."""

    row: int
    column: str
    code: str
    message: str
    value: str
    details: dict[str, Any]


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
