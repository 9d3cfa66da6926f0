"""What an order makes of a room's stage: plain functions of the stage and the moment."""

import json
import random
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.reading import carry, pace_of, rate_of, spoken_in
from backend.domain.stages import Script, Stage, begun, cued, ordered
from backend.errors import NothingOnStage, NothingWaits, VersionConflict
from backend.protocol.commands import PrompterOrder

TEXT = "大家好，今天看一只保温杯。\n【举起产品】\n三一六不锈钢内胆，早上灌的热水下午还烫嘴。"
T = 1_700_000_000_000
CASES = json.loads((Path(__file__).parents[2] / "frontend/tests/reading.json").read_text(encoding="utf-8"))


def script(version: int, content: str = TEXT, number: int = 1) -> Script:
    return Script(version, UUID(int=number), 1, f"稿{number}", content, 240)


def stage(content: str = TEXT, **fields: Any) -> Stage:
    return Stage(1, 1, UUID(int=1), 1, "稿1", content, 240, **{"at_ms": T, **fields})


def order(action: str, version: int = 1, **fields: Any) -> PrompterOrder:
    return PrompterOrder(version=version, action=action, **fields)  # type: ignore[arg-type]


def do(on: Stage, action: str, now: int = T, latest: Script | None = None, version: int = 1, **fields: Any) -> Stage:
    return ordered(on, latest or script(on.version), order(action, version, **fields), now)


def test_a_text_that_plays_passes_at_its_pace_and_stops_at_its_end() -> None:
    playing = do(stage(), "play")
    assert playing.position_at(T) == 0
    assert playing.position_at(T + 1000) == pytest.approx(rate_of(TEXT, 240))
    assert playing.position_at(T - 5000) == 0
    assert playing.position_at(T + 3_600_000) == len(TEXT)
    assert playing.is_read(T + 1000)
    assert not playing.is_read(T + 3_600_000)


def test_what_is_read_aloud_takes_the_time_that_the_pace_says() -> None:
    content = "今天的保温杯，" * 20
    assert len(content) / rate_of(content, 240) == pytest.approx(spoken_in(content) / 240 * 60)
    assert pace_of(content, rate_of(content, 333)) == pytest.approx(333)


def test_it_stands_where_the_sender_saw_it_or_where_it_is() -> None:
    playing = do(stage(), "play")
    assert do(playing, "pause", T + 2000, value=7.5).position == 7.5
    paused = do(playing, "pause", T + 2000)
    assert paused.position == pytest.approx(2 * playing.rate)
    assert paused.position_at(T + 9000) == paused.position


def test_another_pace_counts_from_the_moment_it_is_given() -> None:
    faster = do(do(stage(), "play"), "speed", T + 1000, value=360)
    assert faster.position == pytest.approx(rate_of(TEXT, 240))
    assert faster.position_at(T + 2000) == pytest.approx(rate_of(TEXT, 240) + rate_of(TEXT, 360))


def test_a_countdown_lets_it_stand_until_its_end_whatever_the_pace_becomes_meanwhile() -> None:
    counting = do(do(stage(), "play", after_ms=3000), "speed", T + 1000, value=300)
    assert (counting.at_ms, counting.position_at(T + 3000), counting.is_read(T)) == (T + 3000, 0, True)
    assert counting.position_at(T + 4000) == pytest.approx(rate_of(TEXT, 300))


def test_read_to_the_end_it_begins_again() -> None:
    done = stage(position=len(TEXT))
    assert do(done, "play").position == 0
    back = do(done, "play", reverse=True)
    assert back.position_at(T + 1000) == pytest.approx(len(TEXT) + back.rate)
    assert back.rate < 0


def test_a_target_sets_the_pace_that_reaches_it() -> None:
    aimed = do(stage("今天的保温杯，" * 40), "target", value=60)
    assert aimed.target_at_ms == T + 60_000
    assert do(aimed, "play").position_at(T + 60_000) == pytest.approx(len(aimed.content), rel=0.01)
    assert do(aimed, "speed", value=240).target_at_ms == T + 60_000
    assert do(aimed, "target").target_at_ms is None
    assert do(stage(), "target", value=1).pace == 600


def test_a_correction_keeps_the_place_and_the_motion() -> None:
    playing = do(stage(position=TEXT.index("三")), "play")
    patched = cued(playing, script(2, "新的开头。\n" + TEXT), T + 1000)
    assert (patched.version, patched.playing, patched.pace) == (2, True, 240)
    assert patched.position == pytest.approx(playing.position_at(T + 1000) + len("新的开头。\n"))


def test_another_text_waits_while_one_is_read_and_comes_at_once_when_none_is() -> None:
    playing = do(stage(), "play")
    other = script(2, "下一段。", 2)
    assert cued(playing, other, T + 1000) is playing
    assert cued(playing, other, T + 3_600_000).version == 2
    fresh = cued(stage(position=5.0, blank=True), other, T)
    assert (fresh.version, fresh.position, fresh.playing, fresh.blank) == (2, 0, False, True)


def test_what_waits_is_taken_standing_or_cut_in_running_and_announced() -> None:
    playing, waiting = do(stage(), "play"), script(2, "下一段。", 2)
    taken = do(playing, "take", latest=waiting, version=2)
    assert (taken.version, taken.content, taken.playing, taken.position) == (2, "下一段。", False, 0)
    cut = do(playing, "cut", latest=waiting, version=2)
    assert (cut.version, cut.playing, cut.at_ms) == (2, True, T + 3000)
    now = do(playing, "cut", latest=waiting, version=2, after_ms=0)
    assert (now.playing, now.at_ms) == (True, T)
    assert not do(stage(), "cut", latest=waiting, version=2).playing


def test_the_pace_that_a_person_gave_stays_from_text_to_text_until_another_is_given() -> None:
    waiting = script(2, "下一段。", 2)
    faster = do(do(stage(), "play"), "speed", T + 1000, value=300)
    for action in ("take", "cut"):
        assert do(faster, action, T + 2000, latest=waiting, version=2).pace == 300
    taken = do(faster, "take", T + 2000, latest=waiting, version=2)
    third = cued(taken, script(3, "第三段。", 3), T + 3000)
    assert (third.version, third.pace) == (3, 300)
    assert cued(do(third, "speed", T + 4000, value=200), script(4, "第四段。", 4), T + 5000).pace == 200
    # Given before there is any text, it holds for the first.
    assert cued(do(begun(0, script(0, ""), T), "speed", value=280), script(1), T + 1000).pace == 280


def test_what_nobody_chose_or_only_one_text_needed_is_not_the_next_texts_pace() -> None:
    other = script(2, "下一段。", 2)
    slow = Script(3, UUID(int=3), 1, "慢稿", "第三段。", 180)
    assert cued(cued(stage(), other, T), slow, T).pace == 180
    hurried = do(do(stage("今天的保温杯，" * 40), "speed", value=300), "target", value=30)
    assert hurried.pace != 300
    assert cued(hurried, slow, T + 1000).pace == 300
    # Hours later another session begins, as its host speaks.
    faster = do(stage(), "speed", value=300)
    assert cued(faster, slow, T + 5 * 3_600_000).pace == 300
    later = cued(faster, slow, T + 7 * 3_600_000)
    assert (later.pace, later.chosen_pace) == (180, None)


def test_the_session_counts_from_its_first_start_through_every_text_until_nothing_moves_for_hours() -> None:
    other = script(2, "下一段。", 2)
    assert stage().transport().live_since_ms is None
    begun_at = do(stage(), "play", T + 1000, after_ms=3000)
    assert begun_at.transport().live_since_ms == T + 4000
    again = do(do(begun_at, "pause", T + 9000), "play", T + 60_000)
    assert again.live_since_ms == T + 4000
    assert do(again, "cut", T + 70_000, latest=other, version=2).live_since_ms == T + 4000
    assert cued(do(again, "pause", T + 70_000), other, T + 80_000).live_since_ms == T + 4000
    evening = T + 80_000 + 7 * 3_600_000
    assert cued(do(again, "pause", T + 70_000), other, evening).live_since_ms is None
    later = do(do(again, "speed", T + 70_000, value=300), "play", evening, value=0)
    assert (later.live_since_ms, later.chosen_pace) == (evening, None)


def test_during_the_heads_up_the_reader_stops_and_starts_what_the_screen_still_shows() -> None:
    playing, waiting = do(stage(), "play"), script(2, "下一段。", 2)
    cut = do(playing, "cut", latest=waiting, version=2)
    stopped = do(cut, "pause", T + 1000, waiting, version=1, value=9)
    assert (stopped.version, stopped.playing, stopped.position, stopped.at_ms) == (2, False, 0, T + 3000)
    assert stopped.revision == cut.revision + 1
    assert do(stopped, "pause", T + 1100, waiting, version=1) is stopped
    again = do(stopped, "play", T + 2000, waiting, version=1, value=9, after_ms=150)
    assert (again.playing, again.position, again.at_ms) == (True, 0, T + 3000), "it comes when it was told to come"
    # Once it is there, and for anything else, the text before it has gone.
    for action, now in (("pause", T + 3000), ("play", T + 3000), ("seek", T + 1000)):
        with pytest.raises(VersionConflict):
            do(cut, action, now, waiting, version=1, value=1)
    at_once = do(playing, "cut", latest=waiting, version=2, after_ms=0)
    with pytest.raises(VersionConflict):
        do(at_once, "pause", T, waiting, version=1)


def test_what_was_announced_comes_at_its_moment_whatever_is_ordered_meanwhile() -> None:
    waiting = script(2, TEXT * 4, 2)
    cut = do(do(stage(), "play"), "cut", latest=waiting, version=2)
    counted = do(stage(TEXT * 4), "play", after_ms=3000)
    for announced, version in ((cut, 2), (counted, 1)):
        for action, value in (("pause", None), ("seek", 5), ("speed", 300), ("target", 60), ("blank", 1)):
            after = do(announced, action, T + 1000, version=version, value=value)
            assert after.at_ms == T + 3000, action
            assert after.version == version
        corrected = cued(announced, script(3, announced.content + "再说一句。", 2 if announced is cut else 1), T + 1000)
        assert (corrected.version, corrected.at_ms) == (3, T + 3000)


def test_who_looks_for_a_place_after_the_end_stands_there_until_it_is_played() -> None:
    playing = do(stage(), "play")
    over = T + 3_600_000
    there = do(playing, "seek", over, value=5)
    assert (there.playing, there.position) == (False, 5)
    assert there.position_at(over + 9000) == 5
    # While it is read, it runs on from there.
    assert do(playing, "seek", T + 1000, value=5).playing


def test_a_target_after_the_end_hurries_nobody() -> None:
    playing = do(stage(), "play")
    late = do(playing, "target", T + 3_600_000, value=300)
    assert (late.pace, late.target_at_ms) == (playing.pace, T + 3_600_000 + 300_000)


def test_an_order_about_a_text_that_is_not_there_any_more_is_refused() -> None:
    for action in ("play", "pause", "seek"):
        with pytest.raises(VersionConflict) as refused:
            do(stage(), action, version=2, value=1)
        assert refused.value.details == {"version": 1, "on_stage": 1}
    with pytest.raises(NothingWaits):
        do(stage(), "take")
    with pytest.raises(VersionConflict):
        do(stage(), "take", latest=script(3, number=2), version=2)
    with pytest.raises(NothingOnStage):
        do(stage(""), "play")
    assert do(stage(), "blank", version=99).blank


def test_a_note_stands_for_a_while_and_only_the_one_that_was_read_goes() -> None:
    noted = do(stage(), "note", text=" 库存剩 120 ", value=5)
    assert noted.note is not None
    assert (noted.note.text, noted.note.until_ms) == ("库存剩 120", T + 5000)
    assert do(noted, "dismiss", note_id=UUID(int=9)) is noted
    assert do(noted, "dismiss", note_id=noted.note.id).note is None
    assert do(noted, "note").note is None


def test_what_changes_nothing_is_no_revision() -> None:
    dark = do(stage(), "blank")
    assert dark.revision == 2
    assert do(dark, "blank") is dark


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "seek"},
        {"action": "speed", "value": 59},
        {"action": "speed", "value": 601},
        {"action": "blank", "value": 2},
        {"action": "note", "text": "好", "value": 0},
        {"action": "target", "value": 0},
        {"action": "dismiss"},
        {"action": "cue"},
        {"action": "display", "display_id": str(UUID(int=1))},
        {"action": "display", "settings": {}},
        {"action": "play", "value": -1},
        {"action": "play", "value": float("nan")},
        {"action": "play", "after_ms": 10_001},
        {"action": "dance"},
        {"action": "note", "text": "长" * 201},
        {"action": "play", "speed": 2},
    ],
)
def test_an_order_that_says_too_little_or_too_much_is_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        PrompterOrder.model_validate({"version": 1, **wrong})


@given(st.integers(0, 2**32))
def test_whatever_is_ordered_the_text_is_within_itself_and_the_revision_grows(seed: int) -> None:
    chance = random.Random(seed)
    on, latest, now = begun(0, script(1), T), script(1), T
    for _ in range(30):
        now += chance.choice((0, 40, 900, 30_000))
        if chance.random() < 0.2:
            latest = script(latest.version + 1, TEXT[chance.randrange(9) :], chance.randrange(1, 3))
            after = cued(on, latest, now)
        else:
            action = chance.choice(("play", "pause", "seek", "speed", "target", "take", "cut", "blank", "note"))
            value = 100 + chance.random() * 300 if action in ("seek", "speed", "target") else None
            value = 1 if action in ("blank", "note") else value
            version = latest.version if action in ("take", "cut") else on.version
            said = order(action, version, value=value, after_ms=chance.choice((None, 0, 2000)), text="看这里")
            try:
                after = ordered(on, latest, said, now)
            except (NothingWaits, NothingOnStage):
                continue
        assert after is on or after.revision == on.revision + 1
        assert after.version <= latest.version
        on = after
        for later in (now - 10_000, now, now + 700, now + 10**8):
            assert 0 <= on.position_at(later) <= len(on.content)
        # What displays are told is enough to know the place, by the words of the protocol.
        told = on.transport()
        moved = told.rate * max(0, now + 700 - told.at_ms) / 1000 if told.playing else 0
        assert min(max(told.position + moved, 0), told.length) == pytest.approx(on.position_at(now + 700))


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_the_server_counts_and_carries_as_the_page_does(case: dict[str, Any]) -> None:
    assert spoken_in(case["before"]) == case["spoken"]
    assert rate_of(case["before"], 240) == pytest.approx(case["rate"])
    for position, expected in case["places"]:
        assert carry(case["before"], case["after"], position) == pytest.approx(expected)
