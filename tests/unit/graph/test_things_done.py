"""What is to be done in the shop, one thing or several, and the word on what waits."""

from dataclasses import replace

import pytest

from backend.graph.intent.reading import read
from tests.unit.graph.cases import SITUATIONS

EMPTY, CUP = SITUATIONS["empty"], SITUATIONS["cup"]
WAITING = replace(CUP, waiting=True)


@pytest.mark.parametrize(
    ("message", "about", "later"),
    [
        ("两件事：一，辣条价格改成45；二，给新粉发一张满99减10的券", "price", ["给新粉发一张满99减10的券"]),
        ("两个事 1.辣条下架 2.面霜库存加到300", "shelf", ["面霜库存加到300"]),
        ("帮我做两件事：第一，辣条改价45，第二，面霜补货100", "price", ["面霜补货100"]),
        ("三件事：一、辣条下架；二、面霜上架；三、发张满50减5的券", "shelf", ["面霜上架", "发张满50减5的券"]),
        ("辣条价格改成45，然后给新粉发张券", "price", ["给新粉发张券"]),
        ("先把辣条下架，再把面霜上架", "shelf", ["把面霜上架"]),
        ("一，辣条价格改成9块；二，写个促销", "price", ["写个促销，产品是卫龙辣条"]),
    ],
)
def test_of_several_things_to_be_done_the_first_is_read_and_the_rest_waits(
    message: str, about: str, later: list[str]
) -> None:
    reading = read(message, EMPTY)
    assert (reading.kind, reading.about, list(reading.later)) == ("action", about, later)


@pytest.mark.parametrize(
    "message",
    [
        "取消那个订单，给他退款",
        "查一下辣条库存，没货就下架",
        "查一下辣条库存，然后没货就下架",
        "改价到1.5，2.0的那个别动",
    ],
)
def test_one_thing_in_two_steps_is_one(message: str) -> None:
    assert read(message, EMPTY).later == ()


def test_texts_that_are_counted_are_texts() -> None:
    reading = read("一、写辣条开场；二、写面霜卖点", EMPTY)
    assert (reading.kind, reading.scenario, len(reading.later)) == ("write", "opening", 1)


@pytest.mark.parametrize(
    "message",
    [
        "ready了，帮我把直播间开播，go live",
        "直播间上线",
        "把直播间下线吧",
        "go live now",
        "直播间可以开播了",
        "start the stream",
    ],
)
def test_the_room_is_opened_and_closed(message: str) -> None:
    reading = read(message, EMPTY)
    assert (reading.kind, reading.about) == ("action", "live")


@pytest.mark.parametrize(
    "message",
    [
        "直播间开播的话术写一段辣条的",
        "新品上线，写个辣条开场",
        "we go live at 8, write an opening for 辣条",
        "直播间可以开播了吗",
    ],
)
def test_what_is_said_when_the_room_opens_opens_none(message: str) -> None:
    assert read(message, EMPTY).kind != "action"


@pytest.mark.parametrize(
    "message",
    [
        "抱歉，这一稿先不通过，辛苦了",
        "不好意思这稿打回吧",
        "这版先不批",
        "麻烦了，先通过吧",
        "不好意思，这条退回，太长了",
    ],
)
def test_a_polite_word_on_what_waits_is_the_decision(message: str) -> None:
    reading = read(message, WAITING)
    assert (reading.kind, reading.about) == ("chat", "decision")


@pytest.mark.parametrize(
    ("message", "kind", "about"),
    [
        ("这一稿能通过吗", "chat", "question"),
        ("这一版再短一点", "restyle", None),
        ("这段不行，重写", "regenerate", None),
        ("这稿通过，再写一段面霜的开场", "write", None),
        ("approve了，go live", "chat", "decision"),
    ],
)
def test_only_a_word_on_what_waits_is_the_decision(message: str, kind: str, about: str | None) -> None:
    reading = read(message, WAITING)
    assert (reading.kind, reading.about) == (kind, about)
