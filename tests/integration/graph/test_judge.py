"""The judge within the graph: it has the record before it, and what it says reaches whoever decides, of an edit too."""

import json

from tests.integration.graph.conftest import GOOD, Desk, ScriptedModel

OPENING = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
FULL = "一暖壶的水全装得下。"


def saying(quote: str, record: str) -> str:
    doubt = {"label": "fact", "quote": quote, "record": record, "why": "暖壶是两升"}
    return json.dumps({"findings": [doubt], "raised": []}, ensure_ascii=False)


async def test_a_doubt_against_the_record_is_shown_to_who_decides_and_an_edit_is_read_again(desk: Desk) -> None:
    place = GOOD.index("，") + 1
    words = GOOD[place : place + 7]
    edited = GOOD[:place] + FULL + GOOD[place:]
    desk.judge = ScriptedModel([saying(words, "容量：500毫升"), saying(FULL, "容量：500毫升")])
    await desk.ask(OPENING)
    question = desk.interrupts[-1].value
    (told,) = [one for one in question["params"]["findings"] if one["rule"] == "REC-fact"]
    assert (told["severity"], told["excerpt"]) == ("warn", words)
    assert words in told["message"]
    assert "对照的是“容量：500毫升”" in told["message"]
    assert not question["clean"], "no policy lets it pass by itself"
    assert "approve" in question["allowed"], "it blocks nothing"
    assert "不许说：贵" not in desk.judge.asked[0].turns[1].content

    await desk.decide("edit", content=edited)
    asked = desk.judge.asked[-1].turns[1].content
    assert len(desk.judge.asked) == 2
    assert FULL in asked
    assert "容量：500毫升" in asked
    assert ("REC-fact", FULL.rstrip("。")) in {
        (one["rule"], one["excerpt"]) for one in desk.state["report"]["findings"]
    }
    assert desk.state["outcome"] == "completed", "what it warns of of an edit holds nothing up"


async def test_what_was_asked_not_to_be_said_is_before_it(desk: Desk) -> None:
    desk.judge = ScriptedModel(['{"findings": [], "raised": []}'])
    await desk.ask(f"{OPENING}，不要提“贵”字，先别报价")
    asked = desk.judge.asked[0].turns[1].content
    assert "不许说：贵" in asked
    assert "不许说：价格" in asked
