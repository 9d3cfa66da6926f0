"""What is used is what was counted, and what came since; of a document that broke off, what can be read of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.llm.adapters.anthropic import AnthropicDialect
from backend.llm.adapters.openai_compatible import OpenAIDialect
from backend.llm.endpoint import Meter
from backend.llm.gateway import ChatTurn, ModelRequest, Piece, Usage, estimate_tokens
from backend.llm.profiles import PROFILES
from backend.llm.reading import Reading
from backend.llm.storable import storable, storable_json

REQUEST = ModelRequest("chat", [ChatTurn("user", "写一段开场")], {})


def reading(profile: str = "compatible") -> Reading:
    dialect = AnthropicDialect() if profile == "anthropic" else OpenAIDialect()
    return dialect.reading(REQUEST, PROFILES[profile])


def told(text: str = "", *, usage: int | None = None, thought: str = "") -> bytes:
    event: dict[str, object] = {"choices": [{"delta": {"content": text, "reasoning_content": thought}}]}
    if usage is not None:
        event["usage"] = {"prompt_tokens": 7, "completion_tokens": usage}
    return json.dumps(event).encode()


def test_nothing_came_and_nothing_is_used() -> None:
    assert reading().used() is None
    assert reading("anthropic").used() is None


def test_a_count_that_comes_with_a_part_holds_it_and_what_comes_later_is_estimated() -> None:
    answer = reading()
    answer.read(told("好的", usage=5))
    assert answer.used() == Usage(7, 5, estimated=False)
    answer.read(told("上链接" * 4))
    answer.read(told(thought="想想" * 4))
    since, thought = estimate_tokens("上链接" * 4), estimate_tokens("想想" * 4)
    assert answer.used() == Usage(7, 5 + since + thought, estimated=True, reasoning_tokens=thought)
    answer.read(told(usage=30))
    assert answer.used() == Usage(7, 30, estimated=False), "the newest count holds all"


def test_a_count_that_comes_with_a_part_of_a_call_holds_it() -> None:
    def called(arguments: str, **more: object) -> bytes:
        function = {"name": "f", "arguments": arguments}
        calls = [{"index": 0, "id": "a", "function": function}]
        return json.dumps({"choices": [{"delta": {"tool_calls": calls}}], **more}).encode()

    answer = reading()
    answer.read(called("", usage={"prompt_tokens": 7, "completion_tokens": 5}))
    assert answer.used() == Usage(7, 5, estimated=False)
    answer.read(called("上链接" * 4))
    assert answer.used() == Usage(7, 5 + estimate_tokens("f" + "上链接" * 4), estimated=True)


def test_what_a_tool_was_to_be_given_is_read_out_of_a_document_that_breaks_off() -> None:
    given = {"产品": "保温杯{大}，号", "quoted": '"a"', "count": 3}
    block = {"type": "tool_use", "id": "a", "name": "f", "input": given}
    body = json.dumps({"content": [block, block], "usage": {"output_tokens": 1}}, ensure_ascii=False).encode()
    one = estimate_tokens(json.dumps(given, ensure_ascii=False)[1:-1])
    for end, least in ((len(body), 2 * one), (body.rindex("号".encode()), one)):
        answer = reading("anthropic")
        answer.glimpse(body[:end])
        used = answer.used()
        assert used is not None
        assert least - 1 <= used.output_tokens <= 2 * one + 1


@given(text=st.text(), thought=st.text(), escaped=st.booleans(), data=st.data())
def test_any_beginning_of_a_document_is_read_and_for_no_more_than_it_says(
    text: str, thought: str, escaped: bool, data: st.DataObject
) -> None:
    message = {"role": "assistant", "reasoning_content": thought, "content": text}
    whole = json.dumps({"id": "x", "choices": [{"message": message}]}, ensure_ascii=escaped)
    body = whole.encode(errors="surrogatepass")
    answer = reading()
    answer.glimpse(body[: data.draw(st.integers(0, len(body)))])
    used = answer.used()
    if used is None:
        return
    assert used.estimated
    # A broken escape at the cut may count as the letters it is written with.
    assert used.output_tokens <= estimate_tokens(text) + estimate_tokens(thought) + len(whole)
    answer = reading()
    answer.glimpse(body)
    used = answer.used()
    assert used is not None
    assert used.output_tokens == estimate_tokens(text) + estimate_tokens(thought)


def test_blanks_before_an_answer_are_no_beginning_of_it() -> None:
    answer = reading()
    answer.glimpse(b"\n \n\n")
    assert answer.used() is None


@given(text=st.text(st.characters(), max_size=20))
def test_what_is_left_of_a_text_can_be_stored_and_the_rest_is_as_it_was(text: str) -> None:
    kept = storable(text)
    assert kept.encode().decode() == kept
    assert kept == "".join(one for one in text if one != "\0" and not "\ud800" <= one <= "\udfff")


@given(text=st.text(st.sampled_from('\0\\"u0a我'), max_size=20))
def test_json_is_left_without_zeros_and_as_it_was(text: str) -> None:
    assert json.loads(storable_json(json.dumps([text]))) == [text.replace("\0", "")]


@pytest.mark.parametrize("profile", ["compatible", "anthropic"])
@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
def test_no_part_of_an_answer_holds_what_nothing_can_store(profile: str, *, streamed: bool) -> None:
    answer = reading(profile)
    tool = {"id": "a\0", "name": "f\0", "arguments": "{\0}"}
    if profile == "anthropic":
        use = {"type": "tool_use", **tool, "input": {"x\0": "\0"}}
        blocks = [{"type": "text", "text": "你\0"}, {"type": "thinking", "thinking": "想\0"}, use]
        named = {"id": "i\0", "model": "m\0"}
        events = [{"type": "message_start", "message": named}]
        events += [{"type": "content_block_start", "index": at, "content_block": one} for at, one in enumerate(blocks)]
        partial = {"type": "input_json_delta", "partial_json": "\0"}
        events += [{"type": "content_block_delta", "index": 2, "delta": partial}]
        events += [{"type": "message_delta", "delta": {"stop_reason": "\0"}}]
        whole: dict[str, object] = {**named, "content": blocks, "stop_reason": "\0"}
    else:
        said = {"content": "你\0", "reasoning": "想\0"}
        called = {**said, "tool_calls": [{"index": 0, "id": tool["id"], "function": tool}]}
        deltas: list[dict[str, object]] = [{"content": "\0"}, {"content": "你\0"}, called]
        events = [{"choices": [{"delta": one, "finish_reason": None}]} for one in deltas]
        events += [{"id": "i\0", "model": "m\0", "choices": [{"delta": {}, "finish_reason": "\0"}]}]
        whole = {"id": "i\0", "model": "m\0", "choices": [{"message": called, "finish_reason": "\0"}]}
    if streamed:
        told = [piece for event in events if (piece := answer.read(json.dumps(event).encode())) is not None]
        assert r"\x00" not in repr(told)
        assert Piece() not in told
    else:
        answer.take_whole(whole)
    meter = Meter()
    answer.note(meter)
    assert not any("\0" in f"{call.id}{call.name}{call.arguments}" for call in answer.answer().tool_calls)
    assert (answer.answer().text.strip("你"), answer.answer().reasoning) == ("", "想")
    assert (meter.answer_id, meter.model, answer.finish_reason) == ("i", "m", "other")


@pytest.mark.parametrize("word", ["x" * 65, "two words", "<b>", "停"])
def test_an_end_that_is_told_in_no_plain_word_is_another(word: str) -> None:
    answer = reading()
    answer.read(json.dumps({"choices": [{"delta": {}, "finish_reason": word}]}).encode())
    assert answer.last_piece().finish_reason == "other"
