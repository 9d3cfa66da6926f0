"""The built teleprompter page in a real browser, with a room whose state the test decides.

For layout and motion only: the page's own server parts are answered here by the browser's router. The path through the
real server is tested elsewhere.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Route, WebSocketRoute

from tests.e2e.browser import built

ROOM_ID = "01900000-0000-7000-8000-000000000001"
NOW = "2026-01-01T00:00:00Z"


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the test's output is for the test."""


@contextmanager
def served_page() -> Iterator[str]:
    """Serve the built frontend; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(built())))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class RoomOnScreen:
    """A teleprompter page, and the room behind it."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.acks: list[dict[str, Any]] = []
        self.online = True
        self._told = False
        self._state: dict[str, Any] = self._frame(0, None, "", "")
        self._sockets: list[WebSocketRoute] = []
        self._address = address
        context.route("**/api/v1/**", self._answer)
        context.route_web_socket("**/ws", self._connect)
        self.page: Page = context.new_page()

    def open(self) -> None:
        """Load the page and wait until it was told of the room."""
        self.page.goto(f"{self._address}/prompter.html?room={ROOM_ID}")
        self.page.wait_for_selector(".stage")
        self.page.wait_for_function("!document.querySelector('.track') || document.fonts.status === 'loaded'")
        # The room's first state closes what lies over it: what a test opens before would be gone again.
        while self.online and not self._told:
            self.page.wait_for_timeout(20)

    def show(
        self, content: str, *, script: int = 1, title: str = "保温杯开场", pace: int = 240, **more: object
    ) -> None:
        """Put a script on the room's teleprompter, or another version of the one that is there.

        `more` are other fields of the frame: its `pieces`, as the server's dictionary cuts it.
        """
        script_id = f"01900000-0000-7000-8000-0000000001{script:02d}"
        self._state = self._frame(self._state["version"] + 1, script_id, title, content, pace) | more
        for socket in self._sockets:
            socket.send(json.dumps(self._state))

    def cut(self) -> None:
        """Lose the server."""
        self.online = False
        for socket in self._sockets:
            socket.close(code=1011)
        self._sockets.clear()

    def y(self) -> float:
        """How many pixels the text has travelled up."""
        return -float(
            self.page.evaluate("new DOMMatrix(getComputedStyle(document.querySelector('.track')).transform).m42")
        )

    @property
    def version(self) -> int:
        return int(self._state["version"])

    def _frame(self, version: int, script_id: str | None, title: str, content: str, pace: int = 240) -> dict[str, Any]:
        return {
            "type": "prompter_state",
            "room_id": ROOM_ID,
            "version": version,
            "script_id": script_id,
            "script_version": 1,
            "title": title,
            "content": content,
            "pace": pace,
            "updated_at": NOW,
            "acked_version": 0,
            "acked_at": None,
            "position": 0,
        }

    def _answer(self, route: Route) -> None:
        if not self.online:
            route.abort()
        elif route.request.url.endswith(f"/rooms/{ROOM_ID}"):
            route.fulfill(json={"id": ROOM_ID, "name": "小雅的直播间"})
        elif "/rooms" in route.request.url:
            route.fulfill(json={"items": [{"id": ROOM_ID, "name": "小雅的直播间"}], "next_cursor": None})
        else:
            route.fulfill(status=404, json={"code": "not_found"})

    def _connect(self, socket: WebSocketRoute) -> None:
        if not self.online:
            socket.close(code=1011)
            return
        self._sockets.append(socket)
        socket.on_message(partial(self._hear, socket))
        socket.send(
            json.dumps(
                {
                    "type": "welcome",
                    "protocol": 1,
                    "connection_id": ROOM_ID,
                    "epoch": "test",
                    "user": {"id": ROOM_ID, "name": "小雅"},
                    "tenant_id": ROOM_ID,
                    "role": "host",
                    "expires_at": NOW,
                    "server_time": NOW,
                    "heartbeat_seconds": 15,
                }
            )
        )

    def _hear(self, socket: WebSocketRoute, text: str | bytes) -> None:
        frame = json.loads(text)
        match frame["type"]:
            case "ping":
                socket.send(json.dumps({"type": "pong", "re": frame["id"], "server_time": NOW}))
            case "subscribe":
                socket.send(json.dumps({"type": "ack", "re": frame["id"], "status": "accepted", "result": {}}))
                socket.send(json.dumps(self._state))
                self._told = True
            case "prompter_ack":
                self.acks.append(frame)


Opener = Callable[..., RoomOnScreen]


@contextmanager
def opener(browser: Browser, address: str) -> Iterator[Opener]:
    """Give what opens a room in a browser context of its own; the contexts end with it.

    It takes the room's text (empty: it waits for one), the `width` and `height` of the window in CSS pixels, what is to
    be done with the context `before` a page is in it, and options of the context.
    """
    contexts = []

    def open_with(
        content: str = "",
        *,
        width: int,
        height: int,
        before: Callable[[BrowserContext], object] = lambda _: None,
        **options: Any,
    ) -> RoomOnScreen:
        context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", **options)
        contexts.append(context)
        before(context)
        room = RoomOnScreen(context, address)
        if content:
            room.show(content)
        room.open()
        if content:
            room.page.wait_for_selector(".track [data-o]")
        return room

    try:
        yield open_with
    finally:
        for context in contexts:
            context.close()
