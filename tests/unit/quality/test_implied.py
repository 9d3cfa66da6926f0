"""What sentences imply: that it is pointed out, only warned of, and rarely where nothing is meant."""

import itertools
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.quality import implied
from backend.quality.layering import plain
from backend.quality.normalize import fold
from tests.support import train_implied

_RULES = plain(None)


def test_each_label_has_a_rule_and_finds_its_example() -> None:
    labels = set(implied.weights().labels) - {implied.CLEAN}
    rules = {rule.id.removeprefix("IMP-"): rule for rule in _RULES.rules if rule.id.startswith("IMP-")}
    assert rules.keys() == labels
    assert {rule.severity for rule in rules.values()} == {"warn"}


def test_the_weights_are_of_these_lessons() -> None:
    line = implied.FILE.read_text(encoding="utf-8").splitlines()[1]
    assert line == f"# of\t{train_implied.source_hash()}", "run python -m tests.support.train_implied"


def test_a_story_of_a_cure_is_warned_of_at_its_place() -> None:
    text = "来看这个杯子，五百毫升。我婆婆腰疼了十几年，用了半个月，现在天天跳舞。颜色有三种。"
    (finding,) = [one for one in _RULES.check(text) if one.rule.startswith("IMP-")]
    assert (finding.rule, finding.severity) == ("IMP-effect", "warn")
    assert finding.excerpt == "我婆婆腰疼了十几年，用了半个月，现在天天跳舞"


def test_any_maker_is_one_sign() -> None:
    assert "#maker" in implied.features("科沃斯的我也拆过")
    assert "#maker" not in implied.features("这裙子挺美的，小米粥也香")


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("guarantee", "三十天头发不长，我双份退你，说到做到"),
        ("fear", "哪天老人真倒下了，你花多少钱也换不回来"),
        ("figure", "据统计，每十个妈妈里有九个给孩子选我们"),
    ],
)
def test_promised_results_threats_and_figures_without_a_source_are_warned_of(label: str, text: str) -> None:
    assert [one.rule for one in _RULES.check(text)] == [f"IMP-{label}"]


@pytest.mark.parametrize(
    "text",
    [
        "坏了包赔，拍张照片找客服就行，不用跟我解释",
        "保修一年，正常用坏的免费修，摔的泡水的收配件钱",
        "近三十天本店卖了四千多件，后台截图在这",
        "老人起夜留盏灯，走路慢点，它只是多一道",
        "孩子踮着脚去够台面上的杯子，我赶紧扶住",
        "我原来用的是戴森，挺好的，这次家里多添一台",
    ],
)
def test_what_honest_sellers_say_in_the_same_words_is_left_alone(text: str) -> None:
    assert [one.rule for one in _RULES.check(text) if one.rule.startswith("IMP-")] == []


def test_where_a_rule_has_spoken_nothing_is_guessed() -> None:
    text = "隔壁大爷喝了两盒高血压就好了，现在健步如飞"
    assert not [one for one in _RULES.check(text) if one.rule.startswith("IMP-")]
    assert _RULES.check(text) == _RULES.scan(text) != []


_SENTENCES = sorted({
    folded[low:high]
    for lesson in train_implied.lessons()[::7]
    for folded in [fold(lesson.text).text]
    for low, high in implied.sentences_of(folded)
})  # fmt: skip


@given(st.lists(st.sampled_from(_SENTENCES) | st.text(st.characters(exclude_characters="\n"), min_size=1), min_size=1))
def test_sentences_are_weighed_together_as_each_by_itself(sentences: list[str]) -> None:
    known = implied.weights()
    for sentence, values in zip(sentences, known.values(sentences), strict=True):
        rows = [known.rows[known.places[one]] for one in implied.features(sentence) if one in known.places]
        summed = sum(row.astype(int) for row in rows)
        expected = summed * (implied.STEP * implied.scale(len(rows))) + known.rows[0] * implied.STEP
        assert values.tolist() == expected.tolist()


def test_every_figure_is_written_the_same_way() -> None:
    figures = "".join(filter(str.isdigit, map(chr, range(sys.maxunicode + 1))))
    assert set(implied._plain(figures)) == {"0"}
    assert implied._plain("一⒈➊½半㊀Ⅷ") == "一00½半㊀Ⅷ"


@given(st.text(st.sampled_from(list("我妈喝了就好，。！？\n药 a1❤")), max_size=150))
def test_sentences_cover_the_text_in_order_and_are_short(text: str) -> None:
    folded = fold(text).text
    spans = list(implied.sentences_of(folded))
    assert all(low < high <= len(folded) and high - low <= 56 for low, high in spans)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    for finding in _RULES.check(text):
        assert finding.excerpt == text[slice(*finding.span)]
