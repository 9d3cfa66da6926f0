"""Q20: the law and the house's rules, with what the record proves taken into account."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backend.protocol.events import Finding
from backend.quality import craft
from backend.quality.deadlines import is_held_until
from backend.quality.draft import Draft
from backend.quality.facts import names_of
from backend.quality.implied import suspicions
from backend.quality.normalize import NUMERALS, fold
from backend.quality.numbers import NUMBER, money_in, parse_number
from backend.quality.personal import personal_data
from backend.quality.record import record_text
from backend.quality.rulebook import verticals_of_category


def compliance(draft: Draft) -> Iterator[Finding]:
    product = draft.brief.product
    category = f"{product.get('category') or ''} {product['name']}".strip() if product else None
    flags = set(product.get("compliance_flags") or ()) if product else set()
    if "health_food" in flags:
        category = f"保健食品 {category}"
    record = record_text(product) if product else ""
    said = {money.value for money in money_in(record)} | _record_prices(product)
    own = _own_names(product)
    named = [span for name in own for span in _places(draft, name)]
    functions = _approved_functions(product or {}, record)
    confirmable = {rule.id for rule in draft.rules.rules if rule.confirmable} | {"PRI-002", "PRI-005", "ABS-006"}
    for finding in draft.rules.check(draft.text, vertical=category, whole=True):
        if finding.severity != "block" and finding.rule in confirmable and _is_on_record(draft, finding, record, said):
            continue
        if finding.rule == "DAT-006" and _DISINFECTS.search(record):
            yield finding.model_copy(update={"severity": "warn"})  # how much of them is for a person to compare
            continue
        # Whose goods these are is no rival.
        if finding.rule == "DIS-002" and any(fold(finding.excerpt).text.startswith(name[:2]) for name in own):
            continue
        if finding.rule == "PRI-011" and product is not None and is_held_until(product):
            # The record has another end: these minutes are made up.
            yield finding.model_copy(update={"severity": "block"})
            continue
        if finding.rule.startswith("IMP-") and _is_by_the_name(draft, finding, own):
            continue
        if finding.rule == "MED-003" and _is_air(finding, f"{category or ''}。{record}"):
            continue
        if finding.category == "vulgar" and _is_cut_out_of_a_name(finding, named):
            continue
        if _is_registered(finding, record) or _is_approved_function(draft, finding, functions):
            yield finding.model_copy(update={"severity": "info"})
            continue
        # A registered name is what it is called (绝对化用语执法指南); a claim beside it stays a claim.
        inside = any(low <= finding.span[0] and finding.span[1] <= high for low, high in named)
        yield finding.model_copy(update={"severity": "info"}) if inside else finding
    yield from _of_somebody(draft, record)


#: Goods that hold air, and goods of which 气 is the body's.
_HOLDS_AIR: Final = re.compile("充气|打气|气泵|轮胎|车胎|内胎|胎压|气垫床|泳圈|气嘴|气门|皮划艇|桨板|[篮足排]球")
_OF_THE_BODY: Final = frozenset({"食品", "保健食品", "普通化妆品", "特殊化妆品", "药品", "母婴"})


def _is_air(finding: Finding, goods: str) -> bool:
    """Tell whether what is filled up is a tyre or a ball: what the goods are decides, 补气 of tea is the body's."""
    said = fold(finding.excerpt).text
    kinds = verticals_of_category(goods.partition("。")[0])
    return said == "补气" and _HOLDS_AIR.search(goods) is not None and not kinds & _OF_THE_BODY


def _is_cut_out_of_a_name(finding: Finding, named: list[tuple[int, int]]) -> bool:
    """Tell whether a rude word is the end of a name with what stands behind it, or its beginning: 豆包妈 and 的."""
    start, end = finding.span
    return any(low < end and start < high and not (low <= start and end <= high) for low, high in named)


def _of_somebody(draft: Draft, record: str) -> Iterator[Finding]:
    """Find what would be read out of somebody; the message does not repeat it."""
    rule = draft.rules.rule("PII-001")
    for one in personal_data(draft.text, record):
        message = f"把{one.called}念出来会泄露个人信息"
        yield draft.finding(
            rule.id, one.severity, one.span, message, category=rule.category, basis=rule.basis, suggestion=""
        )


#: What was examined before it could be sold: its record may be told.
_REGISTERED: Final = re.compile("国妆特字|国食健[注备]|械注[准进]|国药准字")


#: A record of goods that were tested for it.
_DISINFECTS: Final = re.compile("[抑抗杀除灭]菌|消毒|除螨|卫消证|消字")
#: What the goods are made of may be said as the record says it.
_ALL_OF_IT: Final = re.compile("百分之百|百分百|100 ?%")


def _is_registered(finding: Finding, record: str) -> bool:
    """Tell whether the words are those the goods were registered with (a sort of jade: A货翡翠)."""
    said = fold(finding.excerpt).text
    if finding.rule == "IPR-001":
        return said == "a货" and "翡翠" in record and "a货" in record
    special = finding.category in ("cosmetic_special", "health_food", "efficacy_guarantee", "medical_device")
    return special and _REGISTERED.search(record) is not None and said in record


def _approved_functions(product: Mapping[str, Any], record: str) -> list[str]:
    """Return the functions a health food is approved for, each in the record's words; none without its number."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping) or re.search("国食健[注备]", record) is None:
        return []
    told = [fold(str(value)).text for name, value in facts.items() if re.search("保健功能|批准功能", str(name))]
    return [one for value in told for one in re.split("[、，。；和及]", value) if len(one) >= 4]


#: What claims of functions are classed as.
_OF_FUNCTIONS: Final = frozenset({"food_claim", "health_food", "efficacy_guarantee"})


def _is_approved_function(draft: Draft, finding: Finding, functions: list[str]) -> bool:
    """Tell whether the words are part of an approved function told in full: what goes beyond it stays a claim."""
    if finding.category not in _OF_FUNCTIONS and finding.rule != "MED-004":
        return False  # no illness, whatever a record holds for a function
    places = (span for one in functions for span in _places(draft, one))
    return any(low <= finding.span[0] and finding.span[1] <= high for low, high in places)


def _is_by_the_name(draft: Draft, finding: Finding, names: list[str]) -> bool:
    """Tell whether a sentence seems to imply something only by what the goods are called: 来看牧犬全价成犬粮。"""
    start, end = finding.span
    said = fold(draft.text[start : end + 1]).text
    plain = said
    for name in sorted(names, key=len, reverse=True):
        if len(name) >= 2:
            plain = plain.replace(name, "这款")
    return plain != said and next(suspicions(plain), None) is None


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
        # 活动后恢复日常价: no figure, and the record has one.
        return any(value in sums for value in near) if near else len(_record_prices(draft.brief.product)) > 1
    if finding.rule == "PRI-005":
        stock = (draft.brief.product or {}).get("stock")
        return isinstance(stock, int) and stock in {parse_number(one) for one in re.findall(NUMBER, said)}
    if finding.rule == "ABS-006" and _ALL_OF_IT.fullmatch(said):
        return _ALL_OF_IT.search(record) is not None
    # 零蔗糖: 0蔗糖
    if said.translate(NUMERALS) in record.translate(NUMERALS):
        return True
    return said in record or (len(said) > 4 and craft.coverage(said, craft.read_aloud(record)) >= 0.8)
