"""Cuedesk's server."""

from typing import Final

#: As in pyproject.toml, which is not there where the server runs.
VERSION: Final = "0.1.0"
