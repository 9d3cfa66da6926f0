"""The process's metrics, in one registry, shown at `/metrics`."""

from typing import Final

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

#: Every counter, gauge and histogram of ours registers here, next to the code that counts.
REGISTRY: Final = CollectorRegistry()

for _collector in (ProcessCollector, PlatformCollector, GCCollector):
    _collector(registry=REGISTRY)

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST


def render() -> bytes:
    """Return all metrics in Prometheus' text form."""
    return generate_latest(REGISTRY)
