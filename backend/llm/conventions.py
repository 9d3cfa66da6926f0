"""Names of OpenTelemetry's conventions for generative AI: who a provider is to all the world, and where it is asked."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import httpx2

from backend.llm.models_file import Backend, Provider
from backend.llm.profiles import PROFILES

#: Names that must be used where they apply, by our profiles.
_OF_PROFILES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "openai": "openai",
        "azure": "azure.ai.openai",
        "anthropic": "anthropic",
        "deepseek": "deepseek",
        "gemini": "gcp.gemini",
    }
)
#: … by the end of the address of what is spoken to as one of many …
_OF_HOSTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "api.openai.com": "openai",
        "openai.azure.com": "azure.ai.openai",
        "api.anthropic.com": "anthropic",
        "api.deepseek.com": "deepseek",
        "generativelanguage.googleapis.com": "gcp.gemini",
        "aiplatform.googleapis.com": "gcp.vertex_ai",
        "api.groq.com": "groq",
        "api.mistral.ai": "mistral_ai",
        "api.moonshot.ai": "moonshot_ai",
        "api.moonshot.cn": "moonshot_ai",
        "api.perplexity.ai": "perplexity",
        "api.x.ai": "x_ai",
        "api.cohere.ai": "cohere",
        "api.cohere.com": "cohere",
    }
)
#: … and by what LangChain calls the package.
_OF_PACKAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "openai": "openai",
        "azure_openai": "azure.ai.openai",
        "azure_ai": "azure.ai.inference",
        "anthropic": "anthropic",
        "bedrock": "aws.bedrock",
        "bedrock_converse": "aws.bedrock",
        "anthropic_bedrock": "aws.bedrock",
        "google_vertexai": "gcp.vertex_ai",
        "google_anthropic_vertex": "gcp.vertex_ai",
        "google_genai": "gcp.gen_ai",
        "cohere": "cohere",
        "deepseek": "deepseek",
        "groq": "groq",
        "ibm": "ibm.watsonx.ai",
        "mistralai": "mistral_ai",
        "perplexity": "perplexity",
        "xai": "x_ai",
    }
)


class Whereabouts(NamedTuple):
    """Who is asked, by the conventions' name, and at which host and port; no address where we know none."""

    provider: str
    address: str | None = None
    port: int | None = None


def whereabouts(provider: Provider, backend: Backend) -> Whereabouts:
    """Return who a backend is. What has no name in the conventions has the one that the file gives its provider."""
    profile = PROFILES[provider.profile]
    if profile.dialect == "langchain":
        return Whereabouts(_OF_PACKAGES.get(backend.model.partition(":")[0], backend.provider))
    base = provider.base_url or profile.base_url
    if profile.dialect == "offline" or base is None:
        return Whereabouts(backend.provider)
    url = httpx2.URL(base)
    hosts = (name for host, name in _OF_HOSTS.items() if _is(url.host, host))
    found = _OF_PROFILES.get(provider.profile) or next(hosts, backend.provider)
    return Whereabouts(found, url.host, url.port or (443 if url.scheme == "https" else 80))


def _is(host: str, known: str) -> bool:
    return host == known or host.endswith(f".{known}")
