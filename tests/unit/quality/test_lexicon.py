"""Rules against sentences: what must be found, however it is written, and what must not."""

import csv
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import SetupError
from backend.quality.layering import book_of, compiled, plain
from backend.quality.lexicon import RuleSnapshot, _inside
from backend.quality.overlay import Overlay, OwnRule, Phrase
from backend.quality.rulebook import RULES, RuleBook, rule_of

_DATA = Path(__file__).parent / "data"
_SNAPSHOT = plain(None)
_BY_PROGRAM = {"PII-001", "HF-005", "DEV-002", "PRI-010", "FAC-001", "FAC-004"}
#: What only a model says, of a text and a record together.
_BY_JUDGE = {"REC-fact", "REC-sum", "REC-offer", "REC-statement", "REC-other", "REC-banned"}
_SEEDS = [
    "全网最低价",
    "最好用的面霜",
    "国家级配方",
    "治疗脚气",
    "七天见效",
    "加微信领券",
    "销量第一",
    "零副作用",
    "顶级面料",
]


def _rules() -> list[dict[str, object]]:
    tables = (tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(RULES.glob("*.toml")))
    return [rule for table in tables for rule in table.get("rule", [])]


def _blocks(text: str) -> list[str]:
    return [finding.excerpt for finding in _SNAPSHOT.scan(text) if finding.severity == "block"]


@pytest.mark.parametrize(
    "rule", [rule for rule in _rules() if rule["id"] not in _BY_PROGRAM | _BY_JUDGE], ids=lambda rule: rule["id"]
)
def test_every_rule_finds_its_own_example(rule: dict[str, object]) -> None:
    assert _SNAPSHOT.check(str(rule["example"]))


def test_a_rule_of_the_judge_has_no_words_of_its_own_and_is_a_warning() -> None:
    found = [rule for rule in _SNAPSHOT.rules if rule.id.startswith("REC-")]
    assert {rule.id for rule in found} == _BY_JUDGE
    for rule in found:
        assert (rule.severity, rule.statutory, rule.terms, rule.patterns) == ("warn", False, (), ())


def test_at_most_one_term_in_a_hundred_is_swallowed_by_the_rules_own_exceptions() -> None:
    missed: list[str] = []
    total = 0
    for rule in _rules():
        verticals = rule["verticals"]
        assert isinstance(verticals, list)
        vertical = None if verticals[0] == "通用" else verticals[0]
        terms = rule["terms"]
        assert isinstance(terms, list)
        total += len(terms)
        missed += [term for term in terms if not _SNAPSHOT.scan(f"这款{term}，大家看看", vertical=vertical)]
    assert len(missed) <= total / 100, missed


def _traps() -> list[str]:
    with (_DATA / "traps.tsv").open(encoding="utf-8") as lines:
        return [row["text"] for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


@pytest.mark.parametrize("text", _traps())
def test_a_trap_is_not_flagged(text: str) -> None:
    assert not [(f.rule, f.excerpt) for f in _SNAPSHOT.scan(text) if f.severity in ("block", "fail", "warn")]


def test_ordinary_copy_is_not_blocked_and_hardly_warned_of() -> None:
    lines = (_DATA / "clean_sentences.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if _blocks(line)] == []
    warned = [line for line in lines if any(f.severity == "warn" for f in _SNAPSHOT.scan(line))]
    assert len(warned) <= len(lines) // 50, warned


@given(
    st.sampled_from(_SEEDS),
    st.sampled_from(["\u200b", " ", "-", "*", "❤️", "·", ".", "_", "\ufeff", "🌸", "~", "【"]),
    st.integers(1, 6),
)
def test_something_between_the_characters_does_not_hide_a_term(seed: str, between: str, at: int) -> None:
    at = min(at, 3)
    text = f"姐妹们，{seed[:at]}{between}{seed[at:]}，真的。"
    assert _SNAPSHOT.scan(text), text


@pytest.mark.parametrize(
    "text",
    [
        "蕞好用的面膜", "zui好用的锅", "全网zui低价", "z高级的配方", "国j级品质",
        "嘴好用的面霜", "zhi疗脚气", "治聊效果好",

        "這是頂級的", "第❶品牌", "Ｎｏ．１面膜", "加薇❤", "➕v领福利", "V信找我",
        "mei白精华", "祛ban精华", "无副做用", "1️⃣00%有效",
    ],
)  # fmt: skip
def test_a_disguised_term_is_found(text: str) -> None:
    assert _blocks(text), text


@pytest.mark.parametrize(
    "text",
    [
        "开关在侧面",
        "收身裙很好看",
        "没白买",
        "滋养肌肤",
        "质量很好",
        "包裹已发",
        "无地自容",
        "转运费",
        "修改运费",
        "打开盒子",
    ],
)
def test_a_homophone_or_a_word_border_is_no_hit(text: str) -> None:
    assert not _SNAPSHOT.scan(text)


@pytest.mark.parametrize(
    "text",
    [
        "它不能祛斑",
        "没有美白功效",
        "别加微信",
        "我不敢说最好的",
        "不能保证全网最低价",
        "全网最低这种话我不说",
        "我们不做全网最低价，只把做工讲明白",
        "顶级显瘦谈不上，日常穿没问题",
        "平台不让说最好的",
    ],
)
def test_a_negated_claim_is_no_claim(text: str) -> None:
    assert not _blocks(text)


@pytest.mark.parametrize("text", ["不仅治愈湿疹", "谁都不能不说它是最好的", "能不能祛斑？能！", "不是全国第一不敢来"])
def test_what_only_looks_like_a_negation_does_not_help(text: str) -> None:
    assert _blocks(text)


_ANY = st.text(st.sampled_from(list("最好用的全网低价第一治疗祛斑❤️\u200b 👍🏽，。微信加ＮO1顶級zui")), max_size=60)


@given(_ANY)
def test_every_excerpt_is_the_text_at_its_span(text: str) -> None:
    for finding in _SNAPSHOT.scan(text):
        start, end = finding.span
        assert finding.excerpt == text[start:end] != ""


def test_a_suggested_text_does_not_offend_again() -> None:
    for rule in _rules():
        replace = rule.get("replace", {})
        assert isinstance(replace, dict)
        for term, text in replace.items():
            assert not _blocks(f"这款{text}，大家看看"), (rule["id"], term, text)


def test_the_category_decides_which_rules_hold() -> None:
    assert [f.rule for f in _SNAPSHOT.scan("喝完不上头", vertical="白酒")] == ["ALC-001"]
    assert not _SNAPSHOT.scan("香味不上头", vertical="香水")


def test_a_tenants_own_terms_are_found_and_its_names_are_left_alone() -> None:
    overlay = Overlay(rules=[OwnRule(id="HOUSE", terms=["老铁"])], brands=[Phrase(text="顶级牧场")])
    snapshot = compiled(None, overlay, 1)
    assert [f.rule for f in snapshot.scan("老铁们好")] == ["HOUSE"]
    assert [f.severity for f in snapshot.scan("顶级牧场牛奶")] == ["info"]
    assert [f.severity for f in snapshot.scan("顶级牛奶")] == ["block"]
    assert snapshot.version != _SNAPSHOT.version == book_of(None).version


def test_wrong_rules_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError):
        RuleSnapshot.load(tmp_path)
    (tmp_path / "x.toml").write_text("[[rule]]\nid = 'X'\n", encoding="utf-8")
    with pytest.raises(SetupError):
        RuleSnapshot.load(tmp_path)


_RANGES = st.tuples(st.integers(0, 30), st.integers(1, 12)).map(lambda one: (one[0], one[0] + one[1]))


@given(st.lists(_RANGES, max_size=8), st.lists(_RANGES, min_size=1, max_size=8))
def test_a_range_is_inside_a_place_wherever_other_places_begin(
    places: list[tuple[int, int]], ranges: list[tuple[int, int]]
) -> None:
    starts, ends = np.array(ranges).T
    expected = [any(low <= start and end <= high for low, high in places) for start, end in ranges]
    assert _inside(places, starts, ends).tolist() == expected


def test_what_a_source_makes_a_warning_of_gives_way_to_the_graver_word_inside_it() -> None:
    told = {"category": "other", "title": "题", "basis": "据", "about": "事"}
    milder = rule_of({"id": "A", "severity": "block", "terms": ["甲乙丙丁戊"], "soften": ["据报"], **told})
    graver = rule_of({"id": "B", "severity": "fail", "terms": ["乙丙丁戊"], **told})
    rules = RuleSnapshot.of(RuleBook((milder, graver), "two"))
    assert [(one.rule, one.severity) for one in rules.scan("甲乙丙丁戊")] == [("A", "block")]
    assert [(one.rule, one.severity) for one in rules.scan("据报甲乙丙丁戊")] == [("B", "fail")]
