"""Rules as a table, in and out: a row a rule, the columns of our own table of rules (data/compliance_rules.tsv)."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backend.domain.show_table import RowError, folded, surplus
from backend.domain.tables import MAX_CELL, Line
from backend.quality.layering import Effective
from backend.quality.overlay import Overlay, OwnRule, faults
from backend.quality.rulebook import Rule

#: So many rows a table may bring at once.
MAX_ROWS: Final = 500
_HEADINGS: Final[Mapping[str, frozenset[str]]] = {
    "id": frozenset({"rule_id", "id", "编号", "规则编号"}),
    "category": frozenset({"category", "类别", "分类"}),
    "title": frozenset({"title", "名称", "规则", "规则名称"}),
    "severity": frozenset({"severity", "级别", "严重程度", "处理"}),
    "basis": frozenset({"basis", "依据"}),
    "about": frozenset({"prohibited", "about", "说明", "禁止内容"}),
    "terms": frozenset({"terms", "词", "词语", "禁用词", "违禁词"}),
    "patterns": frozenset({"patterns", "正则", "句式"}),
    "allow": frozenset({"allow_patterns", "allow", "例外", "允许"}),
    "advice": frozenset({"rewrite", "advice", "建议", "改写", "替换"}),
}
#: Those of our own table of rules, in its order.
_COLUMNS: Final = (
    "rule_id", "category", "title", "verticals", "severity", "check_type", "basis", "prohibited", "terms", "patterns",
    "program_check", "example_bad", "allowed_when", "allow_patterns", "rewrite",
)  # fmt: skip
#: Which of them holds what is read.
_EXPORTED: Final[Mapping[str, str]] = {
    "category": "category", "title": "title", "severity": "severity", "basis": "basis", "about": "prohibited",
    "terms": "terms", "patterns": "patterns", "allow": "allow_patterns", "advice": "rewrite",
}  # fmt: skip
#: Characters from which on a cell may have been cut when it was read; spaces are not counted.
_CUT: Final = MAX_CELL * 3 // 4
#: How severities are written by people.
_SEVERITIES: Final[Mapping[str, str]] = {
    "block": "block", "禁止": "block", "拦截": "block", "fail": "fail", "要改": "fail", "不通过": "fail",
    "不合格": "fail",
    "warn": "warn", "警告": "warn", "提醒": "warn", "注意": "warn", "info": "info", "提示": "info",
}  # fmt: skip
_TERMS, _PATTERNS = "|", ";;"
#: How a spreadsheet is kept from taking a cell for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t")


@dataclass(frozen=True)
class RuleTable:
    """What a table holds: its rules with their rows, everything that is wrong with it, and the headings not read.

    `ours` are the ids of rows that are rules of ours or the platform as they are: there is nothing to take in.
    """

    rules: Sequence[tuple[int, OwnRule]]
    errors: Sequence[RowError]
    unknown: Sequence[str]
    ours: Sequence[str] = ()


def read_rules(lines: Sequence[Line], known: Mapping[str, Rule], below: Iterable[Effective] = ()) -> RuleTable:
    """Return the rules of a table whose first line is the heading; a row without an id gets one from its number.

    Terms are parted by `|`, patterns by ` ;; `. `known` are the rules below, by their ids; `below` the same as they are
    exported, so that an export can be read again.
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
    if "terms" not in columns and "patterns" not in columns:
        fault = RowError(heading.number, "", "no_terms_column", "no column is called 禁用词 (terms) or 正则 (patterns)")
        return RuleTable([], [fault], unknown)
    if not rows:
        return RuleTable([], [RowError(heading.number, "", "no_rows", "there is no row below the heading")], unknown)
    moved = [one for line in rows if (one := surplus(heading, line)) is not None]
    rows = [line for line in rows if surplus(heading, line) is None]
    rows, ours, changed = _apart(rows, columns, title, below)
    moved += changed
    if not rows:
        return RuleTable([], moved, unknown, ours)
    read = [(line.number, _rule(line, columns)) for line in rows]
    overlay = Overlay(rules=[rule for _, rule in read])
    found = faults(overlay, known, {})
    errors = moved + [
        RowError(
            read[min(fault.line, len(read)) - 1][0], title.get(fault.field, ""), fault.code, fault.message, fault.value
        )
        for fault in found
    ]
    for line in rows:
        for field, n in columns.items():
            if len(line.cell(n)) >= MAX_CELL:
                text = f"a cell of {MAX_CELL} characters or more: write its terms in several rows"
                errors.append(RowError(line.number, title[field], "too_long", text, line.cell(n)[:80]))
    # Beyond the limit nothing was looked at: no row behind it is a good one.
    unread = min((fault.line for fault in found if fault.code == "too_many"), default=len(read) + 1)
    errors += [
        RowError(row, "", "too_many", "not read: the table holds more than may be kept", "") for row, _ in read[unread:]
    ]
    wrong = {error.row for error in errors}
    return RuleTable([(row, rule) for row, rule in read if row not in wrong], errors, unknown, ours)


def _apart(
    rows: Sequence[Line], columns: Mapping[str, int], title: Mapping[str, str], below: Iterable[Effective]
) -> tuple[list[Line], list[str], list[RowError]]:
    """Return the rows that are no rules of ours, the ids of those that are ours, and the faults of changed ones."""
    exported: dict[str, list[dict[str, str]]] = {}
    for one in below:
        exported.setdefault(one.rule.id.upper(), []).append(dict(zip(_COLUMNS, _cells(one), strict=True)))
    own: list[Line] = []
    same: list[str] = []
    changed: list[RowError] = []
    for line in rows:
        id_ = _typed(line.cell(columns["id"])).upper() if "id" in columns else ""
        if id_ not in exported:
            own.append(line)
        elif any(_says(line, columns, cells) for cells in exported[id_]):
            same.append(exported[id_][0]["rule_id"])
        else:
            text = "a rule of ours or the platform has this id: how grave it is can be adjusted, its words cannot"
            changed.append(RowError(line.number, title["id"], "of_ours", text, id_))
    return own, same, changed


def _says(line: Line, columns: Mapping[str, int], cells: Mapping[str, str]) -> bool:
    """Tell whether a row says what was exported. A cell may have been cut, and its spaces are not counted."""
    for field, column in _EXPORTED.items():
        if field not in columns:
            continue
        told, meant = ("".join(text.split()) for text in (_typed(line.cell(columns[field])), cells[column]))
        if told != meant and not (len(told) > _CUT and meant.startswith(told)):
            return False
    return True


def _rule(line: Line, columns: Mapping[str, int]) -> OwnRule:
    cells = {field: _typed(line.cell(n)) for field, n in columns.items() if line.cell(n)}
    severity = cells.get("severity", "block")
    return OwnRule(
        **{field: cells[field] for field in ("title", "category", "basis", "about", "advice") if field in cells},
        id=cells.get("id") or f"ROW-{line.number}",
        severity=_SEVERITIES.get(folded(severity), severity),
        terms=[term.strip() for term in cells.get("terms", "").replace("｜", _TERMS).split(_TERMS) if term.strip()],
        patterns=[one.strip() for one in cells.get("patterns", "").split(_PATTERNS) if one.strip()],
        allow=[one.strip() for one in cells.get("allow", "").split(_PATTERNS) if one.strip()],
    )


def _typed(cell: str) -> str:
    # The mark that `as_csv` sets before what a spreadsheet would take for a formula.
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _cells(one: Effective) -> list[str]:
    rule = one.rule
    kinds = [name for name, there in (("term", rule.terms), ("regex", rule.patterns)) if there]
    cells = {
        "rule_id": rule.id,
        "category": rule.category,
        "title": rule.title,
        "verticals": _TERMS.join(sorted(rule.verticals)),
        "severity": "off" if one.off else rule.severity,
        "check_type": "+".join(kinds) or "program",
        "basis": rule.basis,
        "prohibited": rule.about,
        "terms": _TERMS.join(one.written.terms if one.written else rule.terms),
        "patterns": f" {_PATTERNS} ".join(pattern.pattern for pattern in rule.patterns),
        "allow_patterns": f" {_PATTERNS} ".join(pattern.pattern for pattern in rule.allow),
        "rewrite": rule.advice,
    }
    return [cells.get(column, "") for column in _COLUMNS]


def as_tsv(rules: Iterable[Effective]) -> bytes:
    """Return rules as our own table has them: tabs between the cells, no quotes."""
    rows = [list(_COLUMNS), *(_cells(one) for one in rules)]
    return "".join("\t".join(" ".join(cell.split()) for cell in row) + "\n" for row in rows).encode()


def as_csv(rules: Iterable[Effective]) -> bytes:
    """Return rules as a CSV that a spreadsheet opens as it is meant."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for one in rules:
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in _cells(one)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_xlsx(rules: Iterable[Effective]) -> bytes:
    """Return rules as an XLSX; cells are text, so none is a formula."""
    import openpyxl  # a fifth of a second that only a table should cost

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("rules")
    sheet.append(list(_COLUMNS))
    for one in rules:
        cells = []
        for text in _cells(one):
            cell = openpyxl.cell.WriteOnlyCell(sheet, value=text[:32_000])
            cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
