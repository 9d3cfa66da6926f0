"""From the settings to the models: a file of one's own, or the default one filled with `CUEDESK_LLM_…`."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import structlog

from backend.background import end
from backend.errors import ModelsFileInvalid
from backend.llm.deadlines import Deadlines
from backend.llm.models_file import DEFAULT_FILE, ModelsFile, read_models
from backend.llm.routed import RoutedModel
from backend.settings import Settings

log = structlog.get_logger(__name__)

_OPENAI: Final = "https://api.openai.com"


def declared_models(settings: Settings) -> ModelsFile:
    """Return the models that are set up.

    Raises:
        ModelsFileInvalid: what is declared is wrong, each fault with its line.
    """
    if settings.models_file is not None:
        return read_models(settings.models_file, os.environ)
    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else ""
    profile = _profile(settings)
    values = {
        "CUEDESK_LLM_PROVIDER": profile,
        "CUEDESK_LLM_BASE_URL": settings.llm_base_url or "",
        "CUEDESK_LLM_API_KEY": key,
        "CUEDESK_LLM_MODEL": profile if profile == "offline" else settings.llm_model,
    }
    return read_models(DEFAULT_FILE, {}, known=values)


def _profile(settings: Settings) -> str:
    url = settings.llm_base_url
    if settings.llm_provider is None and url is None and settings.llm_api_key is None:
        return "offline"
    if settings.llm_provider in (None, "openai"):
        # `openai` was the name of every compatible endpoint once.
        return "compatible" if url is not None and not url.startswith(_OPENAI) else "openai"
    return settings.llm_provider


def deadlines_of(settings: Settings) -> Deadlines:
    """Return the deadlines of a route that has none of its own."""
    return Deadlines(
        connect=settings.llm_connect_timeout,
        first_token=settings.llm_first_token_timeout,
        idle=settings.llm_idle_timeout,
        answer=settings.llm_answer_timeout,
        total=settings.llm_total_timeout,
        switch=settings.llm_switch_timeout,
    )


@contextlib.asynccontextmanager
async def following(settings: Settings, model: RoutedModel) -> AsyncIterator[None]:
    """While the block runs, read the file again whenever it changes. One that is wrong changes nothing but the log."""
    if settings.models_file is None:
        yield
        return
    task = asyncio.create_task(_follow(settings, settings.models_file, model), name="models file")
    try:
        yield
    finally:
        await end(task)


async def _follow(settings: Settings, path: Path, model: RoutedModel) -> None:
    seen = None  # what was read at the start may have changed since: the first look reads it again
    while True:
        await asyncio.sleep(settings.models_interval)
        if (now := _mark(path)) == seen:
            continue
        seen = now
        try:
            models = declared_models(settings)
        except ModelsFileInvalid as error:
            log.error("models_file_invalid", faults=error.message.splitlines())
            continue
        if models == model.models:
            continue
        await model.reload(models)
        log.info("models_reloaded", routes=sorted(models.routes), backends=sorted(models.backends))


def _mark(path: Path) -> tuple[int, int, int] | None:
    """Return what tells one state of the file from another; None when it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
