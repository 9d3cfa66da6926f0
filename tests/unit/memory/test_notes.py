"""The notes of a thread: bounded whatever comes, told by what matters most, and without what must not be kept."""

from hypothesis import given
from hypothesis import strategies as st

from backend.memory.notes import Turn, cleaned, product_order, taken, told

OUTCOMES = ("waiting", "approved", "edited", "rejected", "expired", "cancelled", "failed", "asked", "answered")
turns = st.builds(
    Turn,
    said=st.text(max_size=200),
    outcome=st.sampled_from(OUTCOMES),
    place=st.none() | st.integers(1, 900),
    product=st.none() | st.sampled_from([f"产品{n}" for n in range(60)]),
    scenario=st.sampled_from(["开场", "卖点", None]),
    reason=st.text(max_size=100),
    wishes=st.fixed_dictionaries({}, optional={"style": st.lists(st.sampled_from(["温柔", "活泼"]), min_size=1)}),
)


@given(st.lists(turns, max_size=80), st.integers(0, 400))
def test_notes_are_bounded_and_a_line_is_never_cut(many: list[Turn], room: int) -> None:
    notes = None
    for turn in many:
        notes = taken(notes, turn)
    text = told(notes, room)
    assert len(text) <= room
    assert set(text.split("\n")) - {""} <= set(told(notes, 100_000).split("\n"))
    if notes is not None:
        assert notes["turns"] == len(many)
        assert all(len(notes.get(key, [])) <= most for key, most in (("products", 40), ("texts", 15), ("open", 5)))


def test_the_first_products_stay_known_in_their_order_when_there_are_too_many_to_keep() -> None:
    notes = None
    for n in range(55):
        notes = taken(notes, Turn("写", "approved", place=n + 1, product=f"产品{n}"))
    assert product_order(notes) == [f"产品{n}" for n in range(20)], "behind the gap nobody knows which is the thirtieth"


def test_what_matters_most_is_told_when_there_is_little_room() -> None:
    notes = None
    for n in range(30):
        notes = taken(notes, Turn("写", "approved", place=n + 1, product=f"产品{n % 12}", scenario="卖点",
                                  wishes={"must_not_say": ["价格"], "seconds": 30}))  # fmt: skip
    notes = taken(notes, Turn("给冲锋衣写一段", "failed", wishes=notes["wishes"]))
    lines = told(notes, 80).split("\n")
    assert lines[0] == "长期要求：每条约30秒；不说价格。"
    assert lines[1] == "还没了结：没写成，原话“给冲锋衣写一段”。"
    assert "第30条：产品5·卖点，已通过。" in told(notes, 1000)


def test_what_is_open_is_settled_by_the_text_it_waited_for() -> None:
    notes = taken(None, Turn("写个开场", "asked"))
    notes = taken(notes, Turn("辣条卖点", "expired", place=1, product="辣条", scenario="卖点"))
    assert [one["why"] for one in notes["open"]] == ["asked", "expired"]
    notes = taken(notes, Turn("好的", "answered"))
    assert len(notes["open"]) == 2, "talk settles nothing"
    notes = taken(notes, Turn("保温杯开场", "approved", place=2, product="保温杯", scenario="开场"))
    assert [one["why"] for one in notes["open"]] == ["expired"]
    notes = taken(notes, Turn("辣条卖点", "approved", place=3, product="辣条", scenario="卖点"))
    assert notes["open"] == []


def test_a_turn_is_masked_and_what_is_refused_is_not_kept() -> None:
    turn = Turn("打给13812345678", "rejected", place=1, product="保温杯", reason="坏话",
                wishes={"must_say": ["坏话", "包邮"], "seconds": 30})  # fmt: skip
    kept = cleaned(turn, mask=lambda text: text.replace("13812345678", "***"), refused=lambda text: "坏话" in text)
    assert kept is not None
    assert (kept.said, kept.reason, kept.wishes) == ("打给***", "", {"must_say": ["包邮"], "seconds": 30})
    assert cleaned(turn, mask=str, refused=lambda text: text == "保温杯") is None
