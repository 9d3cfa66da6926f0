"""What sentences imply: that it is pointed out, only warned of, and rarely where nothing is meant."""

import itertools

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


def test_where_a_rule_has_spoken_nothing_is_guessed() -> None:
    text = "隔壁大爷喝了两盒高血压就好了，现在健步如飞"
    assert not [one for one in _RULES.check(text) if one.rule.startswith("IMP-")]
    assert _RULES.check(text) == _RULES.scan(text) != []


@given(st.text(st.sampled_from(list("我妈喝了就好，。！？\n药 a1❤")), max_size=150))
def test_sentences_cover_the_text_in_order_and_are_short(text: str) -> None:
    folded = fold(text).text
    spans = list(implied.sentences_of(folded))
    assert all(low < high <= len(folded) and high - low <= 56 for low, high in spans)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    for finding in _RULES.check(text):
        assert finding.excerpt == text[slice(*finding.span)]
