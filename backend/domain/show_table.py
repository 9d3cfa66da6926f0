"""A table of products and segments read as the plan of a show: every row is told what is wrong with it."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from rapidfuzz import fuzz, process

from backend.domain.products import CatalogueEntry
from backend.domain.show_plan import LONGEST, SEGMENTS, SHORTEST
from backend.domain.tables import Line

#: So many scripts a show may have.
MAX_ITEMS: Final = 300
MAX_NOTES: Final = 200

_HEADINGS: Final[Mapping[str, frozenset[str]]] = {
    "product": frozenset({"商品", "商品名", "商品名称", "产品", "产品名", "产品名称", "品名", "name", "product"}),
    "segment": frozenset({"环节", "段落", "场景", "话术类型", "类型", "segment", "segments", "scenario"}),
    "seconds": frozenset({"秒", "秒数", "时长", "时长秒", "时长(秒)", "计划时长", "seconds", "duration"}),
    "notes": frozenset({"备注", "要求", "说明", "notes", "note"}),
}
_SEGMENT_NAMES: Final[Mapping[str, str]] = {
    name: key
    for key, names in {
        "opening": ("开场", "开场白", "开播", "opening"),
        "selling_points": (
            "卖点",
            "卖点介绍",
            "讲品",
            "介绍",
            "产品介绍",
            "商品介绍",
            "selling_points",
            "selling points",
        ),
        "promotion": ("促销", "促单", "逼单", "催单", "promotion"),
        "seeding": ("种草", "seeding"),
        "transition": ("过款", "过渡", "转品", "转场", "transition"),
        "closing": ("收尾", "下播", "下播收尾", "结束", "closing"),
    }.items()
    for name in (*names, key)
}
_SEGMENT_SEPARATORS: Final = re.compile(r"[、,，;；/+＋|\n]+")
_CLOCK: Final = re.compile(r"(?:(\d{1,2}):)?(\d{1,2}):(\d{2})")
#: The two halves of a number that was cut at the comma of its thousands.
_THOUSANDS: Final = re.compile(r"[¥￥]?\d{1,3}")
_BEHIND: Final = re.compile(r"\d{3}(?:\.\d{1,2})?元?")
_SPOKEN: Final = re.compile(r"(?:(\d+(?:\.\d+)?)(?:分钟|分|min|m))?(?:(\d+(?:\.\d+)?)(?:秒钟|秒|s|sec)?)?")


@dataclass(frozen=True)
class Planned:
    """A script that a row asks for."""

    row: int
    product_id: UUID
    product_name: str
    scenario: str
    seconds: int | None
    notes: str


@dataclass(frozen=True)
class RowError:
    """What is wrong with a row. `code` is stable, `column` the heading (empty: the whole row), `value` what stands
    there; `details` depend on the code."""

    row: int
    column: str
    code: str
    message: str
    value: str = ""
    details: Mapping[str, Any] | None = None


def surplus(heading: Line, line: Line) -> RowError | None:
    """Return the fault of a row that has more filled cells than the heading has columns.

    A comma that nobody quoted has moved its cells: 1,299 would be a price of 1, and a gift called 299.
    """
    cells, headings = len(line.cells), len(heading.cells)
    if cells <= headings:
        return None
    halves = zip(line.cells, line.cells[1:], strict=False)
    split = (f"{low},{high}" for low, high in halves if _THOUSANDS.fullmatch(low) and _BEHIND.fullmatch(high))
    number = next(split, "1,299")
    text = f'{cells} cells under {headings} headings: what holds a comma is quoted, "{number}"'
    details = {"cells": cells, "headings": headings, "number": number}
    return RowError(line.number, "", "more_cells", text, ",".join(line.cells[headings:])[:80], details)


class Catalogue:
    """The products of a tenant by the names people write."""

    def __init__(self, entries: Sequence[CatalogueEntry]) -> None:
        self._names: dict[str, dict[UUID, str]] = {}
        self._shown: dict[str, str] = {}
        for entry in entries:
            for name in (entry.name, *entry.aliases):
                self._names.setdefault(folded(name), {})[entry.id] = entry.name
            self._shown[folded(entry.name)] = entry.name
        # A product's own name is its own, whoever else has it for an alias.
        for entry in entries:
            self._names[folded(entry.name)] = {entry.id: entry.name}

    def find(self, name: str) -> dict[UUID, str]:
        """Return the products of this name or alias: none, the one, or several."""
        return self._names.get(folded(name), {})

    def like(self, name: str) -> list[str]:
        """Return the names of products that may have been meant, the likeliest first."""
        found = process.extract(folded(name), self._shown.keys(), scorer=fuzz.WRatio, limit=3, score_cutoff=60)
        return [self._shown[one] for one, _, _ in found]


def folded(text: str) -> str:
    """Return the text without what does not tell names apart: width, case, spaces."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


def read_plan(
    lines: Sequence[Line], catalogue: Catalogue, segments: Sequence[str] = ()
) -> tuple[list[Planned], list[RowError]]:
    """Return the scripts that a table asks for, in its order, and everything that is wrong with it.

    The first line is the heading. A row without a segment gets `segments`, in this order; a cell may name several.
    """
    heading, *rows = lines
    columns = {
        name: next((n for n, cell in enumerate(heading.cells) if folded(cell) in accepted), None)
        for name, accepted in _HEADINGS.items()
    }
    title = {name: heading.cells[n] if n is not None else "" for name, n in columns.items()}
    if columns["product"] is None:
        shown = "、".join(cell for cell in heading.cells[:8] if cell)
        return [], [RowError(heading.number, "", "no_product_column", "no column is called 商品 (product)", shown)]
    if not rows:
        return [], [RowError(heading.number, "", "no_rows", "there is no row below the heading")]
    planned: list[Planned] = []
    errors: list[RowError] = []
    first: dict[tuple[UUID, str], int] = {}
    for line in rows:
        if (moved := surplus(heading, line)) is not None:
            errors.append(moved)
            continue
        read = _Row(line, columns, title)
        product = read.product(catalogue)
        scenarios = read.scenarios(segments)
        seconds = read.seconds()
        notes = read.notes()
        if not read.errors and product is not None:
            for scenario in scenarios:
                before = first.setdefault((product[0], scenario), line.number)
                if before != line.number:
                    read.wrong("segment", "doubled", f"the same product and segment stand in row {before}", row=before)
                else:
                    planned.append(Planned(line.number, product[0], product[1], scenario, seconds, notes))
        errors += read.errors
    if len(planned) > MAX_ITEMS:
        text = f"a show has at most {MAX_ITEMS} scripts"
        errors.append(RowError(planned[MAX_ITEMS].row, "", "too_many_items", text, details={"limit": MAX_ITEMS}))
    return planned, errors


class _Row:
    """One row, and what was found wrong with it."""

    def __init__(self, line: Line, columns: Mapping[str, int | None], title: Mapping[str, str]) -> None:
        self._line = line
        self._columns = columns
        self._title = title
        self.errors: list[RowError] = []

    def wrong(self, column: str, code: str, message: str, **details: Any) -> None:
        value = self._line.cell(self._columns[column])[:80]
        self.errors.append(RowError(self._line.number, self._title[column], code, message, value, details))

    def product(self, catalogue: Catalogue) -> tuple[UUID, str] | None:
        name = self._line.cell(self._columns["product"])
        if not name:
            self.wrong("product", "no_product", "the product is missing")
            return None
        found = catalogue.find(name)
        if not found:
            self.wrong("product", "unknown_product", "no product has this name", like=catalogue.like(name))
        elif len(found) > 1:
            self.wrong("product", "ambiguous_product", "several products have this name", like=sorted(found.values()))
        else:
            return next(iter(found.items()))
        return None

    def scenarios(self, otherwise: Sequence[str]) -> list[str]:
        cell = self._line.cell(self._columns["segment"])
        names = [name.strip() for name in _SEGMENT_SEPARATORS.split(cell) if name.strip()]
        if not names:
            if not otherwise:
                self.wrong("segment", "no_segment", "the segment is missing")
            return list(otherwise)
        found: list[str] = []
        for name in names:
            key = _SEGMENT_NAMES.get(unicodedata.normalize("NFKC", name).strip().casefold())
            if key is None:
                self.wrong("segment", "unknown_segment", "no segment has this name", segment=name[:40])
            elif key in found:
                self.wrong("segment", "doubled", "the segment stands here twice", row=self._line.number)
            else:
                found.append(key)
        return found

    def seconds(self) -> int | None:
        cell = self._line.cell(self._columns["seconds"])
        if not cell:
            return None
        read = read_seconds(cell)
        if read is None:
            self.wrong("seconds", "bad_duration", "this is no duration")
        elif not SHORTEST <= read <= LONGEST:
            self.wrong("seconds", "duration_range", "a script takes 5 to 1800 seconds", least=SHORTEST, most=LONGEST)
        else:
            return read
        return None

    def notes(self) -> str:
        text = self._line.cell(self._columns["notes"])
        if len(text) > MAX_NOTES:
            self.wrong("notes", "notes_too_long", f"at most {MAX_NOTES} characters", limit=MAX_NOTES)
        return text


def read_seconds(text: str) -> int | None:
    """Return the seconds of "45", "45秒", "1分30秒", "1.5分钟", "1:30" or "0:01:30"; None for anything else."""
    plain = folded(text)
    clock = _CLOCK.fullmatch(plain)
    if clock is not None:
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        # 1:30 is a minute and a half; a spreadsheet that took it for half past one hands over 01:30:00.
        if clock[1] is not None and hours and seconds == 0:
            hours, minutes, seconds = 0, hours, minutes
        return hours * 3600 + minutes * 60 + seconds if minutes < 60 and seconds < 60 else None
    spoken = _SPOKEN.fullmatch(plain)
    if spoken is None or not any(spoken.groups()):
        return None
    return round(float(spoken[1] or 0) * 60 + float(spoken[2] or 0))


assert set(_SEGMENT_NAMES.values()) == set(SEGMENTS)
