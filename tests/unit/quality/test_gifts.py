"""What is counted beside a price: matters, words, feelings, time and work are no gifts; goods are."""

import pytest

from backend.quality.draft import ScriptBrief
from backend.quality.lexicon import RuleSnapshot
from backend.quality.matters import is_matter
from backend.quality.rubric import review

_RULES = RuleSnapshot.load()
_CUP = {
    "name": "沐野随行保温杯",
    "category": "水杯",
    "price": 89,
    "gifts": ["杯刷1支"],
    "facts": {"内胆材质": "316不锈钢"},
}
_MATTERS = """
还有一件事要说，杯盖能拆。
还有两件事要讲。
还有一份心意，谢谢你们。
还有一份牵挂在里面。
另外一个要紧的事，别买错颜色。
还有三个步骤教给你们。
还有一个好消息要公布。
再加一份安心，七天无理由。
还有一句话想说。
还有两个细节没讲。
还有一个小窍门，温水先涮一遍。
还有半个钟头就下播了。
还有一个下午可以考虑。
还有一份歉意要说，昨天断了货。
今天带一个话题来聊。
还有一个环节没走完。
另外一个角度看，它也省地方。
还有两个颜色可以挑。
还有一份底气，就是这张检测报告。
还有一个疑问很多人提。
再加一份仪式感。
一起有个约定，好不好？
还有一个原因，它轻。
还有一个答案没揭晓。
我有一个不成熟的想法。
还有三个尺码没报。
还有一份责任在我们身上。
今天有两个任务，先把这个讲透。
还有一个活动规则要念。
送你们一份祝福，平平安安。
还有一个重头戏在后面。
还有一份踏实，是售后给的。
带两个问题来，咱们慢慢答。
另外还有一个习惯，回家先开盖。
还有一个对比实验要做。
还有一个坎儿要过。
今天给大家一份安全感。
还有一个彩蛋，待会讲。
还有一份热乎劲儿。
有一个误会，我得解释。
还有一份快乐，是手里捧着它。
"""
#: Written when the list of nouns was done: what it does not know is at most a question to a person.
_UNLISTED = """
还有一个疙瘩想解开。
还有一份体谅给到客服小妹。
还有两桩小事提一嘴。
还有一个插曲，昨天断电了。
再有一个知识点划一下。
还有一份叮咛，烫手别直接喝。
还有一个礼拜就降温了。
另外一个现实是天越来越冷。
还有半个月就过年。
还有一份默契在。
还有一个小插播。
还有一份信念撑着我们。
还有一个小请求，点个关注。
再加一份勇气。
还有两个章程得讲。
还有一份骄傲，是国产。
还有一个环节叫开箱。
还有一个大前提，别放微波炉。
还有一份惦念。
还有两个套路别上当。
"""
_GIFTS = """
还有一个帆布袋。
还有一副隔热手套。
另外两包湿巾。
再加一条毛巾。
下单配一个杯套。
还送一本故事书。
送你们一盒点心。
一张防滑垫跟着走。
带一个数据线。
还有一瓶护手霜。
再送一件工作服。
还有一个节能灯。
赠一份年历。
搭一只手提袋。
给大家一包试用装。
送一个电话手表。
还有三片面膜。
附一个心意杯。
外加一把开瓶器。
"""


def _about_gifts(said: str) -> list[str]:
    brief = ScriptBrief("selling_points", None, _CUP, [], [], [], "")
    report = review(f"沐野随行保温杯，到手八十九元。{said}", brief, _RULES)
    return [one.severity for one in report.findings if one.rule == "FAC-004"]


@pytest.mark.parametrize("said", _MATTERS.split())
def test_a_matter_is_no_gift(said: str) -> None:
    assert _about_gifts(said) == []


@pytest.mark.parametrize("said", _UNLISTED.split())
def test_what_may_be_no_thing_holds_nothing_up(said: str) -> None:
    assert "block" not in _about_gifts(said)


@pytest.mark.parametrize("said", _GIFTS.split())
def test_goods_that_the_record_does_not_give_are_found(said: str) -> None:
    assert "block" in _about_gifts(said)


@pytest.mark.parametrize(
    "thing", ["故事书", "心意杯", "工作服", "电话手表", "数据线", "背心", "年历", "故事听书机", "节能灯"]
)
def test_goods_named_after_a_matter_are_goods(thing: str) -> None:
    assert not is_matter(thing)
