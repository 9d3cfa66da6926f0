"""Which graph this is: written on every thread, run and script."""

from typing import Final

GRAPH_VERSION: Final = "1"
