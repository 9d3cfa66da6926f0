"""Q03–Q05, Q07, Q18, Q19: what the script says against what the product's record knows."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backend.protocol.events import Finding
from backend.quality import craft, untold
from backend.quality.context import clause
from backend.quality.draft import Draft
from backend.quality.facts import is_named, missing_statements, names_of, other_things, stale_names
from backend.quality.normalize import fold
from backend.quality.numbers import money_in
from backend.quality.prices import has_price
from backend.quality.regulated import is_declared, unproven
from backend.quality.roughly import sum_faults
from backend.quality.rulebook import Severity
from backend.quality.subject import is_told_of_somebody, is_unsure
from backend.quality.wishes import goes_on, wants_shorter

#: Around another product's name: viewers are kept from it, or sent to it. A person has to look; no leftover is told so.
_APART: Final = re.compile(
    "别拍|别买|别选|别点|拍错|拍成|买成|认错|[您你]?找[^，。！？]{0,8}去|搭着|搭配|配着|配合|一起用|一块儿?用|接着用|先用|再用|"
    "不是|不同|区别|不一样|分开|另一[款个条]|另外[那一]|比(?!例|赛|重)|跟[^，。！？]{0,8}(?:一样|不同|比|配|搭)|上一[款个]|下一[款个]|等会|待会|一会儿?|讲过|说过|播过|问"
)
#: Right before how many of a gift: what the host puts in, and nobody takes out.
_PUT_IN: Final = re.compile("给(?:[你您]们?|大家)(?:再|都|另外)?[配放搭]$")
_PIECES: Final = re.compile("[一两二三四五六七八九\\d]块")
#: Characters of any sentence.
_SMALL: Final = frozenset("的了是还上一在有和不也就都能你我它这那个到下中")
#: Readings whose own words tell that nobody takes so much of the goods: 能连着放两天两夜.
_OF_THE_GOODS: Final = frozenset({"performance", "share", "parted", "lasting", "ended"})
#: The category of findings about the record: only a person with the papers can mend them.
UNAPPROVED: Final = "unapproved"


def prices(draft: Draft) -> Iterator[Finding]:
    product = draft.brief.product
    for fault in sum_faults(draft.folded.text, product):
        if (
            product is not None
            and product.get("unit") == "块"
            and _PIECES.fullmatch(draft.folded.text, fault.start, fault.end)
        ):
            continue  # 两块还省10块, of a board that is sold by the piece
        # Figures that somebody asked for are theirs to vouch for: 提一下满99减10.
        asked = any(low <= fault.start and fault.end <= high for low, high in _asked_for(draft))
        problem = f"{fault.problem}；这是要求里写明要说的，请核实" if asked else fault.problem
        span = (fault.start, fault.end)
        yield draft.by_rule(
            "PRI-010",
            "warn" if asked or not fault.grave or _is_difference(draft.folded.text, fault.start) else "block",
            span,
            problem,
            None if asked else fault.right,
        )
    if product is not None and not has_price(product):
        for money in money_in(draft.folded.text):
            yield draft.by_rule("PRI-010", "warn", (money.start, money.end), "商品资料没有价格，这个数字无法核对")


def _is_difference(text: str, at: int) -> bool:
    """Tell whether a sum is by how much something is less or more, which may be reckoned from what was just said."""
    return re.search("还(?:要|能)?(?:低|少|便宜|省|多|差|高)[了出]?$", text[:at][-5:]) is not None


def _asked_for(draft: Draft) -> list[tuple[int, int]]:
    """Return where the folded text says what it was told to say."""
    said = [fold(one).text.strip() for one in draft.brief.must_say]
    places = [(draft.folded.text.find(one), len(one)) for one in said if one]
    return [(at, at + length) for at, length in places if at >= 0]


def points(draft: Draft) -> Iterator[Finding]:
    product, scenario = draft.brief.product, draft.brief.scenario
    if product is not None and draft.brief.must_not_say:
        # What was not to be told is not missing.
        product = untold.without(draft.brief.must_not_say, product)
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
    loose = scenario in ("opening", "seeding")
    said = sum(_is_told(point, spoken, loose=loose) for point in points)
    if said < wanted:
        names = "、".join(str(point.get("feature", "")) for point in points[:4])
        # In other words a point cannot be recognised for certain: where most of its characters are in the text it may
        # well be told, and that is a remark; where nothing of any point is there, a person has to look.
        severity: Severity = (
            "info" if any(_is_hinted(point, spoken, str((product or {}).get("name"))) for point in points) else "warn"
        )
        yield draft.whole("Q04", severity, f"卖点只讲到{said}个，宜讲到{wanted}个（{names}）")


def _is_told(point: Mapping[str, Any], spoken: str, *, loose: bool) -> bool:
    """Tell whether a point is recognised: by a good part of its words; `loose`, in a story, by three running ones."""
    parts = [craft.read_aloud(str(point[part])) for part in ("feature", "benefit", "proof") if point.get(part)]
    if any(craft.coverage(part, spoken) >= 0.4 for part in parts) or craft.coverage("".join(parts[:2]), spoken) >= 0.25:
        return True
    return loose and any(part[at : at + 3] in spoken for part in parts for at in range(len(part) - 2))


def _is_hinted(point: Mapping[str, Any], spoken: str, name: str) -> bool:
    """Tell whether a point may be told in other words: most characters of its feature or benefit are there.

    Those of the product's name and the small ones of any sentence say nothing.
    """
    for part in ("feature", "benefit"):
        told = set(re.findall("[\u4e00-\u9fa5a-z\\d]", craft.read_aloud(str(point.get(part) or ""))))
        told -= set(name) | _SMALL
        if len(told) >= 4 and len(told & set(spoken)) >= 0.6 * len(told):
            return True
    return False


def facts(draft: Draft) -> Iterator[Finding]:
    product = draft.brief.product
    own = [*names_of(product), fold(str(product.get("brand") or product["name"])).text[:3]] if product else []
    for fault in draft.fact_faults:
        if fault.rule != "PRI-005":
            # Before the product is named a story speaks of something else: the old bag, the one next door.
            before = draft.folded.text[: fault.start]
            named = any(name in before for name in own) or not any(name in draft.folded.text for name in own)
            # In somebody's story a figure may be told of the goods or not: a person has to look.
            place = fault.start, fault.end
            unsure = is_unsure(draft.folded.text, *place)
            # 能放十五个小时 and 给你配四把 take nothing of the goods.
            put_in = fault.by == "gift" and _PUT_IN.search(before[-8:]) is not None
            taken = fault.by not in _OF_THE_GOODS and not put_in
            told = unsure or is_told_of_somebody(draft.folded.text, *place, portions=taken)
            severity: Severity = "block" if fault.certain and named and not told else "warn"
            if unsure and not fault.grave:
                severity = "info"  # twice in doubt: a remark
            yield draft.by_rule(fault.rule, severity, (fault.start, fault.end), fault.problem, fault.right)


def identity(draft: Draft) -> Iterator[Finding]:
    brief = draft.brief
    severity: Severity = "info" if brief.scenario == "transition" else "block"
    for start, end, other, certain in stale_names(draft.folded.text, brief.product, brief.other_products):
        span = draft.folded.span(start, end)
        low, high = clause(draft.folded.text, start, end)
        aside = severity == "block" and (not certain or _APART.search(draft.folded.text, low, high))
        told: Severity = "warn" if aside else severity
        yield draft.finding("Q07", told, span, f"提到了别的商品“{other}”", category="fact_mismatch")
    if brief.product is None or brief.scenario in ("transition", "closing"):
        return
    name = brief.product["name"]
    for start, end in other_things(draft.folded.text, brief.product):
        span = draft.folded.span(start, end)
        problem = f"“{draft.text[slice(*span)]}”不像是“{name}”"
        yield draft.finding("Q07", "warn", span, problem, category="fact_mismatch")
    if not is_named(draft.folded.text, brief.product):
        # Hosts hold the goods into the camera and call them 这块饼: whether viewers know, a person judges. Where
        # goods are only described that is most often so, and no more than a remark.
        unnamed: Severity = "warn" if brief.scenario in ("promotion", "full") else "info"
        yield draft.whole("Q07", unnamed, f"没有说到“{name}”", category="fact_mismatch")
        return
    third = draft.folded.text[: max(60, len(draft.folded.text) // 3)]
    if not is_named(third, brief.product) and brief.scenario not in ("opening", "seeding"):
        yield draft.whole("Q07", "info", f"前三分之一没有说到“{name}”", category="fact_mismatch")


def urgency(draft: Draft) -> Iterator[Finding]:
    for fault in draft.fact_faults:
        if fault.rule == "PRI-005":
            severity: Severity = "block" if fault.certain else "warn"
            yield draft.by_rule(fault.rule, severity, (fault.start, fault.end), fault.problem)


def statements(draft: Draft) -> Iterator[Finding]:
    brief = draft.brief
    if brief.product is None:
        return
    # Where nothing is sold yet or any more, the house's own sentences may wait; the law's may not.
    house: Severity = "warn" if brief.scenario in ("opening", "transition", "closing") else "block"
    legal: Severity = "warn" if brief.scenario in ("transition", "closing") else "block"
    yield from _approvals(draft)
    end = len(draft.text)
    for rule_id, sentence, hinted in missing_statements(draft.folded.text, brief.product):
        message = f"缺少法定或规定的声明：“{sentence}”"
        if rule_id == "HOUSE-STATEMENT":
            wording: Severity = "warn" if hinted else house
            yield draft.finding("Q19", wording, (end, end), message, category="required", suggestion=f"{sentence}。")
            continue
        rule = draft.rules.rule(rule_id)
        yield draft.finding(
            rule_id, legal, (end, end), message, category=rule.category, basis=rule.basis, suggestion=f"{sentence}。"
        )


def _approvals(draft: Draft) -> Iterator[Finding]:
    """What a regulated product's record lacks: no wording makes up for it.

    Who declares the goods in the record and only left the number out is asked for it; nothing of the text is wrong.
    """
    product = draft.brief.product
    for kind in unproven(product) if product is not None else ():
        severity: Severity = "block"
        if kind.proof is None:
            message = f"“{kind.name}”：{kind.needs}"
        elif product is not None and is_declared(kind, product):
            severity = "warn"
            message = f"商品资料里没有“{kind.name}”的可核对信息：请在商品库补上{kind.needs}"
        else:
            message = f"“{kind.name}”没有可核对的资料，不能播：请先在商品库补上{kind.needs}"
        yield draft.finding(kind.id, severity, (0, 0), message, category=UNAPPROVED, basis=kind.basis)
