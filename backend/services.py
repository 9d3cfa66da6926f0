"""The open parts of the server, handed to endpoints and sockets."""

from dataclasses import dataclass

from backend.fanout.hub import Hub
from backend.settings import Settings
from backend.storage.postgres import Database
from backend.storage.redis import Cache


@dataclass(frozen=True)
class Services:
    """Everything that is open while the server runs."""

    settings: Settings
    db: Database
    redis: Cache
    hub: Hub
    secret: bytes
