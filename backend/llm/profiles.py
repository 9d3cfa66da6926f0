"""What is particular about each provider. A provider is a row here unless it speaks a dialect of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, get_args

from backend.errors import Failure
from backend.llm.gateway import Ability

Dialect = Literal["openai", "anthropic", "langchain", "offline"]
#: What a provider is told of the shape of an answer: the schema, that it be a JSON object, or nothing but words.
Shaping = Literal["schema", "json", "words"]


@dataclass(frozen=True, slots=True)
class Profile:
    """How one provider is spoken to.

    `base_url` is its public address; None where everybody has their own. `codes` are its error codes that mean
    nothing elsewhere.
    """

    dialect: Dialect = "openai"
    base_url: str | None = None
    needs_key: bool = True
    #: The header of the key; `Authorization` takes it as a bearer token.
    key_header: str = "Authorization"
    #: The header that makes a repeated request one request; None where the provider knows none.
    idempotency_header: str | None = None
    #: Whether it must be asked to report usage at the end of a stream (`stream_options`).
    asks_for_usage: bool = True
    max_tokens_field: str = "max_tokens"
    #: Whether its streams say why they ended, so that one without is cut. All known ones do.
    says_end: bool = True
    #: Whether what the model thought before it called tools must be sent back beside the calls.
    wants_reasoning: bool = False
    #: None: nobody knows what such a server takes, so it is found out (ladder.py).
    shaping: Shaping | None = "json"
    #: What it does not take: who asks for it is answered by another.
    lacks: frozenset[Ability] = frozenset()
    codes: Mapping[str, Failure] = field(default_factory=lambda: MappingProxyType({}))


def _of(failure: Failure, *codes: int) -> dict[str, Failure]:
    return {str(code): failure for code in codes}


#: docs.bigmodel.cn, "API 错误码".
_ZHIPU_CODES: Final[Mapping[str, Failure]] = MappingProxyType(
    {
        **_of("auth", 1000, 1001, 1002, 1003, 1004, 1110, 1111, 1112, 1121, 1220, 1311),
        **_of("quota", 1113, 1304, 1308, 1309, 1310),
        **_of("bad_request", 1210, 1211, 1212, 1213, 1214, 1215, 1221, 1222),
        **_of("context_too_long", 1261),
        **_of("content_filtered", 1300, 1301),
        **_of("rate_limited", 1302, 1303, 1305, 1313),
        **_of("overloaded", 1120, 1230, 1234, 1312),
    }
)

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        "openai": Profile(
            base_url="https://api.openai.com/v1",
            idempotency_header="Idempotency-Key",
            max_tokens_field="max_completion_tokens",
            shaping="schema",
        ),
        # Whoever speaks OpenAI's chat completions and is none of the others: a proxy, a server of one's own.
        "compatible": Profile(needs_key=False, idempotency_header="Idempotency-Key", shaping=None),
        "zhipu": Profile(
            base_url="https://open.bigmodel.cn/api/paas/v4",
            asks_for_usage=False,
            # Tools are called as the model thinks, and by no seed.
            lacks=frozenset({"tool_choice", "parallel_tool_calls", "seed"}),
            codes=_ZHIPU_CODES,
        ),
        "deepseek": Profile(
            base_url="https://api.deepseek.com/v1",
            wants_reasoning=True,
            lacks=frozenset({"parallel_tool_calls", "seed"}),
        ),
        "dashscope": Profile(base_url="https://dashscope.aliyuncs.com/compatible-mode/v1"),
        "vllm": Profile(base_url="http://127.0.0.1:8000/v1", needs_key=False, shaping="schema"),
        "ollama": Profile(base_url="http://127.0.0.1:11434/v1", needs_key=False, shaping="schema"),
        "openrouter": Profile(base_url="https://openrouter.ai/api/v1", shaping="schema"),
        # The address is the resource's own: https://NAME.openai.azure.com/openai/v1; the model is the deployment.
        "azure": Profile(key_header="api-key", max_tokens_field="max_completion_tokens", shaping="schema"),
        "gemini": Profile(base_url="https://generativelanguage.googleapis.com/v1beta/openai", shaping="schema"),
        "anthropic": Profile(
            dialect="anthropic",
            base_url="https://api.anthropic.com/v1",
            key_header="x-api-key",
            shaping="schema",
            lacks=frozenset({"seed"}),
        ),
        # Of these each package has its own names, or none.
        "langchain": Profile(
            dialect="langchain",
            needs_key=False,
            shaping="words",
            lacks=frozenset({"parallel_tool_calls", "top_p", "seed"}),
        ),
        "offline": Profile(dialect="offline", needs_key=False, lacks=frozenset(get_args(Ability))),
    }
)
