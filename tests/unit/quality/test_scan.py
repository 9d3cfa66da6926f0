"""The quick scan finds what the slow one finds, to the last span and word, whatever lies over our rules."""

import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.quality.layering import book_of, compiled, plain
from backend.quality.lexicon import RuleSnapshot
from backend.quality.overlay import Adjustment, Overlay, OwnRule, Phrase
from backend.quality.rulebook import RuleBook, base_rules, rule_of
from backend.quality.sound import _syllable
from backend.quality.strings import _CHUNK
from tests.support.slow_scan import slow_scan, told

_EVAL = Path(__file__).parents[2] / "eval"
_GRAVER = next(rule.id for rule in base_rules() if rule.severity == "warn" and any(len(one) == 2 for one in rule.terms))
_OVERLAY = Overlay(
    rules=[
        OwnRule(id="H-1", terms=["家人们", "老铁", "最好"], patterns=["限时.{0,4}秒杀"]),
        OwnRule(id="H-2", severity="warn", terms=["宝子们", "开抢"], allow=["开抢前"]),
    ],
    adjustments=[
        Adjustment(rule=_GRAVER, severity="block"),
        *(
            Adjustment(rule=rule.id, severity=severity, reason="法务已经核实")
            for rule, severity in zip(base_rules()[::9], ("warn", "block", "off", "info"), strict=False)
        ),
    ],
    allow=[Phrase(text="全网最低价", reason="有凭证"), Phrase(text="好用", reason="口头语")],
    brands=[Phrase(text="国家级", reason="注册名"), Phrase(text="最好", reason="注册名")],
)
_TERMS = sorted({term for rule in base_rules() for term in rule.terms})


@cache
def _layers() -> list[tuple[RuleSnapshot, RuleBook]]:
    return [(plain(None), book_of(None)), (compiled("douyin", _OVERLAY, 1), book_of("douyin", _OVERLAY, 1))]


def _sentences(name: str) -> list[str]:
    lines = (_EVAL / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines if line.startswith("{")]


@pytest.mark.parametrize("name", ["compliance.jsonl", "compliance_fresh.jsonl"])
@pytest.mark.parametrize("layer", [0, 1], ids=["ours", "overlay"])
def test_the_sets_are_scanned_as_the_slow_way_scans_them(name: str, layer: int) -> None:
    snapshot, book = _layers()[layer]
    sentences = _sentences(name)
    for at in range(0, len(sentences), 40):
        text = "\n".join(sentences[at : at + 40])
        assert told(snapshot.scan(text)) == told(slow_scan(text, book))


def _hidden() -> st.SearchStrategy[str]:
    """Terms with some characters spelled out, shortened to a letter, or with something between."""

    def hide(term: str, ways: list[int]) -> str:
        put = ("{0}", "{1}", "{2}", "{0}", "{0}.", "{0} ")
        return "".join(
            put[way].format(char, _syllable(char), _syllable(char)[:1]) for char, way in zip(term, ways, strict=False)
        )

    return st.builds(hide, st.sampled_from(_TERMS), st.lists(st.integers(0, 5), min_size=12, max_size=12))


def _mixtures() -> st.SearchStrategy[str]:
    pieces = st.one_of(
        _hidden(),
        st.sampled_from(_TERMS),
        st.sampled_from(_sentences("compliance.jsonl")),
        st.sampled_from(
            ["不能说", "别", "从来不说", "能不能", "这种话我不敢说", "，", "。", "\n", "？能，", "据报告", "好用"]
        ),
        st.sampled_from(["家人们", "老铁", "限时一秒秒杀", "开抢前", "全网最低价", "国家级", "白酒", "面膜", "薇❤️信"]),
        st.text(st.sampled_from(list("的了就都会最好第一国级zhaoxinvV1０①Ａ 　臺")), max_size=6),
    )
    return st.lists(pieces, max_size=9).map("".join)


@settings(max_examples=60)
@given(_mixtures(), st.sampled_from([None, "面膜", "白酒", "保健食品"]), st.integers(0, 1))
def test_mixtures_are_scanned_as_the_slow_way_scans_them(text: str, vertical: str | None, layer: int) -> None:
    snapshot, book = _layers()[layer]
    assert told(snapshot.scan(text, vertical=vertical)) == told(slow_scan(text, book, vertical))


@settings(max_examples=60)
@given(_mixtures(), st.integers(1, 60))
def test_no_finding_depends_on_where_a_long_text_is_cut(text: str, before: int) -> None:
    begin = "。" * (_CHUNK - before)
    moved = [
        (rule, severity, (span[0] + len(begin), span[1] + len(begin)), *rest)
        for rule, severity, span, *rest in told(plain(None).scan("。" + text))
    ]
    assert [tuple(one) for one in told(plain(None).scan(begin + "。" + text))] == moved


_SIGNS = st.text(st.sampled_from("甲乙丙丁"), min_size=1, max_size=5)


def _small_rules() -> st.SearchStrategy[dict[str, object]]:
    """Rules over four characters: nearly all that they name lies inside or across something else they name."""
    return st.fixed_dictionaries(
        {
            "severity": st.sampled_from(["block", "fail", "warn", "info"]),
            "terms": st.lists(_SIGNS, min_size=1, max_size=4),
            "warn_terms": st.lists(_SIGNS, max_size=2),
            "patterns": st.lists(_SIGNS.map(lambda signs: f"{signs[0]}.?{signs[-1]}"), max_size=2),
            "allow": st.lists(_SIGNS.map(lambda signs: f"{signs}戊"), max_size=1),
            "soften": st.sampled_from([[], ["据"], ["甲甲"]]),
        }
    )


@settings(max_examples=80)
@given(
    st.lists(_small_rules(), min_size=2, max_size=5),
    st.lists(st.sampled_from([*"甲乙丙丁甲乙丙丁", "戊", "据", "，", "。", "不能", " "]), max_size=24).map("".join),
)
def test_of_what_lies_in_each_other_the_same_is_kept_as_when_all_of_it_is_asked_about(
    tables: list[dict[str, object]], text: str
) -> None:
    told_of = {"category": "absolute", "title": "题", "basis": "据", "about": "事"}
    book = RuleBook(tuple(rule_of({"id": f"R-{at}", **told_of, **one}) for at, one in enumerate(tables)), "small")
    assert told(RuleSnapshot.of(book).scan(text)) == told(slow_scan(text, book))


def test_overlays_share_what_is_compiled_of_our_rules() -> None:
    ours, laid_over = (snapshot for snapshot, _ in _layers())
    assert laid_over._search.layers[0][0] is ours._search.layers[0][0]
    own = laid_over._search.layers[1][0]
    assert len(own.sweep.owners) < 200


def test_what_a_tenant_makes_graver_is_heard_from_then_on() -> None:
    """Short words that are only warned of are not searched by sound; as soon as they block they are."""
    for rule in base_rules():
        short = [one for one in rule.terms if len(one) == 2 and one not in rule.mild and one not in rule.weak]
        if rule.severity == "block" or not short or rule.category == "evasion":
            continue
        overlay = Overlay(adjustments=[Adjustment(rule=rule.id, severity="block")])
        snapshot, book = compiled(None, overlay, 1), book_of(None, overlay)
        text = "，".join(f"{_syllable(one[0])}{one[1]}" for one in short[:8])
        assert told(snapshot.scan(text)) == told(slow_scan(text, book))
        if any(one.rule == rule.id for one in snapshot.scan(text)):
            return
    pytest.fail("no rule to try it on")


def test_a_rule_that_a_tenant_switched_off_says_nothing() -> None:
    """Our rules are compiled once for everybody: who switched one off must not hear it through what others share."""
    silent = [rule for rule in base_rules() if not rule.statutory and rule.terms]
    overlay = Overlay(adjustments=[Adjustment(rule=one.id, severity="off", reason="不适用") for one in silent])
    snapshot, book = compiled(None, overlay, 1), book_of(None, overlay)
    assert snapshot._search.layers[0][0] is plain(None)._search.layers[0][0]
    text = "。".join(term for rule in silent for term in rule.terms[:3])
    off = {rule.id for rule in silent}
    assert off & {finding.rule for finding in plain(None).scan(text)}
    assert not off & {finding.rule for finding in snapshot.scan(text)}
    assert told(snapshot.scan(text)) == told(slow_scan(text, book))


@pytest.mark.parametrize("letters", ["jx", "xj", "j2", "2j", "j"])
def test_a_letter_in_a_word_stands_for_no_character(letters: str) -> None:
    found = {one.excerpt for one in plain(None).scan(f"国{letters}级")}
    assert found == ({"国j级"} if letters == "j" else set())


def test_every_excuse_is_a_pattern() -> None:
    for rule in base_rules():
        assert (rule.excuse is None) == (not rule.allow and not rule.evidence)
        if rule.excuse is not None:
            rule.excuse.compiled()
