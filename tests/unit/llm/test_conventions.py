"""Who a provider is by OpenTelemetry's conventions, and where it is asked."""

import pytest

from backend.llm.conventions import Whereabouts, whereabouts
from backend.llm.models_file import Backend, Provider


@pytest.mark.parametrize(
    ("profile", "base_url", "model", "expected"),
    [
        ("openai", None, "m", Whereabouts("openai", "api.openai.com", 443)),
        ("openai", "http://proxy.internal:8080/v1", "m", Whereabouts("openai", "proxy.internal", 8080)),
        ("azure", "https://n.openai.azure.com/openai/v1", "m",
         Whereabouts("azure.ai.openai", "n.openai.azure.com", 443)),
        ("anthropic", None, "m", Whereabouts("anthropic", "api.anthropic.com", 443)),
        ("deepseek", None, "m", Whereabouts("deepseek", "api.deepseek.com", 443)),
        ("gemini", None, "m", Whereabouts("gcp.gemini", "generativelanguage.googleapis.com", 443)),
        ("zhipu", None, "m", Whereabouts("declared", "open.bigmodel.cn", 443)),
        ("vllm", None, "m", Whereabouts("declared", "127.0.0.1", 8000)),
        ("compatible", "https://api.groq.com/openai/v1", "m", Whereabouts("groq", "api.groq.com", 443)),
        ("compatible", "http://groq.com.internal/v1", "m", Whereabouts("declared", "groq.com.internal", 80)),
        ("langchain", None, "mistralai:mistral-large", Whereabouts("mistral_ai")),
        ("langchain", None, "somebody:else", Whereabouts("declared")),
        ("offline", None, "offline", Whereabouts("declared")),
    ],
)  # fmt: skip
def test_a_provider_has_its_well_known_name_or_the_declared_one(
    profile: str, base_url: str | None, model: str, expected: Whereabouts
) -> None:
    assert (
        whereabouts(Provider(profile=profile, base_url=base_url), Backend(provider="declared", model=model)) == expected
    )
