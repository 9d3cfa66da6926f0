"""Q20: the law and the house's rules, with what the record proves taken into account."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from backend.protocol.events import Finding
from backend.quality import craft
from backend.quality.draft import Draft
from backend.quality.facts import names_of
from backend.quality.normalize import fold
from backend.quality.numbers import money_in
from backend.quality.record import record_text


def compliance(draft: Draft) -> Iterator[Finding]:
    product = draft.brief.product
    category = f"{product.get('category') or ''} {product['name']}".strip() if product else None
    flags = set(product.get("compliance_flags") or ()) if product else set()
    if "health_food" in flags:
        category = f"保健食品 {category}"
    record = record_text(product) if product else ""
    said = {money.value for money in money_in(record)} | _record_prices(product)
    named = [span for name in _own_names(product) for span in _places(draft, name)]
    confirmable = {rule.id for rule in draft.rules.rules if rule.confirmable} | {"PRI-002", "PRI-005"}
    for finding in draft.rules.check(draft.text, vertical=category):
        if finding.severity != "block" and finding.rule in confirmable and _is_on_record(draft, finding, record, said):
            continue
        # A registered name is what it is called (绝对化用语执法指南); a claim beside it stays a claim.
        inside = any(low <= finding.span[0] and finding.span[1] <= high for low, high in named)
        yield finding.model_copy(update={"severity": "info"}) if inside else finding


def _own_names(product: Mapping[str, Any] | None) -> list[str]:
    brand = fold(str((product or {}).get("brand") or "")).text
    return [name for name in (*(names_of(product) if product else ()), brand) if name]


def _places(draft: Draft, name: str) -> Iterator[tuple[int, int]]:
    for match in re.finditer(re.escape(name), draft.folded.text):
        yield draft.folded.span(*match.span())


def _record_prices(product: Mapping[str, Any] | None) -> set[float]:
    values = (product or {}).get("price"), (product or {}).get("list_price")
    return {float(value) for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)}


def _is_on_record(draft: Draft, finding: Finding, record: str, sums: set[float]) -> bool:
    """Tell whether the product's record proves what a milder finding doubts."""
    said = fold(finding.excerpt).text
    if finding.rule == "PRI-002":
        start, end = finding.span
        near = [money.value for money in money_in(fold(draft.text[start : end + 12]).text)]
        return any(value in sums for value in near)
    if finding.rule == "PRI-005":
        stock = (draft.brief.product or {}).get("stock")
        return isinstance(stock, int) and re.search(rf"(?<!\d){stock}(?!\d)", said) is not None
    return said in record or (len(said) > 4 and craft.coverage(said, craft.read_aloud(record)) >= 0.8)
