"""From the settings to the models: a file of one's own, or the default one filled with `CUEDESK_LLM_…`."""

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import Gauge

from backend.background import end
from backend.errors import AppError, ModelPackageMissing, ModelsFileInvalid
from backend.llm.deadlines import Deadlines
from backend.llm.models_file import DEFAULT_FILE, ModelsFile, line_of, read_models
from backend.llm.routed import RoutedModel
from backend.settings import Settings
from backend.telemetry.metrics import REGISTRY

log = structlog.get_logger(__name__)

_OPENAI: Final = "https://api.openai.com"
#: When it was written, how long it is, which file it is.
_Mark = tuple[int, int, int]

_FAULTY: Final = Gauge(
    "cuedesk_llm_models_file_invalid",
    "1 while the models file cannot be used and the one before holds",
    registry=REGISTRY,
)


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


@contextlib.contextmanager
def lines_told(settings: Settings) -> Iterator[None]:
    """While the block opens what was declared, tell what cannot be opened with its line.

    Raises:
        ModelsFileInvalid: a backend needs a package that is not installed.
    """
    try:
        yield
    except ModelPackageMissing as error:
        if settings.models_file is None:
            raise
        line = line_of(settings.models_file, "backends", error.backend, "model")
        told = f"{settings.models_file}:{line}: backends.{error.backend}.model: {error.message}"
        raise ModelsFileInvalid(told) from error


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
    """While the block runs, read the file again whenever it changes. One that cannot be used changes nothing: it is
    told by the log, a metric and `RoutedModel.stale`, and looked at again until it can be."""
    if settings.models_file is None:
        yield
        return
    task = asyncio.create_task(_follow(settings, settings.models_file, model), name="models file")
    try:
        yield
    finally:
        await end(task)
        _FAULTY.set(0)


async def _follow(settings: Settings, path: Path, model: RoutedModel) -> None:
    seen: _Mark | None = None  # what was read at the start may have changed since: the first look reads it again
    told: list[str] = []
    while True:
        await asyncio.sleep(settings.models_interval)
        mark = _mark(path)
        if mark is not None and mark == seen and not model.behind:
            continue
        try:
            if mark is None:
                raise ModelsFileInvalid(f"{path}: is no file")  # a pipe would be waited for without end
            # Beside the loop: a file may be long, and its disk slow.
            models = await asyncio.to_thread(declared_models, settings)
            if _mark(path) != mark:
                continue  # it is being written
            changed = models != model.models
            if changed or model.behind:
                with lines_told(settings):
                    await model.reload(models)
            if changed:
                log.info("models_reloaded", routes=sorted(models.routes), backends=sorted(models.backends))
        except Exception as error:  # noqa: BLE001 — whatever the file is or asks for, the next good one must be taken
            model.stale = True
            _FAULTY.set(1)
            faults = _faults(error)
            if faults != told:
                log.error("models_file_invalid", faults=faults)
            told, seen = faults, None
        else:
            model.stale = False
            _FAULTY.set(0)
            told, seen = [], mark


def _faults(error: Exception) -> list[str]:
    return error.message.splitlines() if isinstance(error, AppError) else [type(error).__name__]


def _mark(path: Path) -> _Mark | None:
    """Return what tells one state of the file from another; None when there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino) if stat.S_ISREG(found.st_mode) else None
