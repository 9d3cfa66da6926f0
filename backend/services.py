"""The open parts of the server, handed to endpoints and sockets."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from backend.fanout.displays import Displays
from backend.fanout.hub import Hub
from backend.fanout.model_health import ModelHealth
from backend.llm.routed import RoutedModel
from backend.memory.embed import Embedder
from backend.quality.rulebooks import RuleBooks
from backend.runs.answers import Answers
from backend.runs.tenant_models import TenantModels
from backend.settings import Settings
from backend.storage.postgres import Database
from backend.storage.redis import Cache


@dataclass(frozen=True)
class Services:
    """Everything that is open while the server runs."""

    settings: Settings
    db: Database
    redis: Cache
    secret: bytes
    hub: Hub
    displays: Displays
    rules: RuleBooks
    embedder: Embedder
    #: For whoever asks a model directly.
    model: RoutedModel
    #: Their answers to who repeats a question with the same key.
    answers: Answers
    model_health: ModelHealth
    own_models: TenantModels
    clock: Callable[[], datetime]
    epoch: Callable[[], str]
    #: Whether this process takes runs right now; None when it is a gateway only.
    worker_ready: Callable[[], bool] | None
    #: Whether this process is about to end.
    draining: Callable[[], bool]
    #: Set when it ends in a moment, and what is under way is cut off unless it breaks off by itself.
    ending: asyncio.Event = field(default_factory=asyncio.Event)
