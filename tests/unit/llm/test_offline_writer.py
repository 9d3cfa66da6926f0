"""The offline writer: usable scripts from any record, true to it, of the length that was asked."""

import random
import re
import tomllib
from difflib import SequenceMatcher
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.llm.adapters.offline.chat import answer
from backend.llm.adapters.offline.claims import risky
from backend.llm.adapters.offline.compose import compose
from backend.llm.adapters.offline.phrases import Line, kind_of, kinds, script_lines
from backend.llm.adapters.offline.sheet import SCENARIOS, read_sheet
from backend.llm.adapters.offline.speech import sentences, speakable, spoken_length
from backend.llm.adapters.offline.writer import OfflineWriter
from backend.llm.gateway import ModelRequest
from backend.quality import craft
from backend.quality.implied import suspicions
from tests.support.virtual import VirtualLoop

RULES = Path(__file__).parents[3] / "backend/quality/rules"
CUP: dict[str, Any] = {
    "name": "膳魔师保温杯",
    "brand": "膳魔师",
    "price": 149,
    "list_price": "199.00",
    "unit": "个",
    "stock": 86,
    "gifts": ["杯刷1支"],
    "points": [
        {"feature": "316不锈钢内胆", "benefit": "装茶装咖啡都不串味", "proof": "杯底有材质钢印"},
        {"feature": "500ml容量", "benefit": "半天不用去接水"},
        {"feature": "一键弹盖", "benefit": "单手就能打开"},
    ],
}


CATEGORY = {"pains": ["热水放一会儿就凉了", "杯子放包里漏一包"], "scenes": ["办公桌", "上学路上"]}


def write(seed: int = 1, **brief: Any) -> str:
    return compose(read_sheet({"scenario": "selling_points", **brief}), seed)


@cache
def rules() -> list[dict[str, Any]]:
    files = [tomllib.loads(file.read_text(encoding="utf-8")) for file in sorted(RULES.glob("*.toml"))]
    return [rule for file in files for rule in file.get("rule", []) if rule["severity"] == "block"]


def banned(text: str) -> list[str]:
    """Return the blocking rules that `text` breaks by a plain scan of their terms and patterns."""
    found = []
    for rule in rules():
        hits = [term for term in rule.get("terms", []) if term in text and term not in rule.get("warn_terms", [])]
        hits += [hit[0] for pattern in rule.get("patterns", []) for hit in re.finditer(pattern, text)]
        found += [
            f"{rule['id']}:{hit}" for hit in hits if not any(re.search(one, text) for one in rule.get("allow", []))
        ]
    return found


NAMES = re.split(
    "、",
    "膳魔师保温杯、卫龙辣条、云柔抽纸、遮光眼罩、氮化镓充电器、大豆蜡香薰蜡烛、高原苹果、羊毛大衣、猫粮、速写本、儿童餐椅、"
    "香酥核桃、电饭煲、帆布托特包、竹纤维毛巾、钓鱼竿、金丝边眼镜、多肉盆栽、Kindle保护套",
)
points = st.lists(
    st.fixed_dictionaries(
        {"feature": st.sampled_from(["双层结构", "可拆洗设计", "净含量500g", "六个颜色可选", "加厚底部"])},
        optional={
            "benefit": st.sampled_from(["清洗省事", "放得稳当", "一家人够用", "挑起来不纠结"]),
            "proof": st.sampled_from(["包装上有标注", "现场拆给大家看"]),
        },
    ),
    max_size=5,
    unique_by=lambda one: one["feature"],
)
products = st.fixed_dictionaries(
    {"name": st.sampled_from(NAMES)},
    optional={
        "category": st.sampled_from(["家居", "食品", "数码", "服饰"]),
        "price": st.sampled_from([9.9, 59, "128.00", 3999]),
        "unit": st.sampled_from(["件", "个"]),
        "stock": st.integers(1, 5000),
        "points": points,
        "facts": st.just({"产地": "浙江", "净重": "280g"}),
    },
)
briefs = st.fixed_dictionaries(
    {"scenario": st.sampled_from(SCENARIOS), "seconds": st.integers(8, 150), "product": products},
    optional={
        "style": st.lists(st.sampled_from(["活泼", "专业", "温柔", "简洁", "幽默", "紧迫"]), max_size=2),
        "pace": st.integers(200, 330),
        "host": st.fixed_dictionaries({"name": st.just("小雅"), "catchphrases": st.just(["咱们慢慢看"])}),
        "assumed": st.just([{"feature": "规格标注", "benefit": "看清楚再比较"}]),
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(briefs, st.integers(0, 10_000))
def test_every_script_is_fit_to_be_said(brief: dict[str, Any], seed: int) -> None:
    sheet = read_sheet(brief)
    text = compose(sheet, seed)
    name = brief["product"]["name"]
    assert 0.85 <= spoken_length(text) / (brief["seconds"] * sheet.pace / 60) <= 1.18
    assert name in text[: len(text) // 3 + len(name)]
    assert not re.search(r"[{}【】\[\]（）()*#<>]|XX|\n\n|None", text)
    assert text[-1] in "。！？"
    assert re.search("链接|购物车", sentences(text)[-1])
    assert banned(text) == []
    for sentence in sentences(text):
        assert spoken_length(sentence) <= 45, sentence
        assert max(spoken_length(clause) for clause in re.split("[，。！？；：]", sentence)) <= 20, sentence
    price = read_sheet(brief).price
    money = set(re.findall(r"(\d+(?:\.\d+)?)元", text))
    allowed = {float(price), float(price) * 2} if price is not None else set()
    assert {float(figure) for figure in money} <= allowed
    if brief["seconds"] >= 15:  # in fewer seconds there is room for name, point and call only: some have one wording
        assert {compose(sheet, seed + other) for other in range(1, 9)} != {text}
    assert compose(sheet, seed) == text


@settings(max_examples=25, deadline=None)
@given(products, st.integers(60, 200), st.integers(0, 100))
def test_the_name_comes_back_every_half_minute(product: dict[str, Any], seconds: int, seed: int) -> None:
    text = write(seed, product=product, seconds=seconds)
    gaps = [spoken_length(gap) for gap in text.split(product["name"])]
    assert max(gaps) <= 260 * 0.6


def test_no_line_that_the_writer_knows_breaks_a_rule_or_the_breath() -> None:
    every = [form for slot in script_lines().values() for line in slot for form in line.forms()]
    every += [form for kind in kinds() for slot in kind.lines.values() for line in slot for form in line.forms()]
    for text in every:
        plain = re.sub(r"\{\w+\}", "某某", text)
        assert banned(plain) == [], text
        assert not risky(plain), text
        assert max(spoken_length(clause) for clause in re.split("[，。！？；：]", plain)) <= 20, text


def test_the_checks_hardly_warn_of_a_line_that_the_writer_knows() -> None:
    filled = {"name": "竹纤维餐盘", "short": "餐盘", "feature": "加厚底部", "benefit": "放着稳当", "gain": "放着稳当"}
    lines = [line for slot in script_lines().values() for line in slot]
    lines += [line for kind in kinds() for slot in kind.lines.values() for line in slot]
    every = [
        re.sub(r"\{(\w+)\}", lambda hit: filled.get(hit[1], "五十"), form) for line in lines for form in line.forms()
    ]
    # It weighs sentences and was taught from others than these: one in a hundred may trip it.
    assert len([text for text in every if list(suspicions(text))]) <= len(every) / 100


@pytest.mark.parametrize("seed", range(6))
def test_what_bothers_people_is_not_said_as_if_it_were_this_product(seed: int) -> None:
    text = write(seed, product={"name": "旋风扫地机器人"}, seconds=45, scenario="seeding")
    pains = [line for kind in kinds() for line in kind.lines.get("pain", [])] + script_lines()["pain"]
    own = re.compile(
        "平时|以前|家里|网上|网购|很多|你可能|挑[^，]*|给[^，]*|买水果|东西选错|我知道你怕|床上用品|鞋柜里"
    )
    assert [form for line in pains for form in line.forms() if not own.match(form)] == []
    assert "旋风扫地机器人" in text


def test_the_writer_makes_up_neither_viewers_nor_what_it_has_tried() -> None:
    every = [form for slot in script_lines().values() for line in slot for form in line.forms()]
    made_up = re.compile("(?:刚才|昨天|一直|早就|又)有(?:人|朋友|位)|同事问|我妈|我先试|试了一遍|你们一直在问|公屏上问")
    assert [text for text in every if made_up.search(text)] == []


@pytest.mark.parametrize(
    "words",
    [
        "长一点，加到2分钟",
        "时长加到一分钟",
        "加快一点节奏",
        "提到一半就停了",
        "要说得让人信",
        "突出性价比高的那个卖点",
        "要说的都说了，就是太长",
        "补上刚才漏掉的",
        "加班的人适合用",
        "加热快不快要说明",
        "参加活动的客户看的",
        "加绒的那款",
    ],
)
def test_words_about_the_text_are_not_read_out(words: str) -> None:
    assert read_sheet({"product": CUP, "request": words}).say == ()
    assert read_sheet({"product": CUP, "feedback": words, "action": "rewrite", "previous_script": "杯子。"}).say == ()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("记得说链接在左下角", "链接在左下角"),
        ("必须说到是304不锈钢", "304不锈钢"),
        ("加一句今晚八点发货", "今晚八点发货"),
        ("太长了，加上七天无理由", "七天无理由"),
        ("要说“喝水别等渴”", "喝水别等渴"),
    ],
)
def test_what_a_reviewer_wants_said_is_said(words: str, said: str) -> None:
    assert said in write(
        product=CUP, feedback=words, action="rewrite", previous_script="保温杯，点购物车。", seconds=40
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_few_words_that_must_be_said_are_led_in(seed: int) -> None:
    text = write(seed, product=CUP, must_say=["买二送一"], seconds=60, scenario="promotion")
    assert "，买二送一。" in text


@pytest.mark.parametrize("style", ["", "活泼", "专业", "温柔", "紧迫", "种草"])
def test_a_catchphrase_leads_into_the_records_own_words_and_nothing_leads_into_it(style: str) -> None:
    brief = {"product": CUP, "scenario": "selling_points", "host": {"catchphrases": ["我跟你们讲"]}, "style": style}
    led = 0
    for seed in range(40):
        text = write(seed, seconds=90, **brief)
        for before, _, after in (one.partition("我跟你们讲，") for one in re.split("[。！？\n]", text)):
            if after:
                led += 1
                assert not before, text
                assert after.startswith(("316不锈钢内胆", "500毫升容量", "一键弹盖")), text
    assert led > 20


@pytest.mark.parametrize("seed", range(6))
def test_a_catchphrase_does_not_hang_in_the_air(seed: int) -> None:
    host = {"name": "小雅", "catchphrases": ["我跟你们讲"]}
    product = {**CUP, "points": [{"feature": "316不锈钢内胆", "benefit": ""}]}
    assert "我跟你们讲。" not in write(seed, product=product, host=host, seconds=25, scenario="closing")


def test_every_opening_line_that_the_writer_knows_holds_the_listener() -> None:
    lines = script_lines()["hook"] + [line for kind in kinds() for line in kind.lines.get("hook", [])]
    assert [form for line in lines for form in line.forms() if not craft.opens_with_hook(form)] == []


def opening(text: str, name: str) -> str:
    return re.sub(r"\W", "", sentences(text)[0].replace(name, ""))


@pytest.mark.parametrize("scenario", ["opening", "selling_points", "promotion", "seeding"])
def test_a_room_never_hears_the_same_beginning_twice(scenario: str) -> None:
    heard: list[str] = []
    for seed in range(12):
        # What the graph gives: the last scripts whole, of the earlier ones how they began.
        aired = [text if at < 5 else text[:60] for at, text in enumerate(reversed(heard))]
        text = write(seed, scenario=scenario, seconds=60, product=CUP, aired=aired, category=CATEGORY)
        assert opening(text, CUP["name"]) not in {opening(other, CUP["name"]) for other in heard}
        heard.append(text)


def test_a_line_comes_in_many_forms_and_a_form_was_not_heard_before() -> None:
    line = Line("<你|大家><好|早>，{name}。", frozenset())
    assert sorted(line.forms()) == ["你好，{name}。", "你早，{name}。", "大家好，{name}。", "大家早，{name}。"]
    assert {line.form(random.Random(seed)) for seed in range(50)} == set(line.forms())
    first = write(3, seconds=60, product=CUP)
    second = write(3, seconds=60, product=CUP, aired=[first])
    assert craft.overlap(second, first) < craft.overlap(write(4, seconds=60, product=CUP), first) + 0.1


@pytest.mark.parametrize(
    ("product", "said"),
    [
        ({"name": "湿巾60片", "price": 18}, "一片0.3元"),
        ({"name": "辣条 106g×5 包", "price": 24.9}, "一包不到5元"),
        ({"name": "面膜", "price": 59.9, "facts": {"规格": "25 ml × 10 片"}}, "一片不到6元"),
        ({"name": "面膜10片", "price": 59.9, "facts": {"数量": "12 片"}}, None),
        ({"name": "螺丝1000颗", "price": 9.9}, None),
    ],
)
def test_the_price_of_a_piece_is_told_only_when_the_record_leaves_no_doubt(
    product: dict[str, Any], said: str | None
) -> None:
    texts = [write(seed, scenario="promotion", seconds=60, product=product) for seed in range(12)]
    assert any(said in text for text in texts) if said else not any(re.search("一[片颗包]", text) for text in texts)


def test_the_price_is_told_with_its_arithmetic_and_nothing_else() -> None:
    for seed in range(20):
        text = write(seed, scenario="promotion", seconds=45, product=CUP)
        figures = set(re.findall(r"(\d+(?:\.\d+)?)元", text))
        assert {"149", "199", "50"} <= figures, text
        assert figures <= {"149", "199", "50", "298"}
        assert "杯刷1支" in text


def test_the_selling_points_are_covered_when_there_is_time() -> None:
    for seed in range(20):
        text = write(seed, seconds=45, product=CUP)
        assert all(word in text for word in ("316不锈钢内胆", "500毫升容量", "一键弹盖"))


def test_a_record_with_forbidden_claims_is_told_without_them() -> None:
    product = {**CUP, "points": [{"feature": "全网最低价", "benefit": "治疗失眠"}, {"feature": "一键弹盖"}]}
    text = write(product=product, seconds=40)
    assert "一键弹盖" in text
    assert banned(text) == []


def test_required_statements_and_what_must_be_said_stand_there_word_for_word() -> None:
    product = {"name": "鱼油软胶囊", "category": "保健食品", "required_statements": ["本品不能代替药物"]}
    text = write(product=product, must_say=["今晚八点统一发货，周末也发"], seconds=15)
    assert "本品不能代替药物" in text
    assert "今晚八点统一发货，周末也发" in text


@pytest.mark.parametrize("seed", range(8))
def test_what_must_not_be_said_is_not_said(seed: int) -> None:
    host = {"name": "小雅", "taboo_words": ["朋友", "链接"]}
    text = write(seed, product=CUP, host=host, must_not_say=["咖啡"], seconds=60)
    assert not re.search("朋友|链接|咖啡", text)
    assert "316不锈钢内胆" not in text or "串味" not in text


@pytest.mark.parametrize("seed", range(5))
def test_a_reviewers_words_are_followed_not_repeated(seed: int) -> None:
    first = write(seed, product=CUP, seconds=60, style=["专业"])
    feedback = "太长了，语气再活泼一点，别提价格，加点互动，强调一键弹盖"
    again = write(
        seed,
        product=CUP,
        seconds=60,
        style=["专业"],
        action="rewrite",
        previous_script=first,
        feedback=feedback,
        round=1,
    )
    assert spoken_length(again) < spoken_length(first) * 0.8
    assert "！" in again
    assert not re.search("149|199|元|价", again)
    assert "一键弹盖" in again
    assert re.search("公屏|打出来|打个|扣个", again)
    assert not re.search("太长|语气|互动", again)


@pytest.mark.parametrize(
    ("feedback", "ratio"),
    [
        ("再短一点", (0.55, 0.8)),
        ("有点短了，再详细一些", (1.25, 1.7)),
        ("不要太长", (0.55, 0.8)),
        ("语气温柔些", (0.9, 1.1)),
    ],
)
def test_the_length_follows_the_feedback(feedback: str, ratio: tuple[float, float]) -> None:
    first = write(product=CUP, seconds=45)
    again = write(product=CUP, action="rewrite", previous_script=first, feedback=feedback)
    assert ratio[0] <= spoken_length(again) / spoken_length(first) <= ratio[1]


@pytest.mark.parametrize("seed", range(4))
def test_a_later_remark_does_not_undo_an_earlier_one(seed: int) -> None:
    rounds = {"product": CUP, "seconds": 40, "action": "rewrite", "remarks": ["别提价格，加上七天无理由", "加到1分钟"]}
    text = write(seed, previous_script="保温杯，点购物车。" * 20, feedback="语气活泼一点", **rounds)
    assert not re.search("149|199|元|价", text)
    assert "七天无理由" in text
    assert 0.85 <= spoken_length(text) / 260 <= 1.18
    shorter = write(seed, previous_script="杯" * 260, feedback="太长了，加上价格", **rounds)
    assert "149元" in shorter
    assert spoken_length(shorter) < 260 * 0.8
    without = write(seed, previous_script="杯" * 260, feedback="不要说七天无理由", **rounds)
    assert "七天无理由" not in without


def test_a_named_length_beats_every_other() -> None:
    text = write(product=CUP, seconds=60, action="rewrite", previous_script="长" * 300, feedback="控制在二十秒以内")
    assert 0.85 <= spoken_length(text) / (20 * 260 / 60) <= 1.18


def test_words_can_be_replaced_and_forbidden_by_feedback() -> None:
    text = write(product=CUP, seconds=40, feedback="把“一键弹盖”改成“按一下就开”，不要说“串味”")
    assert "按一下就开" in text
    assert "一键弹盖" not in text
    assert "串味" not in text


def test_a_finding_is_not_written_again() -> None:
    excerpt = "装茶装咖啡都不串味"
    findings = [{"excerpt": excerpt, "suggestion": "删除", "message": "无依据"}]
    assert all(excerpt not in write(seed, product=CUP, seconds=45, findings=findings) for seed in range(5))


def test_a_change_of_tone_keeps_the_facts() -> None:
    first = write(product=CUP, seconds=45)
    again = write(2, product=CUP, action="restyle", style=["温柔"], previous_script=first)
    assert "！" not in again
    assert ("149" in first) == ("149" in again)
    without = write(3, product=CUP, action="restyle", style=["温柔"], previous_script="膳魔师保温杯，一键弹盖。" * 6)
    assert "149" not in without


def test_going_on_neither_greets_nor_tells_the_same_points() -> None:
    first = "欢迎。膳魔师保温杯，先说316不锈钢内胆。"
    text = write(product=CUP, action="continue", previous_script=first, seconds=30, host={"name": "小雅"})
    assert "我是小雅" not in text
    assert "316不锈钢内胆" not in text
    assert "一键弹盖" in text


def test_after_a_switch_the_product_before_is_not_named() -> None:
    for scenario in SCENARIOS:
        text = write(scenario=scenario, product={"name": "卫龙辣条"}, previous_product="膳魔师保温杯", seconds=30)
        assert "卫龙辣条" in text
        assert "膳魔师" not in text


@pytest.mark.parametrize(
    "brief", [{}, {"scenario": "x", "product": "y", "host": 3, "style": None, "seconds": "z", "findings": [1]}]
)
def test_a_poor_brief_still_makes_a_script(brief: dict[str, Any]) -> None:
    assert len(compose(read_sheet(brief), 1)) > 50


@pytest.mark.parametrize(
    ("name", "noun"),
    [("玉米片薯片", "零食"), ("茶几", None), ("保温杯套装礼盒", "杯子"), ("酒精湿巾", "清洁用品"), ("柚子茶", "茶饮")],
)
def test_the_kind_is_what_the_name_ends_in(name: str, noun: str | None) -> None:
    kind = kind_of(name, "")
    assert (kind.noun if kind else None) == noun


@pytest.mark.parametrize(
    ("text", "length"), [("199元", 6), ("39.9元", 6), ("500毫升", 4), ("10点", 2), ("你好，世界！", 4), ("USB接口", 5)]
)
def test_figures_count_as_they_are_read_aloud(text: str, length: int) -> None:
    assert spoken_length(text) == length


def test_a_record_is_made_speakable() -> None:
    assert speakable("【官方】容量500ml/保温12h 😀(新款)") == "容量500毫升、保温12小时"
    assert speakable("羊毛30%") == "羊毛百分之三十"


async def test_the_stream_is_the_script_in_small_pieces_with_an_end() -> None:
    request = ModelRequest("script", [], {"scenario": "opening", "product": CUP, "seconds": 20}, seed=4)
    pieces = [piece async for piece in OfflineWriter(0).stream(request)]
    text = "".join(piece.text for piece in pieces)
    assert text == compose(read_sheet(request.brief), 4)
    assert all(1 <= len(piece.text) <= 4 for piece in pieces[:-1])
    assert pieces[-1].finish_reason == "stop"
    assert pieces[-1].usage is not None
    assert pieces[-1].usage.estimated


def test_the_pace_is_kept() -> None:
    request = ModelRequest("script", [], {"scenario": "opening", "product": CUP, "seconds": 8}, seed=4)

    async def written() -> str:
        return "".join([piece.text async for piece in OfflineWriter(100).stream(request)])

    loop = VirtualLoop()
    started = loop.time()
    try:
        text = loop.run_until_complete(written())
    finally:
        loop.close()
    assert loop.time() - started == pytest.approx(len(text) / 100, abs=0.01)


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("你好", "写|起草"),
        ("你能做什么？", "审"),
        ("谁来审核", "审核"),
        ("提词器怎么用", "提词器"),
        ("帮我改价到99", "做不了"),
        ("今天天气怎么样", "写"),
    ],
)
def test_a_question_gets_an_honest_answer(question: str, word: str) -> None:
    assert all(re.search(word, answer({"question": question}, seed)) for seed in range(6))


def test_a_greeting_is_not_answered_the_same_way_each_time() -> None:
    assert len({answer({"question": "你好"}, seed) for seed in range(12)}) > 1


def test_a_number_of_a_report_is_not_read_as_a_range() -> None:
    for code in ("检测报告2025-Q1-0387", "授权书2025-118", "电话13-0571"):
        assert speakable(code) == code
    said = {
        "9-14kg": "9到14公斤",
        "温度60–200℃": "温度60到200度",
        "8~10片": "8到10片",
        "1–60 分钟": "1到60分钟",
        "长32*27": "长32乘27",
    }
    assert {text: speakable(text) for text in said} == said


@pytest.mark.parametrize("request_", ["再短一点", "make it shorter", "三句话就行"])
@pytest.mark.parametrize("seed", range(4))
def test_a_shortened_opening_keeps_its_point_and_its_statements(request_: str, seed: int) -> None:
    cup = {**CUP, "required_statements": ["首次使用请用温水清洗", "请勿盛装碳酸饮料和干冰"]}
    before = write(seed, product=cup, scenario="opening", seconds=30)
    change = None if "句" in request_ else "shorter"
    brief = {"product": cup, "scenario": "opening", "seconds": 30, "action": "restyle", "previous_script": before}
    text = write(seed, **brief, request=request_, length_change=change)
    assert spoken_length(text) < spoken_length(before) * 0.8
    assert "316不锈钢内胆" in text
    assert "请勿盛装碳酸饮料和干冰" in text
    assert "保温杯" in text
    assert re.search("链接|购物车", text)


@pytest.mark.parametrize("seconds", [20, 30])
def test_sixty_openings_of_one_product_all_begin_differently(seconds: int) -> None:
    heard: list[str] = []
    for seed in range(60):
        heard.insert(0, write(seed, product=CUP, scenario="opening", seconds=seconds, aired=heard))
    first = [re.sub(r"\W", "", re.split(r"[。！？\n]", text)[0].replace(CUP["name"], "")) for text in heard]
    alike = [pair for pair in combinations(first, 2) if SequenceMatcher(None, *pair, autojunk=False).ratio() >= 0.75]
    assert alike == []


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_five_seconds_hold_the_name_one_thing_and_what_to_do(scenario: str) -> None:
    text = write(product=CUP, scenario=scenario, seconds=5)
    assert "保温杯" in text
    assert "149" in text if scenario == "promotion" else "316不锈钢" in text
    assert re.search("链接|购物车", text)
    assert spoken_length(text) <= 60


@pytest.mark.parametrize(
    "brief",
    [
        {"request": "把保温时间强调一下", "action": "restyle"},
        {"request": "一定要说保温时间", "must_say": ["保温时间"]},
        {"feedback": "重点说说保温", "action": "rewrite"},
    ],
)
def test_a_fact_that_is_asked_for_is_told_with_its_value(brief: dict[str, Any]) -> None:
    cup = {**CUP, "facts": {"容量": "500ml", "颜色": "雾白", "保温": "6 小时 68℃（20±5℃ 环境）"}}
    texts = {write(seed, product=cup, scenario="opening", seconds=30, **brief) for seed in range(3)}
    assert all("6小时" in text and "68度" in text for text in texts)
    assert not any("保温时间。" in text for text in texts)
    assert len(texts) == 3


@pytest.mark.parametrize(
    "text",
    [
        "检测报告2025-Q1-0387", "GB/T 1002-2008", "GB 4806.9-2016", "QB/T 1224-2012", "报告编号12-3456",
        "客服400-820-1234", "010-62345678", "电话95-1234", "货号77-88", "批号20250101-3", "1/2杯", "5G手机", "IP68",
        "粤G妆网备字2025000123", "买2送1", "0.50元",
    ],
)  # fmt: skip
def test_the_numbers_of_things_stay_as_they_are(text: str) -> None:
    assert speakable(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("60-200目", "60到200目"), ("500ml-1L", "500毫升到1升"), ("5%-10%", "百分之五到百分之十"),
        ("-18℃冷冻", "零下18度冷冻"), ("-18~-10℃", "零下18到零下10度"), ("20±5℃", "20正负5度"),
        ("≥98%", "不低于百分之九十八"),
        ("1,299 元", "1299元"), ("20:30", "20点30分"), ("1:1调配", "1比1调配"), ("2025-11-11", "2025年11月11日"),
        ("2025/1/5", "2025年1月5日"), ("SPF50+", "SPF50加"), ("106g×5包", "106克乘5包"),
        ("2020-2024年", "2020到2024年"),
    ],
)  # fmt: skip
def test_signs_between_figures_are_read_aloud_with_their_meaning(text: str, said: str) -> None:
    assert speakable(text) == said


LIQUOR: dict[str, Any] = {
    "name": "谷酿清香小酒 42 度",
    "category": "白酒",
    "price": 79,
    "points": [
        {"feature": "100毫升小瓶", "benefit": "一顿一小瓶，剩不下", "proof": "包装实拍"},
        {"feature": "清香型，高粱酿造", "benefit": "入口清爽", "proof": "配料表"},
    ],
    "required_statements": ["过量饮酒有害健康", "未成年人请勿饮酒"],
}


@pytest.mark.parametrize("seed", range(6))
def test_nothing_urges_to_drink_and_the_warnings_stand_together(seed: int) -> None:
    text = write(seed, product=LIQUOR, seconds=60)
    assert not re.search("剩不下|一小瓶", text)
    assert "过量饮酒有害健康。未成年人请勿饮酒。" in text


@pytest.mark.parametrize("seed", range(8))
def test_a_call_to_the_listeners_is_no_sentence_of_its_own(seed: int) -> None:
    host = {"name": "小雅", "catchphrases": ["姐妹们", "来，看这里"]}
    text = write(seed, product={**CUP, "required_statements": ["请勿盛装碳酸饮料"]}, host=host, seconds=40)
    assert not re.search("(?:^|[。！？\n])(?:姐妹们|来，看这里)[。！]", text)


@pytest.mark.parametrize("seed", range(6))
def test_a_result_on_record_is_told_in_a_sentence(seed: int) -> None:
    report = "质检中心检测报告 2025-Q1-0387：20±5℃ 环境 6 小时 68℃"
    text = write(seed, product={"name": "保温杯", "evidence": [report], "facts": {"容量": "500ml"}}, seconds=60)
    assert "2025-Q1-0387" in text
    assert "上面写的是，20正负5度环境下6小时后68度" in text
    assert "配料表上就能核对" in write(seed, product=LIQUOR, seconds=60)


@pytest.mark.parametrize("seed", range(6))
def test_going_on_tells_no_point_twice_even_when_all_are_told(seed: int) -> None:
    cup = {**CUP, "facts": {"容量": "500ml", "产地": "江苏昆山"}, "evidence": ["食品接触材料检测合格"]}
    before = write(seed, product=cup, seconds=60)
    assert all(point["benefit"] in before for point in CUP["points"])
    text = write(seed + 50, product=cup, seconds=60, action="continue", request="继续", previous_script=before)
    assert not any(point["benefit"] in text for point in CUP["points"])
    assert "昆山" in before + text


def test_a_promotion_without_a_price_promises_none() -> None:
    for seed in range(12):
        text = write(seed, product={"name": "智能门锁"}, scenario="promotion", seconds=30)
        assert not re.search("现在说价格|直接说价格|算给你听|价格来了|把价格", text)


def test_several_pieces_are_told_as_the_ladder_has_them() -> None:
    ladder = [{"quantity": 2, "total": 268}, {"quantity": 3, "total": 379.9}]
    told = 0
    for seed in range(20):
        text = write(seed, scenario="promotion", seconds=60, product={**CUP, "price_ladder": ladder})
        figures = set(re.findall(r"(\d+(?:\.\d+)?)元", text))
        assert figures <= {"149", "199", "50", "268", "30", "379.9", "67.1"}, text
        assert "298" not in figures, text
        told += "268" in figures
    assert told >= 15
    liquor = write(
        scenario="promotion", seconds=60, product={**LIQUOR, "price_ladder": [{"quantity": 2, "total": 140}]}
    )
    assert "140元" not in liquor


def test_a_catchphrase_is_said_once_at_most_and_a_taboo_word_never() -> None:
    phrase = "听我说完"
    taboo = ["家人们", "大家", "下单", "省", "购物车", "喜欢"]
    said = 0
    for seed in range(24):
        host = {"name": "小雅", "catchphrases": [phrase], "taboo_words": taboo[: seed % 7]}
        text = write(
            seed, scenario=("promotion", "selling_points", "opening")[seed % 3], seconds=60, product=CUP, host=host
        )
        assert text.count(phrase) <= 1, text
        said += phrase in text
        assert not [word for word in host["taboo_words"] if word in text], text
    assert said >= 6


def _raised(text: str) -> int:
    return text.count("！")


@pytest.mark.parametrize("scenario", ["opening", "selling_points", "promotion", "seeding"])
def test_a_livelier_text_sounds_livelier(scenario: str) -> None:
    tone = {line.text for line in script_lines()["tone"] if "活泼" in line.styles}
    heard = 0
    for seed in range(24):
        plain = write(seed, scenario=scenario, product=CUP, seconds=40)
        lively = write(
            seed, scenario=scenario, product=CUP, seconds=40, style=["活泼"], action="restyle", previous_script=plain
        )
        assert _raised(lively) >= _raised(plain) + 2, lively
        heard += any(f"{word}，" in lively for word in tone)
        calm = write(
            seed, scenario=scenario, product=CUP, seconds=40, style=["专业"], action="restyle", previous_script=lively
        )
        assert _raised(calm) == 0, calm
    # Every second one or so.
    assert heard >= 8


def test_the_same_short_sentence_is_not_said_twice_in_a_row() -> None:
    for seed in range(20):
        text = write(seed, scenario="opening", product={**CUP, "name": "喵田全价冻干猫粮 1.5kg"}, seconds=15)
        said = re.split(r"[。！？\n]", text)
        assert all(one != other or not one for one, other in pairwise(said)), text


def test_two_words_at_the_end_of_a_show_are_no_count_of_sentences() -> None:
    asked = {"scenario": "closing", "seconds": 30, "pace": 260}
    plain = spoken_length(write(1, product=CUP, **asked, request="收个尾"))
    assert spoken_length(write(1, product=CUP, **asked, request="下播前说两句")) > plain * 0.85
    assert spoken_length(write(1, product=CUP, **asked, request="两句话就行")) < plain * 0.7


@pytest.mark.parametrize("seed", range(4))
def test_what_a_statement_says_is_not_said_once_more(seed: int) -> None:
    course = {**CUP, "required_statements": ["八次连报，画材需自备"]}
    text = write(seed, product=course, scenario="promotion", seconds=45, must_say=["画材需自备"])
    assert text.count("画材需自备") == 1


def test_a_long_name_that_has_a_short_one_is_called_by_it() -> None:
    course = {**CUP, "name": "素简书房零基础水彩小班直播课", "brand": "素简书房", "aliases": ["水彩课"]}
    text = write(2, product=course, scenario="selling_points", seconds=90)
    assert text.count(course["name"]) == 1
    assert text.count("水彩课") >= 3


@pytest.mark.parametrize("seed", range(6))
def test_a_catchphrase_that_asks_ends_as_a_question(seed: int) -> None:
    text = write(seed, product=CUP, scenario="selling_points", seconds=60, host={"catchphrases": ["跟得上吗"]})
    assert "跟得上吗，" not in text
