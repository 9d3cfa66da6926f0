"""Why an answer ended: every provider's word for it, and what is held of words that nobody knows."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from backend.errors import ModelPayloadInvalid, ModelStreamCut
from backend.llm.storable import storable

End = Literal["stop", "length", "tool_calls", "content_filter"]

#: The words of an end, in lower case: of OpenAI, Anthropic, Gemini, Bedrock, Mistral, Cohere, Ollama, Zhipu, watsonx,
#: vLLM, SGLang and TGI.
_ENDS: Final[Mapping[str, End]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "stop", "end_turn", "stop_sequence", "complete", "completed", "eos", "eos_token", "endoftext",
                "end_of_text", "end", "finish", "finished", "done", "normal",
            ),
            "stop",
        ),
        **dict.fromkeys(
            (
                # The last one: the model has paused and would say more if it were asked on.
                "length", "max_tokens", "max_output_tokens", "max_length", "model_length", "token_limit", "error_limit",
                "model_context_window_exceeded", "pause_turn",
            ),
            "length",
        ),
        **dict.fromkeys(("tool_calls", "tool_call", "tool_use", "function_call"), "tool_calls"),
        **dict.fromkeys(
            (
                "content_filter", "content_filtered", "safety", "image_safety", "recitation", "blocklist", "language",
                "prohibited_content", "spii", "refusal", "sensitive", "guardrail_intervened", "error_toxic",
            ),
            "content_filter",
        ),
    }
)  # fmt: skip
#: Whoever says these gave up in the middle; another attempt may come to an end.
_CUT: Final = frozenset(
    {
        "error", "network_error", "server_error", "internal_error", "engine_error", "insufficient_system_resource",
        "abort", "aborted", "cancel", "canceled", "cancelled", "user_cancel", "failed", "failure", "interrupted",
        "timeout", "time_limit", "overloaded",
    }
)  # fmt: skip
#: What the model wrote could not be read by its own server.
_MALFORMED: Final = frozenset(
    {
        "malformed_function_call", "malformed_tool_use", "malformed_model_output", "malformed_response",
        "unexpected_tool_call", "too_many_tool_calls", "missing_thought_signature",
    }
)  # fmt: skip
#: What is said while an answer has not ended: Gemini's, watsonx', DashScope's.
_NO_WORDS: Final = frozenset({"finish_reason_unspecified", "not_finished", "null", "none"})
#: What may stand in accounts, spans and answers as the reason of an end.
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")


def reason_of(told: str, *, says_end: bool = True) -> str | None:
    """Return why an answer ended: one of `End`, or a word that nobody knows as it is (`other`, if it is no plain word).
    None where the word says that it has not.

    What nobody knows is neither failed nor whole: there is a text, and whoever reads it is told that it may break off.
    Of a model that is declared to say no end (`says_end` is False) it means nothing, and is `stop`.

    Raises:
        ModelStreamCut: the provider gave up in the middle.
        ModelPayloadInvalid: it could not read what its model wrote.
    """
    if not told:
        return None
    told = storable(told)
    word = told.lower()
    if (end := _ENDS.get(word)) is not None:
        return end
    if word in _CUT:
        raise ModelStreamCut(reason=word)
    if word in _MALFORMED:
        raise ModelPayloadInvalid(reason=word)
    if word in _NO_WORDS:
        return None
    return plain_word(told) if says_end else "stop"


def is_known(reason: str) -> bool:
    """Tell whether `reason_of` knew the word."""
    return reason in _ENDS


def plain_word(told: str) -> str:
    """Return a provider's own word for why an answer ended; `other` for what is no word, whatever it may hold."""
    return told if _WORD.fullmatch(told) else "other"
