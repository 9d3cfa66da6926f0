"""Q03–Q05, Q07, Q18, Q19: what the script says against what the product's record knows."""

from collections.abc import Iterator, Mapping
from typing import Final

from backend.protocol.events import Finding
from backend.quality import craft
from backend.quality.draft import Draft
from backend.quality.facts import is_named, missing_statements, stale_names
from backend.quality.numbers import money_in
from backend.quality.prices import has_price, price_faults
from backend.quality.regulated import unproven
from backend.quality.rulebook import Severity
from backend.quality.wishes import goes_on, wants_shorter

#: The category of findings about the record: only a person with the papers can mend them.
UNAPPROVED: Final = "unapproved"


def prices(draft: Draft) -> Iterator[Finding]:
    product = draft.brief.product
    for fault in price_faults(draft.folded.text, product):
        yield draft.by_rule("PRI-010", "block", (fault.start, fault.end), fault.problem, fault.right)
    if product is not None and not has_price(product):
        for money in money_in(draft.folded.text):
            yield draft.by_rule("PRI-010", "warn", (money.start, money.end), "商品资料没有价格，这个数字无法核对")


def points(draft: Draft) -> Iterator[Finding]:
    product, scenario = draft.brief.product, draft.brief.scenario
    points = [point for point in (product or {}).get("points") or () if isinstance(point, Mapping)]
    if not points or scenario not in ("selling_points", "full", "seeding", "opening"):
        return
    # A short block has no room for all points: about one for every 15 seconds, as the craft has it.
    seconds = craft.speakable(draft.text) * 60 / max(60, draft.brief.pace)
    # A recommendation starts from a scene of the host's own day, which takes its time.
    each = 20 if scenario == "seeding" else 15
    room = max(1, int(draft.brief.seconds or seconds) // each)
    if wants_shorter(draft.brief.request):
        room = max(1, int(seconds) // each)
    wanted = 1 if scenario == "opening" else max(1, min(room, -(-7 * len(points) // 10)))
    # A text that goes on has the points that were told already.
    told = draft.brief.previous_texts if goes_on(draft.brief.request) else ()
    spoken = craft.read_aloud("".join([*told, draft.text]))
    said = sum(
        max(
            craft.coverage(str(point.get(part) or ""), spoken) if point.get(part) else 0.0
            for part in ("feature", "benefit", "proof")
        )
        >= 0.5
        for point in points
    )
    if said < wanted:
        names = "、".join(str(point.get("feature", "")) for point in points[:4])
        yield draft.whole("Q04", "fail", f"卖点只讲到{said}个，宜讲到{wanted}个（{names}）")


def facts(draft: Draft) -> Iterator[Finding]:
    for fault in draft.fact_faults:
        if fault.rule != "PRI-005":
            yield draft.by_rule(fault.rule, "block", (fault.start, fault.end), fault.problem, fault.right)


def identity(draft: Draft) -> Iterator[Finding]:
    brief = draft.brief
    severity: Severity = "info" if brief.scenario == "transition" else "block"
    for start, end, other in stale_names(draft.folded.text, brief.product, brief.other_products):
        span = draft.folded.span(start, end)
        yield draft.finding("Q07", severity, span, f"提到了别的商品“{other}”", category="fact_mismatch")
    if brief.product is None or brief.scenario in ("transition", "closing"):
        return
    third = draft.folded.text[: max(60, len(draft.folded.text) // 3)]
    if not is_named(third, brief.product):
        name = brief.product["name"]
        yield draft.whole("Q07", "fail", f"前三分之一没有说到“{name}”", category="fact_mismatch")


def urgency(draft: Draft) -> Iterator[Finding]:
    for fault in draft.fact_faults:
        if fault.rule == "PRI-005":
            yield draft.by_rule(fault.rule, "block", (fault.start, fault.end), fault.problem)


def statements(draft: Draft) -> Iterator[Finding]:
    brief = draft.brief
    if brief.product is None:
        return
    severity: Severity = "warn" if brief.scenario in ("transition", "closing") else "block"
    yield from _approvals(draft)
    end = len(draft.text)
    for rule_id, sentence in missing_statements(draft.folded.text, brief.product):
        message = f"缺少法定或规定的声明：“{sentence}”"
        if rule_id == "HOUSE-STATEMENT":
            yield draft.finding("Q19", severity, (end, end), message, category="required", suggestion=f"{sentence}。")
            continue
        rule = draft.rules.rule(rule_id)
        yield draft.finding(
            rule_id, severity, (end, end), message, category=rule.category, basis=rule.basis, suggestion=f"{sentence}。"
        )


def _approvals(draft: Draft) -> Iterator[Finding]:
    """What a regulated product's record lacks: no wording makes up for it."""
    product = draft.brief.product
    for kind in unproven(product) if product is not None else ():
        message = (
            f"“{kind.name}”：{kind.needs}"
            if kind.proof is None
            else f"“{kind.name}”没有可核对的资料，不能播：请先在商品库补上{kind.needs}"
        )
        yield draft.finding(kind.id, "block", (0, 0), message, category=UNAPPROVED, basis=kind.basis)
