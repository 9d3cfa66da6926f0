"""How the offline writer begins, whom it speaks to, and what it leaves unsaid of services and where people mourn."""

import re
from typing import Any

import pytest

from backend.llm.adapters.offline.asks import understand
from backend.llm.adapters.offline.compose import compose
from backend.llm.adapters.offline.phrases import kinds, script_lines
from backend.llm.adapters.offline.sheet import SCENARIOS, read_sheet

STOOL: dict[str, Any] = {
    "name": "竹里换鞋凳",
    "category": "家具",
    "price": 139,
    "points": [
        {"feature": "掀盖储物", "benefit": "拖鞋有地方放"},
        {"feature": "圆角凳面", "benefit": "磕到也不疼"},
    ],
}


def write(seed: int, **brief: Any) -> str:
    given = {"scenario": "opening", "seconds": 40, "product": STOOL, "host": {"name": "小满"}}
    return compose(read_sheet({**given, **brief}), seed)


def first(text: str) -> str:
    return re.split("[。！？\n]", text)[0] + text[len(re.split("[。！？\n]", text)[0])]


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        ("别用问句开头", "？"),
        ("开头不要提问", "？"),
        ("一上来就问问题，不要这样", "？"),
        ("别老拿反问开场", "？"),
        ("开头别喊家人们", "家人们"),
        ("第一句别说“朋友们”", "朋友们"),
    ],
)
@pytest.mark.parametrize("scenario", ["opening", "selling_points", "promotion", "seeding"])
def test_a_beginning_that_was_not_wanted_is_another(words: str, unwanted: str, scenario: str) -> None:
    style = ["活泼"] if unwanted != "？" else []
    plain = [first(write(seed, scenario=scenario, style=style)) for seed in range(12)]
    assert unwanted != "？" or any(unwanted in one for one in plain)
    for seed in range(12):
        assert unwanted not in first(write(seed, scenario=scenario, style=style, feedback=words)), words


def test_who_wants_the_name_or_a_question_first_gets_it() -> None:
    for seed in range(8):
        assert "竹里换鞋凳" in first(write(seed, scenario="selling_points", feedback="开头直接报产品名"))
        assert "？" in first(write(seed, feedback="开头用问句"))


def test_the_greeting_is_left_out_when_it_was_not_wanted() -> None:
    assert any("小满" in write(seed) for seed in range(8))
    assert not any("我是小满" in write(seed, feedback="开头别自我介绍") for seed in range(8))


def test_what_is_said_of_the_length_or_tone_of_a_beginning_is_no_shape() -> None:
    for words in ("开头再活泼一点", "开场太长", "开头可以更直接"):
        asks = understand(words)
        assert not {*asks.begin_without, *asks.begin_with, *asks.not_first}, words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("开头加上“今晚只讲这一把凳”", "今晚只讲这一把凳"),
        ("开头提一下赠品和价格", "139"),
        ("开头提一下产品名和价格", "139"),
    ],
)
def test_what_else_is_wanted_at_the_beginning_is_said(words: str, said: str) -> None:
    for seed in range(8):
        assert said in write(seed, scenario="opening", seconds=20, feedback=words), words


def test_what_is_not_to_be_forgotten_or_is_a_trouble_is_no_shape() -> None:
    for words in ("开头别忘了打招呼", "开头要讲一个换季紧绷的问题", "开头加上“大家好，我是小雅”"):
        asks = understand(words)
        assert not {*asks.begin_without, *asks.begin_with, *asks.not_first}, words
    assert understand("一上来就打招呼，不要这样").begin_without == {"greeting"}


@pytest.mark.parametrize(
    ("audience", "called"),
    [
        (["租房党"], "租房党们"),
        (["敏感肌"], "敏感肌的朋友"),
        (["老人"], "家里有老人的朋友"),
        (["健身人群"], "健身的朋友"),
        (["新手妈妈", "二胎家庭"], "新手妈妈们"),
    ],
)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_those_for_whom_it_is_wanted_are_spoken_to(audience: list[str], called: str, scenario: str) -> None:
    for seed in range(3):
        assert called in write(seed, scenario=scenario, seconds=60, audience=audience)
        assert called not in write(seed, scenario=scenario, seconds=60)


def test_who_is_ill_is_not_called_by_it() -> None:
    for word in ("糖尿病人", "高血压患者", "孕妇"):
        assert word not in write(1, audience=[word], seconds=60)


def _service(name: str, category: str, feature: str, benefit: str) -> dict[str, Any]:
    return {"name": name, "category": category, "price": 199, "points": [{"feature": feature, "benefit": benefit}]}


SERVICES = [
    _service("净居深度保洁", "家政服务", "两人上门", "半天做完"),
    _service("少儿书法训练营", "教育培训", "六人小班", "看得到每一笔"),
    _service("山野摄影双人写真", "摄影", "精修九张", "拿去就能用"),
]


@pytest.mark.parametrize("service", SERVICES, ids=lambda one: one["name"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_of_a_service_nothing_is_said_that_only_things_have(service: dict[str, Any], scenario: str) -> None:
    for seed in range(5):
        text = write(seed, scenario=scenario, product=service, seconds=50)
        found = re.findall("快递|包装|带回家|规格|收到货|库存|拿近|尺寸|用得完|送礼|地址|手边", text)
        assert not found, text


@pytest.mark.parametrize("name", ["松鹤骨灰盒", "清明祭祀套装香烛", "福缘寿衣七件套"])
@pytest.mark.parametrize("style", ["活泼", "幽默", "紧迫"])
def test_where_people_mourn_nothing_is_funny_and_nothing_hurries(name: str, style: str) -> None:
    goods = {"name": name, "category": "殡葬用品", "price": 680, "points": [{"feature": "檀木料", "benefit": ""}]}
    for scenario in SCENARIOS:
        for seed in range(3):
            text = write(seed, scenario=scenario, product=goods, style=[style], seconds=40)
            assert not re.findall("！|开心|心动|家人们|喜欢|想要|囤|惊喜|猜|抢|送礼|带回家|购物车里|逛", text), text


def test_the_lines_claim_nothing_of_the_weather_the_hour_or_the_crowd() -> None:
    every = [form for slot in script_lines().values() for line in slot for form in line.forms()]
    every += [form for kind in kinds() for slot in kind.lines.values() for line in slot for form in line.forms()]
    claimed = re.compile(
        "今天有点|刚开播|人不多|晚饭吃了没|一大半人|很多朋友(?:会问|关心)|很多人会问|老粉应该|问题问得好的朋友不少"
    )
    assert [form for form in every if claimed.search(form)] == []
