"""The servers of these benchmarks: PostgreSQL, Valkey, a scripted model, Cuedesk; each its own process on loopback."""

import argparse
import asyncio
import os
import tempfile
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Browser, Page, expect, sync_playwright

from backend.storage.embedded import EmbeddedPostgres, EmbeddedValkey
from benchmarks.load import MODEL, Model, started_at
from tests.e2e.browser import DIST, launch
from tests.support.databases import started
from tests.support.processes import ServerProcess, free_port

Result = TypeVar("Result")


@dataclass(frozen=True)
class House:
    """What runs. `servers` by name: one for each build of the pages, all at the same database."""

    database_url: str
    model: Model
    servers: dict[str, ServerProcess]

    @property
    def server(self) -> ServerProcess:
        """The one with this tree's own pages."""
        return self.servers["new"]


@contextmanager
def open_house(old: Path | None = None, *, modelled: bool = False, **settings: Any) -> Iterator[House]:
    """Start everything; with `old`, another build of the pages is served beside this tree's.

    `modelled`: the texts come from the scripted model instead of the offline writer.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cuedesk-pages-")))
        postgres, valkey = EmbeddedPostgres(folder / "servers"), EmbeddedValkey(folder / "servers")
        stack.enter_context(started(postgres))
        stack.enter_context(started(valkey))
        port = free_port()
        model = Model(port)
        chosen: dict[str, Any] = {
            "database_url": postgres.address.owner_url,
            "redis_url": valkey.url,
            "seed_demo": True,
            "log_level": "warning",
            **settings,
        }
        if modelled:
            started_at(stack, port, "tests.support.scripted_model", "--port", str(port))
            chosen |= {"llm_provider": "openai", "llm_base_url": model.base_url, "llm_model": MODEL, "llm_judge": False}
        servers = {}
        for name, pages in (("new", DIST), ("old", old)):
            if pages is not None:
                own = {**chosen, "static_dir": pages, "data_dir": folder / name / "data"}
                servers[name] = stack.enter_context(ServerProcess(folder / name, own).start()).wait_healthy(120)
        yield House(postgres.address.owner_url, model, servers)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser of the tests' kind."""
    expect.set_options(timeout=45_000)  # as in the tests: what is slow is to be measured, not to end the measurement
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            yield browser
        finally:
            browser.close()


def in_a_thread(work: Coroutine[Any, Any, Result]) -> Result:
    """Wait for something while Playwright has this thread's event loop."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, work).result()


def until(page: Page, condition: str, argument: Any = None) -> None:
    """Wait until a function of the page says true, looking at every frame.

    Playwright's own `wait_for_function` evaluates text, which the console's Content-Security-Policy forbids.
    """
    page.evaluate(
        f"async argument => {{ while (!({condition})(argument)) await new Promise(requestAnimationFrame) }}", argument
    )


def parser_of(doc: str | None) -> argparse.ArgumentParser:
    """The options that all of these commands have."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--old", type=Path, help="another build of the pages (a dist folder), measured by turns")
    return parser


def load() -> str:
    """How busy the machine is, to be told beside every figure."""
    return f"load {os.getloadavg()[0]:.1f}"
