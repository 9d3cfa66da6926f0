"""One part of a text that is to go or to be said anew: understood, found, and nothing else of the text touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.graph.intent.naming import Known
from backend.graph.intent.parts import PartChange, bounds, part_meant, span_of
from backend.graph.intent.reading import read
from backend.graph.intent.situation import Draft, Situation

MAT = Known("1", "极北充气睡垫", "极北", "户外", ("睡垫",))
TEXT = "看重点。这是极北充气睡垫。\n三分钟充满！睡着不凉？\n想要的点购物车。"


def thread(*texts: str) -> Situation:
    drafts = tuple(
        Draft(content=text, scenario="seeding", product_id="1", product_name=MAT.name, number=at)
        for at, text in enumerate(texts, 1)
    )
    return Situation(products=(MAT,), drafts=drafts, product_id="1", product_name=MAT.name)


@pytest.mark.parametrize(
    ("request_", "unit", "place", "goes"),
    [
        ("刚才那个第一句换个说法", "sentence", 0, False),
        ("第二段删掉", "paragraph", 1, True),
        ("把第二段删了，其他不变", "paragraph", 1, True),
        ("倒数第二句删掉吧", "sentence", -2, True),
        ("第一句太平了，换一个，别的别动", "sentence", 0, False),
        ("麻烦把第3句话重写一下，谢谢", "sentence", 2, False),
        ("结尾换一个", "sentence", -1, False),
        ("最后一段去掉", "paragraph", -1, True),
        ("开头那句拗口，重写", "sentence", 0, False),
        ("第二自然段换个说法", "paragraph", 1, False),
    ],
)
def test_the_part_that_is_meant(request_: str, unit: str, place: int, goes: bool) -> None:
    assert part_meant(request_) == PartChange(unit, place, goes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "request_",
    [
        "再短一点", "第一段短一点", "第二段换个说法", "开头用问句", "删掉第二句里的打折", "第一句删掉，再加一句关注",
        "第0句删掉", "结尾短一点", "第一句和第二句都删掉", "换一版", "第一句删掉，第二句也删掉", "",
    ],
)  # fmt: skip
def test_what_speaks_of_more_or_of_something_else_is_no_part(request_: str) -> None:
    assert part_meant(request_) is None


@given(st.text(max_size=60))
def test_no_words_break_it(words: str) -> None:
    part = part_meant(words)
    assert part is None or span_of(TEXT, part) is None or TEXT[slice(*(span_of(TEXT, part) or (0, 0)))]


def test_sentences_and_paragraphs_are_counted_as_people_count_them() -> None:
    assert [TEXT[a:b] for a, b in bounds(TEXT, "sentence")] == [
        "看重点。", "这是极北充气睡垫。", "三分钟充满！", "睡着不凉？", "想要的点购物车。",
    ]  # fmt: skip
    assert [TEXT[a:b] for a, b in bounds(TEXT, "paragraph")] == TEXT.split("\n")
    assert span_of("只有一句。", PartChange("sentence", 0, goes=True)) is None
    assert span_of("只有一句。", PartChange("sentence", 0, goes=False)) == (0, 5)


@pytest.mark.parametrize("words", ["第二句重写", "结尾重写", "最后一句不要了", "第二段删掉", "第一句换个说法"])
def test_it_is_the_last_text_that_is_changed(words: str) -> None:
    reading = read(words, thread(TEXT, TEXT, TEXT))
    assert (reading.kind, reading.draft, reading.scenario) == ("restyle", 2, "seeding")
    assert not {"must_not_say", "must_say", "style"} & reading.slots.keys()


def test_the_second_text_is_still_meant_when_it_is_not_a_paragraph_that_goes() -> None:
    assert read("第二段再短一点", thread(TEXT, TEXT, TEXT)).draft == 1


@pytest.mark.parametrize(("words", "said"), [("第九段删掉", "一共 3 段"), ("第八句换个说法", "一共 5 句")])
def test_a_part_that_is_not_there_is_asked_about(words: str, said: str) -> None:
    reading = read(words, thread(TEXT))
    assert (reading.kind, reading.missing) == ("unclear", "odds")
    assert said in reading.slots["odds"]["question"]
    for _, value in reading.slots["odds"]["options"]:
        assert read(value, thread(TEXT)).kind in ("restyle", "regenerate")
