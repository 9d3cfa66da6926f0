"""Fixtures of rooms that ask a model: the scripted servers, and a gateway that does not pause before it tries again.

A room takes what it needs into its conftest. What a server answers is its test's to say.
"""

from collections.abc import AsyncIterator

import pytest

from backend.llm import retry
from tests.support.scripted_model import ScriptedModel, scripted_model


@pytest.fixture
async def server() -> AsyncIterator[ScriptedModel]:
    """The server of models that everybody is answered by."""
    async with scripted_model() as running:
        yield running


@pytest.fixture
async def house() -> AsyncIterator[ScriptedModel]:
    """A second one, that a tenant brings along."""
    async with scripted_model() as running:
        yield running


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that fails is tried again at once."""
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.0)
