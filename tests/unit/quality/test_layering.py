"""Layers of rules: whatever a tenant writes, the order it writes it in, what it takes back, and what it cannot do."""

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.quality.changes import differences
from backend.quality.layering import NOTHING, PLATFORMS, book_of, compiled, layered, plain, read_overlay, require_sound
from backend.quality.overlay import Adjustment, Overlay, OwnRule, Phrase, digest_of, gravity
from backend.quality.rulebook import base_rules

_IDS = [rule.id for rule in base_rules()]
_SEVERITIES = ("block", "fail", "warn", "info")
_platforms = st.sampled_from([None, *PLATFORMS])
_adjustments = st.lists(
    st.builds(
        Adjustment,
        rule=st.sampled_from([*_IDS, "DY-001", "GONE-1"]),
        severity=st.sampled_from([*_SEVERITIES, "off"]),
        reason=st.sampled_from(["", "法务已经核实"]),
    ),
    max_size=8,
    unique_by=lambda one: one.rule,
)
_WORDS = ("老铁们", "家人们", "宝子们", "姐妹们")
_PHRASES = ("家人们晚上好", "老铁们看过来", "全网最低价", "姐妹们", "国家级")
_own = st.lists(
    st.builds(
        OwnRule,
        id=st.sampled_from(["H-1", "H-2", "H-3"]),
        severity=st.sampled_from(_SEVERITIES),
        terms=st.lists(st.sampled_from(_WORDS), min_size=1, max_size=3, unique=True),
    ),
    max_size=3,
    unique_by=lambda one: one.id,
)
_phrases = st.lists(
    st.builds(
        Phrase,
        text=st.sampled_from(["家人们晚上好", "老铁们看过来", "全网最低价", "姐妹们", "国家级"]),
        reason=st.just("备案号 2026-7"),
    ),
    max_size=4,
    unique_by=lambda one: one.text,
)
_overlays = st.builds(Overlay, rules=_own, adjustments=_adjustments, allow=_phrases, brands=_phrases)
TEXT = "家人们晚上好，老铁们看过来，这是国家级的配方，全网最低价。姐妹们别错过，宝子们冲。"


@given(_platforms, _overlays)
def test_nothing_a_tenant_writes_makes_the_law_less_than_a_warning(platform, overlay: Overlay) -> None:
    for one in layered(platform, overlay):
        if one.rule.statutory:
            assert not one.off
            assert gravity(one.rule.severity) >= gravity("warn")


@given(_platforms, _overlays, st.randoms(use_true_random=False))
def test_the_order_in_which_a_tenant_adjusts_does_not_matter(platform, overlay: Overlay, random) -> None:
    shuffled = list(overlay.adjustments)
    random.shuffle(shuffled)
    other = overlay.model_copy(update={"adjustments": shuffled})
    assert layered(platform, other) == layered(platform, overlay)


@given(_platforms, _overlays)
def test_each_layer_changes_only_what_it_names_and_is_gone_when_taken_back(platform, overlay: Overlay) -> None:
    below = {one.rule.id: one for one in layered(platform)}
    named = {one.rule for one in overlay.adjustments}
    for one in layered(platform, overlay):
        if one.layer == "tenant":
            assert one.rule.id not in below
        elif one.rule.id not in named:
            assert one == below[one.rule.id]
        else:
            assert one.original == below[one.rule.id].original
    assert layered(platform, overlay.model_copy(update={"rules": [], "adjustments": []})) == list(below.values())
    # The tenant's word comes after the platform's.
    for wanted in overlay.adjustments:
        now = next((one for one in layered(platform, overlay) if one.rule.id == wanted.rule), None)
        if now is not None and not now.rule.statutory:
            assert ("off" if now.off else now.rule.severity) == wanted.severity


@given(_overlays)
def test_a_stored_overlay_reads_back_the_same_also_with_fields_of_a_later_release(overlay: Overlay) -> None:
    stored = overlay.model_dump() | {"later": 1, "rules": [one.model_dump() | {"later": 2} for one in overlay.rules]}
    assert read_overlay(stored) == overlay
    assert digest_of(read_overlay(stored)) == digest_of(overlay)


@given(_overlays, _overlays)
def test_differences_lead_from_one_overlay_to_the_other(before: Overlay, after: Overlay) -> None:
    keys = {"rules": "id", "adjustments": "rule", "allow": "text", "brands": "text"}
    parts = {part: {getattr(one, key): one.model_dump() for one in getattr(before, part)} for part, key in keys.items()}
    for change in differences(before, after):
        assert parts[change.part].get(change.name) == change.before
        if change.after is None:
            del parts[change.part][change.name]
        else:
            parts[change.part][change.name] = change.after
    assert parts == {
        part: {getattr(one, key): one.model_dump() for one in getattr(after, part)} for part, key in keys.items()
    }


@settings(max_examples=8)
@given(_overlays, st.randoms(use_true_random=False))
def test_what_is_found_follows_from_the_layers_and_not_from_their_order(overlay: Overlay, random) -> None:
    snapshot = compiled(None, overlay, 7)
    found = snapshot.scan(TEXT)
    mixed = {}
    for part in ("rules", "allow", "brands"):
        mixed[part] = list(getattr(overlay, part))
        random.shuffle(mixed[part])
    again = compiled(None, overlay.model_copy(update=mixed), 7).scan(TEXT)
    # Two rules with one word are told under either's name; what is found, and how grave, is the same.
    assert [(f.span, f.severity) for f in again] == [(f.span, f.severity) for f in found]

    rules = {one.rule.id: one for one in layered(None, overlay)}
    names = [_span(one.text) for one in overlay.brands]
    allowed = [_span(one.text) for one in overlay.allow]
    for finding in found:
        rule = rules[finding.rule].rule
        if _within(finding.span, names):
            assert finding.severity == "info"
        elif _within(finding.span, allowed):
            assert rule.statutory
            assert finding.severity != "block"
        assert gravity(finding.severity) <= gravity(rule.severity)
    # Every word of the tenant's own that stands outside what is allowed is found, by one rule or another.
    for own in overlay.rules:
        for term in own.terms:
            span = _span(term)
            if not _within(span, allowed):
                assert any(f.span[0] <= span[0] and span[1] <= f.span[1] for f in found), (term, found)


def _span(text: str) -> tuple[int, int]:
    start = TEXT.find(text)
    return (start, start + len(text)) if start >= 0 else (-1, -1)


def _within(span: tuple[int, int], places: list[tuple[int, int]]) -> bool:
    return any(low <= span[0] and span[1] <= high for low, high in places)


def test_every_platform_file_is_sound_and_adds_to_ours() -> None:
    for platform in PLATFORMS:
        snapshot = plain(platform)
        assert len(snapshot.rules) > len(base_rules())
        assert snapshot.version.startswith(f"0.{platform}.")
    assert len({plain(platform).version for platform in (None, *PLATFORMS)}) == 5


def test_the_same_rules_have_the_same_name_and_others_another() -> None:
    one = Overlay(rules=[OwnRule(id="H-1", terms=["老铁们"])])
    assert require_sound(one) == require_sound(one.model_copy(deep=True))
    assert book_of(None, one, 1).version == book_of(None, one, 1).version
    assert book_of(None, one, 1).version.split(".")[2] != book_of(None, NOTHING, 1).version.split(".")[2]
