"""What is used is what was counted, and what came since; of a document that broke off, what can be read of it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from backend.llm.adapters.anthropic import AnthropicDialect
from backend.llm.adapters.openai_compatible import OpenAIDialect
from backend.llm.gateway import ChatTurn, ModelRequest, Usage, estimate_tokens
from backend.llm.profiles import PROFILES
from backend.llm.reading import Reading

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
