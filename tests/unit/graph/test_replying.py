"""Answers of the chat, by the sentence: what is shown does not depend on the pieces in which it comes."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import ModelPayloadInvalid
from backend.graph.prompts import sections
from backend.graph.replying import Reply
from backend.llm.gateway import Piece

QUESTION = "保温杯和焖烧杯有什么区别？"
PARTS = (
    "保温杯管保温", "。", "！！", "\n", "<think>", "先想想。", "</think>", "**", "`", "## 区别\n", "3.5 < 4", "<b>",
    "iPhone 16", "The quick brown fox jumps over lazy dogs", "[产品名称]", sections("chat")["role"][:40],
)  # fmt: skip


def shown(pieces: list[str]) -> str:
    reply = Reply(QUESTION)
    try:
        return "".join([*(reply.feed(piece) for piece in pieces), reply.end(Piece(finish_reason="stop"))])
    except ModelPayloadInvalid as error:
        return f"error: {error.message}"


@given(st.lists(st.sampled_from(PARTS), max_size=8), st.data())
@settings(max_examples=150, deadline=None)
def test_an_answer_is_the_same_in_whatever_pieces_it_comes(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert shown(pieces) == shown([text]) == shown(list(text))


@pytest.mark.parametrize(
    "line",
    [
        line.strip()
        for line in (Path(__file__).parents[3] / "backend/llm/adapters/offline/phrases/chat.txt")
        .read_text(encoding="utf-8")
        .splitlines()
        if line.strip() and line[0] not in "#["
    ],
)
def test_everything_the_offline_writer_answers_passes(line: str) -> None:
    assert shown([line]) == line
