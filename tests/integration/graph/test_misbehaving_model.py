"""The graph against a model that misbehaves: what reaches the operator is right, or an honest error."""

from collections.abc import AsyncIterator

import pytest

from backend.errors import ModelPayloadInvalid
from backend.graph.prompts import sections
from backend.llm.gateway import ModelRequest, Piece
from backend.protocol.events import MessageComplete, NodeChanged, QualityFeedback, Token
from tests.integration.graph.conftest import GOOD, Desk, ScriptedModel

OPENING = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
SENTENCE = "今天给大家看的这只青禾316保温杯，双层杯身，热水倒进去，手握着外壁也不烫。"


class Parrot(ScriptedModel):
    """Reads its instructions out."""

    async def stream(self, request: ModelRequest) -> AsyncIterator[Piece]:
        self.asked.append(request)
        for turn in request.turns:
            yield Piece(text=turn.content + "\n")
        yield Piece(finish_reason="stop")


class CutOff(ScriptedModel):
    """Ends with a full stop, but only because its room was used up there."""

    async def stream(self, request: ModelRequest) -> AsyncIterator[Piece]:
        async for piece in super().stream(request):
            yield piece._replace(finish_reason="length") if piece.finish_reason else piece


def nothing_was_taken_back(desk: Desk) -> None:
    """What streamed is what the message says in the end, draft by draft."""
    for message in desk.said(MessageComplete):
        shown = "".join(token.content for token in desk.said(Token) if token.message_id == message.message_id)
        assert shown.strip() == message.content


def blocking(desk: Desk) -> set[str]:
    feedback = desk.said(QualityFeedback)[-1]
    assert (feedback.verdict, feedback.final) == ("block", True)
    assert "approve" not in desk.interrupts[-1].value["allowed"]
    return {finding.rule for finding in feedback.findings if finding.severity == "block"}


@pytest.mark.parametrize("text", ["", "  \n", "好的，没问题！", "<think>先想想怎么写开场"])
async def test_a_model_that_says_nothing_is_an_error_and_no_empty_script(desk: Desk, text: str) -> None:
    desk.model = ScriptedModel([text])
    with pytest.raises(ModelPayloadInvalid):
        await desk.ask(OPENING)
    assert not desk.said(MessageComplete)
    assert not desk.interrupts


@pytest.mark.parametrize(
    "written",
    [
        f"好的，以下是为您撰写的保温杯开场话术：\n\n{GOOD}\n\n希望这段话术对您有帮助，如需调整请告诉我。",
        f"Sure, here is the script:\n{GOOD}",
        f"# 保温杯开场\n\n【开场】\n**{GOOD[:20]}**{GOOD[20:]}\n\n（以上约120字）",
        f"```\n{GOOD}\n```",
        f"<think>用户要开场，先写一个问题。</think>{GOOD}",
        f"主播：{GOOD.replace('热水倒进去', '（展示杯身）热水倒进去😀')}",
    ],
)
async def test_what_a_model_writes_around_the_script_is_never_shown(desk: Desk, written: str) -> None:
    desk.model = ScriptedModel([written])
    await desk.ask(OPENING)
    nothing_was_taken_back(desk)
    assert desk.interrupts[-1].value["params"]["content"] == GOOD
    assert len(desk.model.asked) == 1
    [done] = [one for one in desk.said(NodeChanged) if (one.node, one.status) == ("script", "finished")]
    assert done.detail["left_out"]


async def test_the_prompt_read_out_cannot_be_approved(desk: Desk) -> None:
    desk.model = Parrot([])
    await desk.ask(OPENING)
    nothing_was_taken_back(desk)
    assert "Q08" in blocking(desk)


async def test_one_line_of_the_prompt_in_a_good_script_cannot_be_approved(desk: Desk) -> None:
    line = sections("script")["opening"].strip()
    desk.model = ScriptedModel([GOOD + line] * 3)
    await desk.ask(OPENING)
    assert "Q08" in blocking(desk)


@pytest.mark.parametrize(
    "text",
    [
        "Good morning everyone! Have you ever found your hot water cold by noon? Today I have a vacuum cup for you. "
        "Tap the link below and place your order now.",
        "皆さん、おはようございます。朝入れたお湯がお昼にはもう冷めている、そんなことありませんか？下のリンクからどうぞ。",
    ],
)
async def test_another_language_cannot_be_approved(desk: Desk, text: str) -> None:
    desk.model = ScriptedModel([text])
    await desk.ask(OPENING)
    nothing_was_taken_back(desk)
    assert "Q16" in blocking(desk)


async def test_half_a_sentence_cannot_be_approved(desk: Desk) -> None:
    desk.model = ScriptedModel([GOOD[:70]])
    await desk.ask(OPENING)
    nothing_was_taken_back(desk)
    assert "Q09" in blocking(desk)


async def test_a_text_that_ran_out_of_room_is_not_taken_for_whole(desk: Desk) -> None:
    desk.model = CutOff([GOOD])
    await desk.ask(OPENING)
    assert "Q09" in blocking(desk)
    await desk.decide("edit", content=GOOD)
    assert desk.state["outcome"] == "completed"


async def test_a_sentence_that_comes_ten_times_is_shown_once_and_not_taken_for_a_script(desk: Desk) -> None:
    desk.model = ScriptedModel([SENTENCE * 10])
    await desk.ask(OPENING)
    nothing_was_taken_back(desk)
    assert {message.content for message in desk.said(MessageComplete)} == {SENTENCE}
    feedback = desk.said(QualityFeedback)[-1]
    assert feedback.verdict == "warn"
    assert any(finding.severity in ("fail", "warn") and finding.rule == "Q01" for finding in feedback.findings)


async def test_the_product_before_cannot_come_back_after_a_switch(desk: Desk) -> None:
    await desk.ask(OPENING)
    await desk.decide("approve")
    desk.model = ScriptedModel(
        ["嘴巴闲不住的朋友，看看卫龙辣条？配料表翻过来就能看。刚才的青禾保温杯也别忘了。想要的点下方小黄车的链接下单。"]
    )
    await desk.ask("换成卫龙辣条，继续卖点介绍")
    nothing_was_taken_back(desk)
    assert "Q07" in blocking(desk)


async def test_a_good_second_draft_is_what_the_operator_decides_on(desk: Desk) -> None:
    desk.model = ScriptedModel([GOOD[:70], GOOD])
    await desk.ask(OPENING)
    nothing_was_taken_back(desk)
    assert [feedback.final for feedback in desk.said(QualityFeedback)] == [False, True]
    assert desk.interrupts[-1].value["params"]["content"] == GOOD
    assert "approve" in desk.interrupts[-1].value["allowed"]


async def test_the_writer_knows_what_the_room_has_heard(desk: Desk) -> None:
    await desk.ask(OPENING)
    assert desk.model.asked[0].brief["aired"] == []
    await desk.decide("approve")
    await desk.ask("写一段保温杯的种草，45秒")
    assert desk.model.asked[-1].brief["aired"] == [GOOD]
    # Told the same again, the person who decides is told so.
    assert any(finding.rule == "Q10" for finding in desk.said(QualityFeedback)[-1].findings)
