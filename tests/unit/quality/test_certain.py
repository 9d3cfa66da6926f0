"""A fact's word holds a text up only where it is certainly told of the goods; in doubt a person looks."""

from typing import Any

import pytest

from backend.quality.rubric import ScriptBrief, review
from tests.unit.quality.test_lexicon import _SNAPSHOT

_SHEETS: dict[str, Any] = {
    "name": "长绒棉四件套", "category": "家纺", "price": 299,
    "facts": {"材质": "100%棉", "支数": "60支", "洗涤": "不可水洗枕芯，不可机洗", "香精": "不添加"},
}  # fmt: skip
_BLOCKS: dict[str, Any] = {
    "name": "榉木积木", "category": "玩具", "price": 99,
    "facts": {"数量": "大块2个、小块4个、圆柱1个", "适用年龄": "3到8岁", "材质": "榉木", "提示": "含小零件"},
}  # fmt: skip
_POWDER: dict[str, Any] = {
    "name": "乳清蛋白粉", "category": "食品", "price": 198,
    "facts": {"食用方法": "每日2次，每次10克", "糖度": "3到5度", "勺": "附量勺，不含摇摇杯", "页数": "说明书24页"},
}  # fmt: skip
_ORANGE: dict[str, Any] = {
    "name": "脐橙", "category": "水果", "price": 45,
    "facts": {"产地": "江西信丰", "处理": "不打蜡", "糖度": "12到14度"},
}  # fmt: skip
_BUDS: dict[str, Any] = {
    "name": "蓝牙耳机", "category": "数码", "price": 149,
    "facts": {"降噪": "无主动降噪", "防水": "不防水", "颜色": "白、灰"},
}  # fmt: skip


def found(
    text: str, product: dict[str, Any], scenario: str = "promotion", others: tuple[str, ...] = ()
) -> dict[str, str]:
    brief = ScriptBrief(
        scenario=scenario,
        seconds=None,
        product=product,
        other_products=others,
        must_say=(),
        must_not_say=(),
        request="",
    )
    report = review(text, brief, _SNAPSHOT)
    gravest = sorted(report.findings, key=lambda one: ("info", "warn", "fail", "block").index(one.severity))
    return {one.rule: one.severity for one in gravest if one.severity != "info"}


def facts(text: str, product: dict[str, Any]) -> set[str]:
    told = found(f"来看{product['name']}。{text}。点下方链接下单。", product)
    return {severity for rule, severity in told.items() if rule.startswith("FAC")}


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("含小零件，三岁以下别玩", _BLOCKS),
        ("一盒七个，大的两个，小的四个，圆柱一个", _BLOCKS),
        ("孩子搭的时候，大人也能陪着玩", _BLOCKS),
        ("每日两次，每次十克，一天20克", _POWDER),
        ("一天三顿饭照常吃", _POWDER),
        ("一罐能喝两个月", _POWDER),
        ("纯棉的，贴着睡", _SHEETS),
        ("你家现在铺的是竹纤维还是涤纶？", _SHEETS),
        ("皮上没打过蜡", _ORANGE),
    ],
)
def test_what_the_record_bears_out_in_other_words_is_let_be(text: str, product: dict[str, Any]):
    assert facts(text, product) == set()


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("喜欢挺括的，也许四十支更合你心意", _SHEETS),
        ("一烧就缩成硬疙瘩的，那是化纤", _SHEETS),
        ("家里孩子要是才两岁，先别买", _BLOCKS),
    ],
)
def test_a_case_that_is_put_holds_nothing_up(text: str, product: dict[str, Any]):
    assert "block" not in facts(text, product)


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("这套是八十支的", _SHEETS),
        ("甩干就能晾，我家都是快洗", _SHEETS),
        ("里头专门加了玫瑰香精", _SHEETS),
        ("甜到二十度往上走", _ORANGE),
        ("出园前拿果蜡擦了一遍", _ORANGE),
        ("烟台海边我们自家园子里的果子", _ORANGE),
        ("整本说明书八十页", _POWDER),
        ("戴上外面的动静全没了", _BUDS),
        ("雨点砸上去往下滚，不怕", _BUDS),
        ("外壳是墨绿色的", _BUDS),
        ("那个摇摇杯，也一并给您装进箱子", _POWDER),
    ],
)
def test_what_is_told_by_how_it_is_done_is_found(text: str, product: dict[str, Any]):
    assert facts(text, product)


@pytest.mark.parametrize(
    ("scenario", "severity"),
    [("promotion", "fail"), ("closing", "fail"), ("full", "fail"), ("selling_points", None), ("seeding", None)],
)
def test_only_texts_that_have_to_end_in_a_call_to_act_fail_without_one(scenario: str, severity: str | None):
    text = "棉柔软，脐橙甜，这箱十斤。汁水多，皮薄。一家人吃着正好。今天的太阳也好。"
    assert found(text, _ORANGE, scenario).get("Q06") == severity


def test_a_closing_that_only_says_goodbye_is_warned_of():
    assert (
        found("脐橙就讲到这儿。十斤一箱。嗓子哑了。大家早点睡，下一场老时间见。", _ORANGE, "closing")["Q06"] == "warn"
    )


@pytest.mark.parametrize(
    "text", ["要两箱的拍第二个选项。", "手指头点一下，带一箱回家！", "要大果的选左边，要小果的选右边那个。"]
)
def test_how_people_say_where_to_click_is_a_call_to_act(text: str):
    assert "Q06" not in found(f"脐橙，十斤一箱，现摘现发。{text}", _ORANGE)


def test_a_name_that_is_never_said_holds_nothing_up():
    assert found("这玩意儿切开就飙汁。信丰的。十斤一箱。点下方链接下单。", _ORANGE)["Q07"] == "warn"


@pytest.mark.parametrize(
    ("text", "named"),
    [("寿眉，叶子大。这块饼您看", True), ("这饼您看", False), ("白茶饼来了", True)],
)
def test_a_word_of_the_name_and_what_it_ends_in_name_the_goods(text: str, named: bool):
    tea = {"name": "2021年寿眉白茶饼", "category": "茶", "price": 128}
    assert ("Q07" not in found(f"{text}。点下方链接下单。", tea)) is named
    # Where goods are only described, they are mostly shown: no more than a remark.
    assert "Q07" not in found(f"{text}。点下方链接下单。", tea, "selling_points")


@pytest.mark.parametrize(("text", "severity"), [("爱起皮的先抹润唇膏", "warn"), ("咱这支润唇膏很润", "block")])
def test_a_noun_that_another_product_ends_in_may_be_any_such_thing(text: str, severity: str):
    lips = {"name": "豆沙唇釉", "category": "彩妆", "price": 69}
    assert found(f"豆沙唇釉来了。{text}。点下方链接下单。", lips, others=("草莓润唇膏",))["Q07"] == severity


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("嘴干的时候先打一层润唇膏", "warn"),
        ("别跟润唇膏挤一个袋子", "warn"),
        ("和润唇膏一起放包里", "warn"),
        ("润唇膏到手六十九", "block"),
        ("这支润唇膏来了", "block"),
    ],
)
def test_another_sort_of_goods_may_lie_beside_these(text: str, severity: str):
    lips = {"name": "豆沙唇釉", "category": "彩妆", "price": 69}
    assert found(f"豆沙唇釉来了。{text}。点下方链接下单。", lips, others=("润唇膏",))["Q07"] == severity


@pytest.mark.parametrize(
    ("text", "unit", "held"),
    [
        ("库存只剩最后二十口了", "个", True),
        ("现在只剩二十口", "口", True),
        ("壶里还剩一口，喝完就下", "个", False),
        ("现场还剩五口没尝", "包", False),
        ("仓库里只剩三架", "架", True),
    ],
)
def test_counters_of_much_else_count_the_stock_where_the_record_or_a_word_says_so(text: str, unit: str, held: bool):
    pot = {"name": "陶瓷砂锅", "category": "厨具", "price": 118, "unit": unit, "stock": 500}
    assert ("PRI-005" in found(f"陶瓷砂锅来了。{text}。点下方链接下单。", pot)) is held


def test_counting_aloud_is_no_list():
    rope = {"name": "跳绳", "category": "运动", "price": 29}
    assert "Q11" not in found("一、二、三，跳起来。跳绳来了。点下方链接下单。", rope)
    assert "Q11" in found("一、跳绳轻\n二、手柄稳\n点下方链接下单。", rope)


def test_what_a_semicolon_parts_is_no_cure():
    thread = {"name": "十字绣", "category": "手工", "price": 39}
    assert "MED-002" not in found("十字绣来了，数到头晕；线按色号分好了。点下方链接下单。", thread)
    assert "MED-002" in found("十字绣来了，绣着绣着头晕好了。点下方链接下单。", thread)


def test_brackets_of_the_record_are_no_placeholder():
    pills = {"name": "钙片", "category": "食品", "price": 88, "facts": {"广告批准文号": "苏食健广审（文）第251131号"}}
    assert "Q12" not in found("钙片来了，苏食健广审（文）第251131号。点下方链接下单。", pills)
    assert "Q12" in found("钙片来了，（名字）第一号。点下方链接下单。", pills)


_BANK: dict[str, Any] = {
    "name": "充电宝", "category": "数码", "price": 89, "unit": "个",
    "facts": {"电池容量": "10000毫安时（37瓦时）", "防水性": "不具备防水功能", "面料": "亚麻55%、棉45%"},
}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "没超过一百瓦时，能带上飞机",
        "5000毫安时的手机能充一次多",
        "它不具备防水功能，淋了雨要擦干",
        "摸着没有纯棉那么服帖",
    ],
)
def test_bounds_and_other_peoples_things_hold_nothing_up(text: str) -> None:
    assert facts(text, _BANK) <= {"warn"}


@pytest.mark.parametrize("text", ["电池容量15000毫安时", "它能防水，淋了雨照用", "纯棉的，亲肤"])
def test_what_is_said_of_the_goods_themselves_does(text: str) -> None:
    assert facts(text, _BANK) == {"block"}


@pytest.mark.parametrize("text", ["三瓶给你算99", "两瓶一起拍给你们59", "四瓶只收88"])
def test_a_price_without_its_unit_is_a_price(text: str) -> None:
    told = found(
        f"来看洗发水，45块。{text}，点下方链接下单。", {"name": "洗发水", "price": 45, "unit": "瓶", "facts": {}}
    )
    assert "PRI-010" in told


def test_pieces_of_what_is_sold_by_the_piece_are_no_money() -> None:
    board = {
        "name": "砧板", "price": 49, "unit": "块", "price_ladder": [{"quantity": 2, "total": 88}], "facts": {},
    }  # fmt: skip
    assert "PRI-010" not in found("来看砧板，一块49，两块88，两块还省10块。点下方链接下单。", board)
    assert "PRI-010" in found("来看砧板，一块49，两块一共78元。点下方链接下单。", board)
