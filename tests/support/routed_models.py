"""A routed model over scripted servers, from a few lines of YAML or from a server alone; what it notes is kept."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from backend.llm.accounts import CallRecord
from backend.llm.adapters.anthropic import AnthropicDialect
from backend.llm.adapters.offline.writer import OfflineWriter
from backend.llm.adapters.openai_compatible import OpenAIDialect
from backend.llm.deadlines import Deadlines
from backend.llm.endpoint import Endpoint
from backend.llm.exchange import HttpEndpoint
from backend.llm.gateway import ChatTurn, ModelRequest, Piece
from backend.llm.models_file import Backend, ModelsFile, Provider, profile_of, read_models
from backend.llm.routed import RoutedModel
from tests.support.scripted_model import ScriptedModel

KEY = "sk-very-secret"
REQUEST = ModelRequest("script", [ChatTurn("system", "你是写手"), ChatTurn("user", "写一段开场")], {}, temperature=0.7)
QUICK = {"connect": 10, "first_token": 10, "idle": 10, "answer": 10, "total": 60}


def models_of(text: str, variables: Mapping[str, str] | None = None) -> ModelsFile:
    """Read the text of a models file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "models.yaml"
        path.write_text(text, encoding="utf-8")
        return read_models(path, {"KEY": KEY, **(variables or {})})


def opened(provider: Provider, backend: Backend) -> Endpoint:
    """Open a backend as the server does."""
    profile = profile_of(provider, backend)
    if profile.dialect == "offline":
        return OfflineWriter(pace=0)
    return HttpEndpoint(
        AnthropicDialect() if profile.dialect == "anthropic" else OpenAIDialect(),
        profile,
        base_url=provider.base_url or profile.base_url or "",
        api_key=provider.api_key.get_secret_value() if provider.api_key else None,
        model=backend.model,
    )


@dataclass
class Routed:
    """A routed model and the records of its calls."""

    model: RoutedModel
    records: list[CallRecord] = field(default_factory=list)

    async def ask(self, request: ModelRequest = REQUEST) -> list[Piece]:
        return [piece async for piece in self.model.stream(request)]


@asynccontextmanager
async def routed(models: ModelsFile, **waits: float) -> AsyncIterator[Routed]:
    """Open a model as the file says; `waits` are its deadlines."""
    records: list[CallRecord] = []
    model = RoutedModel(models, opened, Deadlines(**{**QUICK, **waits}), records.append)
    try:
        yield Routed(model, records)
    finally:
        await model.aclose()


def route_of(*servers: ScriptedModel, profile: str = "compatible", more: str = "") -> ModelsFile:
    """Declare a backend at each server, `b0`, `b1`, …, one after the other in one route; `more` is added to each."""
    providers = "".join(
        f"  p{n}: {{profile: {profile}, base_url: '{server.base_url}', api_key: '${{KEY}}'}}\n"
        for n, server in enumerate(servers)
    )
    backends = "".join(
        f"  b{n}: {{provider: p{n}, model: {'scripted' if n == 0 else f'scripted-{n}'}{more}}}\n"
        for n, _ in enumerate(servers)
    )
    names = ", ".join(f"b{n}" for n, _ in enumerate(servers))
    text = f"providers:\n{providers}backends:\n{backends}routes:\n  default: {{backends: [{names}]}}\n"
    return models_of(text)


def text_of(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def two_of_a_dead_provider(address: str, alive: ScriptedModel, profile: str = "compatible") -> ModelsFile:
    """Declare two models of a provider at an address where nobody answers, and one behind them that does."""
    return models_of(
        f"""
providers:
  dead: {{profile: {profile}, base_url: '{address}', api_key: '${{KEY}}'}}
  alive: {{profile: compatible, base_url: '{alive.base_url}'}}
backends:
  primary: {{provider: dead, model: tuned}}
  primary-general: {{provider: dead, model: general}}
  fallback: {{provider: alive, model: scripted-1}}
routes:
  default: {{backends: [primary, primary-general, fallback]}}
  chat: {{backends: [primary]}}
"""
    )
