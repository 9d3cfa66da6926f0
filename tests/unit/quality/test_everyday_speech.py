"""Words near a rule: everyday speech is let be, and what is meant in other words is found."""

from pathlib import Path

import pytest

from backend.quality.words import crossed
from tests.unit.quality.test_lexicon import _SNAPSHOT

_LINES = [
    line
    for line in (Path(__file__).parent / "data" / "everyday_speech.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize("vertical", [None, "食品", "服饰", "家居", "数码", "护肤", "珠宝", "母婴", "图书"])
def test_nothing_of_everyday_speech_is_held_up(vertical: str | None):
    held = [
        (line, one.rule, one.excerpt)
        for line in _LINES
        for one in _SNAPSHOT.check(line, vertical=vertical)
        if one.severity in ("block", "fail")
    ]
    assert not held


@pytest.mark.parametrize(
    ("text", "hit", "told"),
    [
        ("弹性功能面料", "性功能", "left"),
        ("面包白白胖胖", "包白", "left"),
        ("我日常就穿这双", "我日", "right"),
        ("提高性功能", "性功能", "no"),
        ("包瘦十斤", "包瘦", "no"),
        ("加v领券", "加v", "no"),
    ],
)
def test_a_term_across_two_words_is_told_from_a_word(text: str, hit: str, told: str):
    start = text.index(hit)
    assert crossed(text, start, start + len(hit), (0, len(text))) == told


def _found(text: str, vertical: str | None = None) -> set[tuple[str, str]]:
    return {(one.rule, one.severity) for one in _SNAPSHOT.check(text, vertical=vertical) if one.severity != "info"}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        # Away from the platform, told by what it looks like.
        ("打开那个绿油油的软件，搜我们店名的拼音", "OFF-001"),
        ("主页背景图右下角有一串字母，记下来去搜", "OFF-001"),
        ("加上以后带您进内部群", "OFF-001"),
        # Who may not decide, and who may not speak.
        ("趁大人不注意，自己点开小黄车", "MIN-001"),
        ("妈妈的支付密码你知道吧", "MIN-001"),
        ("这位小朋友是我们家的形象大使", "MIN-001"),
        # What a thing takes upon itself.
        ("这串珠子替她挡了灾", "SUP-001"),
        ("戴上以后小人绕着走", "SUP-001"),
        ("部委的领导拿起来竖了大拇指", "GOV-001"),
        ("转手一出，翻了一番", "FIN-001"),
        ("女人就别凑热闹了", "DSC-001"),
        ("今晚关了灯折腾到他求饶，折腾他到天亮", "VUL-001"),
        ("母乳没有那么神，断了算了", "INF-001"),
    ],
)
def test_what_is_meant_in_other_words_is_held_up(text: str, rule: str):
    assert (rule, "block") in _found(text)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("跪在抢救室门口的时候，您还想着这一千块吗", "PUB-001"),
        ("念新闻的那位姐姐，嘴上涂的就是它", "IMP-source"),
        ("她妈抹着眼泪说，这是替你受了", "IMP-fate"),
        ("平台上有些话我不方便讲", "IMP-contact"),
        ("钱放银行里越存越薄", "IMP-gain"),
        ("数学从七十多直接考到班里第一", "IMP-guarantee"),
    ],
)
def test_what_may_be_meant_otherwise_is_only_told(text: str, rule: str):
    assert (rule, "warn") in _found(text)
    assert not any(severity == "block" for _, severity in _found(text))


@pytest.mark.parametrize("text", ["一根C口线", "穿M的扣1", "粉丝群里打卡，进群里的同学看公告"])
def test_the_name_of_a_size_or_a_plug_is_no_disguise(text: str):
    assert not {severity for _, severity in _found(text)} - {"warn"}
    assert not any(rule in ("MED-001", "VUL-001", "EVA-001") for rule, _ in _found(text))


def test_a_likeness_by_chance_holds_nothing_up():
    assert not any(severity == "block" for _, severity in _found("先去跟家里人商量，我们等您"))


@pytest.mark.parametrize("text", ["枕头治不治颈椎病，你去问大夫", "这垫子治不治脚气？不治"])
def test_whether_something_is_so_is_no_claim(text: str):
    assert not any(severity == "block" for _, severity in _found(text))
    assert any(severity == "block" for _, severity in _found("治不治脚气？当然治，一周治好脚气"))


def test_a_hit_that_begins_inside_a_word_is_none_and_one_that_ends_inside_is_doubted():
    assert ("EFF-002", "block") in _found("这款包瘦")
    assert not _found("书包瘦瘦长长的，能立住")
    assert _found("我日渐喜欢上下厨") == {("VUL-001", "warn")}
