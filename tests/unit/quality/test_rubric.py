"""Whole scripts: a good one passes, and each planted defect is found by its own check."""

from dataclasses import replace
from typing import Any

import pytest

from backend.quality.layering import plain
from backend.quality.regulated import unproven
from backend.quality.rubric import UNAPPROVED, QualityReport, ScriptBrief, review

_RULES = plain(None)
_CUP: dict[str, Any] = {
    "name": "膳魔师真空保温杯500ml",
    "brand": "膳魔师",
    "category": "保温杯",
    "price": 129,
    "list_price": 199,
    "stock": 200,
    "gifts": ["杯刷1个"],
    "points": [
        {"feature": "316不锈钢内胆", "benefit": "泡茶泡果汁不串味", "proof": "检测报告在详情页"},
        {"feature": "保温12小时", "benefit": "早上灌热水晚上还是热的"},
        {"feature": "一键开盖", "benefit": "单手就能喝"},
    ],
    "facts": {"容量": "500ml", "材质": "316不锈钢", "保温时长": "12小时", "产地": "江苏昆山"},
}
_BRIEF = ScriptBrief(
    scenario="selling_points",
    seconds=None,
    product=_CUP,
    other_products=["卫龙辣条"],
    must_say=(),
    must_not_say=(),
    request="给小雅的直播间写一段保温杯的卖点介绍，活泼一点",
)
_GOOD = (
    "早上出门灌一杯热水，到了下午还是烫的，你试过吗？今天这款膳魔师保温杯，内胆用的是316不锈钢，泡茶泡果汁都不串味，检测报告就在详情页。"
    "它能保温十二小时，早上七点灌进去，晚上加班还能喝口热的。杯盖是一键开盖，单手就能喝，开车通勤都方便。容量五百毫升，放包里不占地方。"
    "日常价199，今天直播间129，两个一共258，还送你一个杯刷。你们平时是泡茶还是泡咖啡？评论区告诉我。"
    "喜欢的朋友点下方购物车一号链接，直接拍就可以。"
)


def _report(text: str = _GOOD, **changes: Any) -> QualityReport:
    return review(text, replace(_BRIEF, **changes), _RULES)


def _failed(report: QualityReport) -> set[str]:
    return {check.id for check in report.checks if not check.passed}


def test_a_good_script_passes_every_check() -> None:
    report = _report()
    assert (report.verdict, report.score, report.findings) == ("pass", 100, [])
    assert [check.id for check in report.checks] == [f"Q{number:02}" for number in range(1, 21)]
    assert report.rules_version == _RULES.version


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        ("129", "119", "Q03"),
        ("一共258", "一共248", "Q03"),
        ("日常价199", "日常价299", "Q03"),
        ("直播间129", "直播间一百三十九块", "Q03"),
        ("316不锈钢", "304不锈钢", "Q05"),
        ("五百毫升", "八百毫升", "Q05"),
        ("十二小时", "二十四小时", "Q05"),
        ("一个杯刷", "一个吸管", "Q05"),
        ("一个杯刷", "三个杯刷", "Q05"),
        ("容量", "日本原装进口，容量", "Q05"),
        ("膳魔师保温杯", "卫龙辣条", "Q07"),
        ("早上出门", "好的，以下是为您撰写的话术：早上出门", "Q08"),
        ("直接拍就可以。", "直接拍就可", "Q09"),
        ("今天这款", "**今天**这款", "Q11"),
        ("今天这款", "（拿起杯子展示给镜头）今天这款", "Q11"),
        ("今天这款", "今天这款😀", "Q11"),
        ("直播间129", "直播间XX元", "Q12"),
        ("膳魔师保温杯", "膳魔师保温杯【产品名】", "Q12"),
        ("还送你", "只剩最后20个了，还送你", "Q18"),
        ("它能", "全网最低价，它能", "Q20"),
    ],
)
def test_a_planted_defect_is_found_by_its_check(old: str, new: str, check: str) -> None:
    assert old in _GOOD
    report = _report(_GOOD.replace(old, new, 1))
    assert check in _failed(report)
    assert report.verdict != "pass"
    assert report.score < 100


def test_every_excerpt_is_the_text_at_its_span() -> None:
    text = "👨‍👩‍👧全網❤️最低價119元，" + _GOOD.replace("五百毫升", "八百毫升")
    findings = _report(text).findings
    assert len(findings) >= 4
    for finding in findings:
        assert finding.excerpt == text[slice(*finding.span)]


@pytest.mark.parametrize(
    "said",
    [
        "立省70块",
        "不到一百三",
        "一百多块",
        "三个一共三百八十七",
        "打六五折",
        "原价一百九十九，现在一百二十九，省七十",
        "129元",
    ],
)
def test_sums_that_follow_from_the_record_are_right(said: str) -> None:
    assert "Q03" not in _failed(_report(_GOOD.replace("今天直播间129", said)))


@pytest.mark.parametrize("said", ["三件99，算下来一件25", "原价299，现在199，省120"])
def test_arithmetic_is_checked_without_a_product(said: str) -> None:
    assert "Q03" in _failed(_report(said + "。", product=None))


def test_length_is_measured_at_the_hosts_pace() -> None:
    assert "Q01" in _failed(_report(seconds=15))
    assert "Q01" not in _failed(_report(seconds=50, pace=260))
    assert "Q01" in _failed(_report(seconds=50, pace=160))


def test_repeated_and_copied_texts_are_found() -> None:
    assert "Q10" in _failed(_report(_GOOD + _GOOD))
    assert "Q10" in _failed(_report(previous_texts=[_GOOD]))
    assert "Q10" not in _failed(_report(previous_texts=[_GOOD], restyled=True))


def test_what_was_asked_is_kept() -> None:
    assert "Q17" in _failed(_report(must_say=["七天无理由"]))
    assert "Q17" in _failed(_report(must_not_say=["加班"]))
    assert "Q17" in _failed(_report(request="先别报价格"))
    assert "Q17" in _failed(_report(previous_texts=[_GOOD.replace("129", "139")], restyled=True))
    assert "Q17" in _failed(_report(previous_texts=[_GOOD[:60]], request="短一点", restyled=True))


def test_health_food_needs_the_laws_sentence() -> None:
    pills: dict[str, Any] = {"name": "鱼油软胶囊", "category": "保健食品", "compliance_flags": ["health_food"]}
    pills["evidence"] = ["国食健注G20250001"]
    text = "家里有长辈的，可以看看这款鱼油软胶囊。{}喜欢的朋友点下方一号链接下单。"
    assert "Q19" in _failed(_report(text.format(""), product=pills))
    assert "Q19" not in _failed(_report(text.format("本品不能代替药物。"), product=pills))


def test_the_record_can_prove_a_claim_that_would_be_a_warning() -> None:
    shirt = {"name": "短袖T恤", "category": "服饰", "facts": {"面料": "纯棉"}, "price": 59}
    text = "夏天出门怕闷汗？这件短袖T恤是纯棉的，今天59元，点下方一号链接下单。"
    assert _report(text, product=shirt).verdict == "pass"


def test_a_registered_name_is_not_held_against_the_script() -> None:
    milk = {"name": "顶级牧场牛奶", "category": "食品"}
    text = "早餐喝什么好？这款顶级牧场牛奶，喜欢的点下方一号链接下单。"
    assert _report(text, product=milk).verdict == "pass"
    assert _report(text.replace("喜欢", "味道也是顶级的，喜欢"), product=milk).verdict == "block"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("婴儿奶粉", "REG-001"),
        ("飞鹤星飞帆3段奶粉", "REG-001"),
        ("医美水光针", "REG-007"),
        ("感冒灵颗粒", "REG-005"),
        ("臂式电子血压计", "REG-006"),
        ("褪黑素软糖", "REG-003"),
        ("重疾险", "REG-008"),
        ("一次性电子烟", "REG-010"),
        ("干红葡萄酒", "REG-011"),
    ],
)
def test_a_regulated_kind_without_its_papers_is_blocked(name: str, kind: str) -> None:
    report = _report(f"换季了要注意什么？今天讲{name}，喜欢的点下方一号链接下单。", product={"name": name})
    [finding] = [finding for finding in report.findings if finding.rule == kind]
    assert (report.verdict, finding.severity, finding.category) == ("block", "block", UNAPPROVED)
    assert finding.basis
    assert "Q19" in _failed(report)


@pytest.mark.parametrize(
    "name",
    ["奶粉盒", "中老年奶粉", "红酒杯", "酒精湿巾", "保险柜", "双眼皮贴", "烟灰缸", "中药牙膏", "料酒", "水光精华"],
)
def test_what_only_sounds_like_a_regulated_kind_is_not_blocked(name: str) -> None:
    assert not list(unproven({"name": name}))


def test_the_papers_on_record_lift_the_block_except_where_advertising_is_forbidden() -> None:
    assert not list(unproven({"name": "血压计", "evidence": ["粤械注准20230000"]}))
    assert not list(unproven({"name": "米酒", "required_statements": ["过量饮酒有害健康"]}))
    assert list(unproven({"name": "电子烟", "evidence": ["国药准字、械注、执业许可"]}))


def test_a_text_that_was_to_be_shorter_is_not_measured_against_the_old_length() -> None:
    short = "来看膳魔师保温杯，316不锈钢内胆，泡茶不串味。想喝热水的朋友，点下方购物车一号链接，直接拍就可以。"
    for request in ("再短一点", "make it shorter", "三句话就行"):
        report = _report(short, scenario="opening", seconds=30, request=request, previous_texts=[_GOOD], restyled=True)
        assert not {"Q01", "Q04", "Q17"} & _failed(report), request


def test_statements_that_fill_the_time_are_named_and_do_not_fail_the_length() -> None:
    cup = {**_CUP, "required_statements": ["首次使用请用温水清洗", "请勿盛装碳酸饮料和干冰"]}
    text = "来看膳魔师保温杯，316不锈钢内胆。首次使用请用温水清洗。请勿盛装碳酸饮料和干冰。点下方链接下单。"
    [finding] = [one for one in _report(text, seconds=5, product=cup).findings if one.rule == "Q01"]
    assert finding.severity == "warn"
    assert "必须说的话就要" in finding.message


def test_a_fact_asked_for_by_its_name_counts_when_its_value_is_told() -> None:
    asked = {"must_say": ["保温时间"], "request": "写一段卖点"}
    assert "Q17" not in _failed(_report(**asked))
    assert "Q17" in _failed(_report(_GOOD.replace("它能保温十二小时，", ""), **asked))


def test_a_text_that_goes_on_has_the_points_told_before() -> None:
    more = (
        "接着说膳魔师保温杯，容量五百毫升，产地江苏昆山。办公桌上放一个，出差也能带。"
        "你们平时喝热水还是冰水？想要的点下方购物车一号链接下单。"
    )
    assert "Q04" not in _failed(_report(more, request="继续", previous_texts=[_GOOD]))
    assert "Q04" in _failed(_report(more, request="写一段卖点"))


@pytest.mark.parametrize(
    ("said", "product"),
    [
        ("69.9元减30元等于39.9元，算得清。", {"name": "洗衣凝珠", "price": 39.9, "list_price": 69.9}),
        ("带两副的话一共318元。", {"name": "蓝牙耳机", "price": 159, "list_price": 219}),
        ("笋干炖肉吸汁，有淡淡的烟熏香。", {"name": "烟熏笋干", "category": "干货"}),
    ],
)
def test_honest_lines_are_not_taken_for_lists_false_sums_or_slimming(said: str, product: dict[str, Any]) -> None:
    report = _report(f"今天讲{product['name']}，你家用过吗？\n{said}\n想要的点下方一号链接下单。", product=product)
    assert report.verdict == "pass", report.findings


def test_words_of_the_prompt_are_found_in_the_script_and_ordinary_ones_are_not() -> None:
    prompt = "只输出口播正文，不要标题、编号、括号里的动作提示。想要的点下方链接下单。"
    assert "Q08" in _failed(_report("只输出口播正文，不要标题、编号、括号里的动作提示。" + _GOOD, prompt=prompt))
    assert "Q08" not in _failed(_report(prompt=prompt))


def test_a_text_that_the_model_did_not_end_is_not_whole() -> None:
    assert "Q09" in _failed(_report(finished=False))


def test_a_change_of_tone_loses_neither_price_nor_gift() -> None:
    asked = {"request": "语气活泼一点，别的不变", "previous_texts": [_GOOD], "restyled": True}
    assert "Q17" not in _failed(_report(**asked))
    assert "Q17" in _failed(_report(_GOOD.replace("，还送你一个杯刷", ""), **asked))
    priceless = _GOOD.replace("日常价199，今天直播间129，两个一共258，还送你一个杯刷。", "还送你一个杯刷。")
    assert "Q17" in _failed(_report(priceless, **asked))


_LADDER: dict[str, Any] = {
    **_CUP,
    "price_ladder": [{"quantity": 2, "total": 218}, {"quantity": 3, "total": 299, "note": "第三件81元"}],
}


@pytest.mark.parametrize(
    "said",
    [
        "两个一共218，比分开买省40。",
        "拍三个299，省88。",
        "两个218，合一个109。",
        "第二个只要89块，第三件81元。",
        "分开买两个要258，一起带218。",
        "日常价两个398，今天两个218。",
    ],
)
def test_what_follows_from_the_price_ladder_may_be_said(said: str) -> None:
    report = _report(_GOOD.replace("两个一共258", said.rstrip("。")), product=_LADDER)
    assert "Q03" not in _failed(report), [finding.message for finding in report.findings]


@pytest.mark.parametrize(
    "said",
    [
        "老师口吻版：\n", "好嘞，给你一版搞笑风：", "没问题！25秒开场如下。", "根据您的要求，不喊的逼单话术：",
        "30秒快节奏话术：", "以下为东北口音版本——",
    ],
)  # fmt: skip
def test_words_that_hand_a_text_over_are_no_part_of_it(said: str) -> None:
    assert "Q08" in _failed(_report(said + _GOOD))


@pytest.mark.parametrize(
    "said",
    [
        "如果需要调整长度，我可以继续为您修改。",
        "您觉得这样的文艺感可以吗？",
        "——以上为安静风格种草文案。",
        "希望这版种草能戳中你！",
    ],
)
def test_words_behind_a_text_about_it_are_no_part_of_it(said: str) -> None:
    assert "Q08" in _failed(_report(_GOOD + said))


def test_a_word_of_the_products_own_name_is_for_a_person_to_decide() -> None:
    findings = {(one.severity, one.excerpt) for one in _report(must_not_say=["保温杯"]).findings if one.rule == "Q17"}
    assert ("block", "保温杯") in findings  # 膳魔师保温杯: not its full name
    full = _GOOD.replace("膳魔师保温杯", "膳魔师真空保温杯500ml")
    assert {one.severity for one in _report(full, must_not_say=["真空保温杯"]).findings if one.rule == "Q17"} == {
        "warn"
    }


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("两个一共258", "218元"),  # what they cost apart is not what is asked for them
        ("两个一共208", "218元"),
        ("三个一共218", "299元"),
        ("两个218，比分开买省50", None),
        ("第二个半价", None),
        ("第二个只要69元", None),
        ("第三件免费", None),
    ],
)
def test_what_the_price_ladder_does_not_say_is_blocked(said: str, right: str | None) -> None:
    report = _report(_GOOD.replace("两个一共258", said), product=_LADDER)
    wrong = [finding for finding in report.findings if finding.severity == "block"]
    assert wrong
    assert "Q03" in _failed(report)
    assert right is None or right in {finding.suggestion for finding in wrong}


def test_a_catchphrase_is_a_spice_and_a_taboo_word_is_never_said() -> None:
    phrases = ["听我说完", "姐妹们"]
    once = _GOOD.replace("它能保温", "听我说完，姐妹们，它能保温")
    assert "Q10" not in _failed(_report(once, catchphrases=phrases))
    often = once.replace("容量五百", "听我说完，容量五百").replace("杯盖是", "听我说完，杯盖是")
    report = _report(often, catchphrases=phrases)
    [found] = [finding for finding in report.findings if "口头禅" in finding.message]
    assert (found.rule, found.severity, often[slice(*found.span)]) == ("Q10", "warn", "听我说完")
    always = often.replace("喜欢的朋友", "听我说完，喜欢的朋友").replace("日常价", "听我说完，日常价")
    assert {one.severity for one in _report(always, catchphrases=phrases).findings if one.rule == "Q10"} >= {"fail"}
    calls = _GOOD.replace("它能", "姐妹们，它能").replace("杯盖是", "姐妹们，杯盖是")
    assert "Q10" not in _failed(_report(calls, catchphrases=phrases))

    taboo = _report(_GOOD.replace("都方便", "闭 眼入"), must_not_say=["闭眼入"])
    assert taboo.verdict == "block"
    assert [finding.rule for finding in taboo.findings if finding.severity == "block"] == ["Q17"]


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("你少花七十", True),
        ("你少花九十", False),
        ("能省七十", True),
        ("这场一百二十九", True),
        ("这场一百零九", False),
    ],
)
def test_sums_are_heard_in_the_words_of_hosts(said: str, right: bool) -> None:
    text = _GOOD.replace("两个一共258，", f"{said}，")
    assert ("Q03" not in _failed(_report(text))) is right


def test_a_bare_figure_of_a_fact_is_no_price() -> None:
    down = {**_CUP, "facts": {**_CUP["facts"], "蓬松度": "700"}}
    assert "Q03" in _failed(_report(_GOOD.replace("两个一共258", "配件七百元"), product=down))


def test_saying_the_product_by_its_full_name_is_no_echo_of_the_request() -> None:
    request = f"给小雅的直播间写一段{_CUP['name']}开场，30秒"
    assert "Q08" not in _failed(_report(f"这款{_CUP['name']}，{_GOOD}", request=request))
    assert "Q08" in _failed(_report(f"{request}。{_GOOD}", request=request))
