"""What a reviewer found: each fails until it is mended."""

from typing import Any

import openai

from tests.api.test_direct import address, fallback, models_text, primary, sdk  # noqa: F401
from tests.support.scripted_model import Script, ScriptedModel


async def test_an_answer_without_words_may_be_sent_back_too(
    sdk: openai.AsyncOpenAI,  # noqa: F811
    primary: ScriptedModel,  # noqa: F811
) -> None:
    """It thought until its tokens were used up; a conversation goes on from there."""
    primary.play(Script("text", text="", reasoning="想想", finish_reason="length"), Script("text", text="在的"))
    talk: list[Any] = [{"role": "user", "content": "在吗"}]
    first = await sdk.chat.completions.create(model="cuedesk", messages=talk)
    talk += [first.choices[0].message, {"role": "user", "content": "然后呢"}]
    second = await sdk.chat.completions.create(model="cuedesk", messages=talk)
    assert second.choices[0].message.content == "在的"
