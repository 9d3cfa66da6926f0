"""Chromium for the e2e tests, and people at their browsers: a fresh profile each."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect

from tests.support.desk_client import PASSWORD

DIST = Path(__file__).parents[2] / "frontend" / "dist"
#: Tall enough for a whole conversation: the list keeps only what is visible in the page.
TALL = {"width": 1440, "height": 2400}
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def built() -> Path:
    """The built frontend; fails with what to do when there is none."""
    assert (DIST / "index.html").is_file(), "the frontend is not built: run `make build` (frontend/dist is missing)"
    return DIST


def launch(playwright: Playwright) -> Browser:
    """Start Chromium in its new headless mode (by hand: the old one has no compositor worth testing)."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert found is not None, "Chromium is not installed; .ci/run installs it"
    return playwright.chromium.launch(executable_path=found, headless=False, args=ARGUMENTS)


class Seat:
    """One person's browser window. `complaints` are the page's console errors: none belongs in a good run."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, path: str) -> "Seat":
        """Go to a path of the server."""
        self.page.goto(path)
        return self

    def sign_in(self, email: str, password: str = PASSWORD) -> "Seat":
        """Fill in the login page that is on screen and send it."""
        self.page.locator("input[autocomplete=username]").fill(email)
        self.page.locator("input[autocomplete=current-password]").fill(password)
        self.page.locator("button[type=submit]").click()
        return self

    def ask(self, content: str) -> None:
        """Type a message and send it."""
        self.page.locator(".composer textarea").first.fill(content)
        self.page.get_by_test_id("send").click()

    def connected(self) -> None:
        """Wait until the desk's line is up."""
        expect(self.page.get_by_test_id("connection")).to_have_attribute("data-state", "open")

    def live_text(self) -> str:
        """The text under way as it stands on screen, without what is there for screen readers alone."""
        return str(
            self.page.evaluate(
                """() => [...document.querySelector('[data-testid=live-text]')?.childNodes ?? []]
                    .filter(node => node.nodeType === Node.TEXT_NODE).map(node => node.data).join('')"""
            )
        )

    @property
    def thread_id(self) -> str:
        """The thread on screen, by the address."""
        return self.page.url.rpartition("/console/")[2]

    def _note(self, message: ConsoleMessage) -> None:
        # Before the login the page asks who it is and is told 401, which Chromium always writes down.
        if message.type == "error" and "401 (Unauthorized)" not in message.text:
            self.complaints.append(message.text)


class Seats:
    """Opens windows and closes them all with the test."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.address = address

    def take(self, email: str | None = None, path: str = "/console", **options: Any) -> Seat:
        """A new profile at `path`, with `email` signed in (the login page itself is what test_pages is about).

        `options` are the browser context's.
        """
        chosen = {"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN", **options}
        if not path.startswith("/prompter"):
            # Nothing moves: a question that is just growing can be clicked beside, and nobody waits for it to be there.
            chosen.setdefault("reduced_motion", "reduce")
        context = self._browser.new_context(base_url=self.address, **chosen)
        self._contexts.append(context)
        if email is not None:
            answer = context.request.post("/api/v1/auth/login", data={"email": email, "password": PASSWORD})
            assert answer.ok, answer.text()
        seat = Seat(context).open(path)
        if email is not None and path == "/console":
            seat.connected()
            # The frame is there before its page: a key would find nobody at home.
            expect(seat.page.locator(".skeleton")).to_have_count(0)
        return seat

    def close(self) -> None:
        """Close every window."""
        for context in self._contexts:
            context.close()


@contextmanager
def seats_at(browser: Browser, address: str) -> Iterator[Seats]:
    """Windows that look at the server at `address`."""
    seats = Seats(browser, address)
    try:
        yield seats
    finally:
        seats.close()
