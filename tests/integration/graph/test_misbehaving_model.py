"""The graph against a model that misbehaves: what reaches the operator is right, or an honest error."""

import json
from collections.abc import AsyncIterator, Sequence

import pytest
from langgraph.runtime import Runtime

from backend.errors import (
    LeaseLost,
    ModelError,
    ModelPayloadInvalid,
    ModelRateLimited,
    ModelRefused,
    ModelStreamCut,
    ModelTimeout,
    ModelUnavailable,
)
from backend.graph.judge import UNHEARD
from backend.graph.nodes.script import script
from backend.graph.prompts import sections
from backend.graph.replying import FILTERED, UNFINISHED
from backend.llm.gateway import ModelRequest, Piece
from backend.protocol.events import MessageComplete, NodeChanged, QualityFeedback, Token
from tests.integration.graph.conftest import GOOD, Desk, ScriptedModel

OPENING = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
QUESTION = "保温杯和焖烧杯有什么区别？"
LONG_OPENING = "给小雅的直播间写一段保温杯开场，30秒，要活泼一点，先讲上班族早上来不及喝热水的烦恼，再讲双层杯身"
SENTENCE = "今天给大家看的这只青禾316保温杯，双层杯身，热水倒进去，手握着外壁也不烫。"


class Parrot(ScriptedModel):
    """Reads its instructions out."""

    async def stream(self, request: ModelRequest) -> AsyncIterator[Piece]:
        self.asked.append(request)
        for turn in request.turns:
            yield Piece(text=turn.content + "\n")
        yield Piece(finish_reason="stop")


class Failing(ScriptedModel):
    """Says its text, then fails."""

    def __init__(self, texts: Sequence[str], error: type[ModelError]) -> None:
        super().__init__(texts)
        self.error = error

    async def stream(self, request: ModelRequest) -> AsyncIterator[Piece]:
        self.asked.append(request)
        yield Piece(text=self.texts[0])
        raise self.error


class CutOff(ScriptedModel):
    """Ends with a full stop, but only because its room was used up there, or for another reason that is no end."""

    def __init__(self, texts: Sequence[str], word: str = "length") -> None:
        super().__init__(texts)
        self.word = word

    async def stream(self, request: ModelRequest) -> AsyncIterator[Piece]:
        async for piece in super().stream(request):
            yield piece._replace(finish_reason=self.word) if piece.finish_reason else piece


class Held(ScriptedModel):
    """Knows when nobody reads it any more."""

    left = False

    async def stream(self, request: ModelRequest) -> AsyncIterator[Piece]:
        try:
            async for piece in super().stream(request):
                yield piece
        finally:
            self.left = True


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


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (json.dumps({"script": GOOD}, ensure_ascii=False), "Q11"),
        (GOOD.replace("青禾316保温杯", "【产品名称】"), "Q12"),
        (GOOD.replace("双层杯身", "只要XX元，双层杯身"), "Q12"),
        (f"{LONG_OPENING}。{LONG_OPENING}。{GOOD[-40:]}", "Q08"),
    ],
    ids=["JSON instead of words", "placeholder", "placeholder for a price", "the request said again"],
)
async def test_what_is_no_script_of_a_host_cannot_be_approved(desk: Desk, text: str, rule: str) -> None:
    desk.model = ScriptedModel([text])
    await desk.ask(LONG_OPENING if rule == "Q08" else OPENING)
    nothing_was_taken_back(desk)
    assert rule in blocking(desk)


@pytest.mark.parametrize("purpose", ["script", "chat"])
@pytest.mark.parametrize(
    "error", [ModelRateLimited, ModelTimeout, ModelUnavailable, ModelRefused, ModelStreamCut, ModelPayloadInvalid]
)
async def test_a_model_that_fails_is_told_by_its_code_whatever_it_was_to_say(
    desk: Desk, purpose: str, error: type[ModelError]
) -> None:
    desk.model = Failing(["保温杯先"], error)
    with pytest.raises(error):
        await desk.ask(OPENING if purpose == "script" else QUESTION)
    assert not desk.said(MessageComplete)
    assert not desk.interrupts
    assert [request.purpose for request in desk.model.asked] == [purpose]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        " \n",
        "<think>用户想知道区别",
        sections("chat")["role"],
        "好的。" + sections("chat")["role"][:60],
        "A vacuum cup keeps water hot for hours, while a stewing pot can cook porridge for you overnight.",
        "保温杯と煮込みポットの違いについて、詳しくご説明いたしますね。",
        QUESTION,
        "两者的区别是{{answer}}。",
        "[产品名称]更适合上班用。",
    ],
    ids=[
        "nothing", "blanks", "a thought", "the prompt", "part of the prompt", "English", "Japanese", "an echo",
        "a slot", "a placeholder",
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_an_honest_error(desk: Desk, answer: str) -> None:
    desk.model = ScriptedModel([answer])
    with pytest.raises(ModelPayloadInvalid):
        await desk.ask(QUESTION)
    assert not desk.said(MessageComplete)
    shown = "".join(token.content for token in desk.said(Token))
    assert shown in ("", "好的。"), "what is wrong is not shown before it is noticed"


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("<think>简短回答</think>保温杯管保温，焖烧杯能焖粥。", "保温杯管保温，焖烧杯能焖粥。"),
        ("## 区别\n**保温杯**管保温，`焖烧杯`能焖粥。\n", "区别\n保温杯管保温，焖烧杯能焖粥。"),
        ("iPhone 16 Pro Max 的 MagSafe 支架也能放。", "iPhone 16 Pro Max 的 MagSafe 支架也能放。"),
    ],
)
async def test_an_answer_is_shown_without_thoughts_and_markup(desk: Desk, answer: str, shown: str) -> None:
    desk.model = ScriptedModel([answer])
    await desk.ask(QUESTION)
    nothing_was_taken_back(desk)
    [message] = desk.said(MessageComplete)
    assert message.content == shown


CUT_OFF = pytest.mark.parametrize(
    ("word", "words"),
    [("length", "长度上限"), ("content_filter", "服务商按内容规则拦下"), ("Ran_Dry", "没有写完就停了")],
)


@CUT_OFF
async def test_an_answer_that_was_cut_off_says_so(desk: Desk, word: str, words: str) -> None:
    desk.model = CutOff(["保温杯管保温，焖烧杯"], word)
    await desk.ask(QUESTION)
    nothing_was_taken_back(desk)
    [message] = desk.said(MessageComplete)
    assert message.content.startswith("保温杯管保温，焖烧杯")
    assert message.content.endswith(FILTERED if word == "content_filter" else UNFINISHED)
    [done] = [one for one in desk.said(NodeChanged) if (one.node, one.status) == ("chat", "finished")]
    assert (done.detail["finished"], done.detail["ended"]) == (False, word)


async def test_a_judge_that_fails_is_told_to_the_operator_and_no_policy_lets_the_text_pass(desk: Desk) -> None:
    desk.judge = Failing([""], ModelRateLimited)
    await desk.ask(OPENING)
    question = desk.interrupts[-1].value
    [note] = [one for one in question["params"]["findings"] if one["rule"] == UNHEARD]
    assert (note["severity"], note["basis"]) == ("info", "model_rate_limited")
    assert "限流" in note["message"]
    assert not question["clean"]
    assert "approve" in question["allowed"], "it blocks nothing"


async def test_half_a_sentence_cannot_be_approved(desk: Desk) -> None:
    desk.model = ScriptedModel([GOOD[:70]])
    await desk.ask(OPENING)
    nothing_was_taken_back(desk)
    assert "Q09" in blocking(desk)


@CUT_OFF
async def test_a_text_that_its_model_did_not_end_is_not_taken_for_whole(desk: Desk, word: str, words: str) -> None:
    desk.model = CutOff([GOOD], word)
    await desk.ask(OPENING)
    assert "Q09" in blocking(desk)
    assert "approve" not in desk.interrupts[-1].value["allowed"]
    [told] = [one for one in desk.interrupts[-1].value["params"]["findings"] if one["rule"] == "Q09"]
    assert words in told["message"]
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


async def test_a_script_that_cannot_be_shown_hangs_up_on_the_model_at_once(desk: Desk) -> None:
    """As when the lease is lost: the provider must not write on until somebody tidies up."""
    await desk.ask(OPENING)
    held = desk.model = Held([GOOD])

    def show(frame: object) -> None:
        if isinstance(frame, Token):
            raise LeaseLost

    runtime = Runtime(context=desk.context, stream_writer=show)
    with pytest.raises(LeaseLost) as raised:
        await script({**desk.state, "round": 0, "report": {}}, runtime)  # type: ignore[typeddict-item]
    assert held.left, raised.tb  # as long as it is held, nobody tidies up for us
