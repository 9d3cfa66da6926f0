"""What is underlined while a text is written is not taken back a clause later."""

from uuid import uuid4

from backend.graph.checking import Underlining
from backend.protocol.events import QualityFeedback
from backend.quality.draft import ScriptBrief
from backend.quality.lexicon import RuleSnapshot

RULES = RuleSnapshot.load()
BRIEF = ScriptBrief(
    scenario="selling_points", seconds=None, product=None, other_products=(), must_say=(), must_not_say=(), request=""
)


def told(text: str) -> list[QualityFeedback]:
    said: list[QualityFeedback] = []
    underlining = Underlining(RULES, BRIEF, uuid4(), said.append)
    for character in text:
        underlining.feed(character)
    return said


def test_half_a_sentence_implies_nothing() -> None:
    assert told("你可能也买过这类东西，到手才发现，不是自己想要的。") == []
    assert told("嘿，说的就是你，先别急着往下刷！") == []


def test_a_whole_one_does_at_its_end() -> None:
    [said] = told("落到使用上，妈妈戴女儿戴都行。")
    assert [finding.rule for finding in said.findings] == ["IMP-safe"]


def test_a_word_that_is_wrong_is_underlined_at_the_end_of_its_clause() -> None:
    first, *_ = told("这是全国第一的杯子，买过的都知道。")
    assert first.content == "这是全国第一的杯子，"
    assert first.verdict == "block"
