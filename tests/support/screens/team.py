"""The demo's team at work through the real API: what pages need to have something to show."""

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from playwright.sync_api import APIRequestContext, expect

from tests.e2e.browser import Seat, Seats
from tests.support.desk_client import ADMIN, APPROVER, OPERATOR

SIZE: Final = {"width": 1280, "height": 800}
#: A phone in the hand: its bars lie over the page, and nobody has keys.
PHONE: Final[dict[str, Any]] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
#: A tablet held upright, and the narrowest window that all must fit into (WCAG 1.4.10).
TABLET: Final = {"width": 820, "height": 1180}
NARROW: Final = {"width": 320, "height": 640}
#: A window of 1280 x 800 at 200 %.
ZOOMED: Final[dict[str, Any]] = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}
ROOM: Final = "小雅的直播间"
OTHER_ROOM: Final = "大刘的直播间"
#: Longer than any step here takes on a busy machine.
PATIENCE: Final = 90

Found = TypeVar("Found")


class Team:
    """Operator, approver and admin by REST."""

    def __init__(self, seats: Seats) -> None:
        self._seats = seats
        self._people: dict[str, APIRequestContext] = {}

    def as_(self, email: str) -> APIRequestContext:
        """The requests of one person."""
        if email not in self._people:
            # The page itself is not wanted, just whom its cookies are.
            self._people[email] = self._seats.take(email, "/icon.svg").context.request
        return self._people[email]

    def get(self, path: str, who: str = OPERATOR) -> dict[str, Any]:
        answer = self.as_(who).get(f"/api/v1{path}")
        assert answer.ok, answer.text()
        return dict(answer.json())

    def post(self, path: str, body: dict[str, Any], who: str = OPERATOR) -> dict[str, Any]:
        answer = self.as_(who).post(f"/api/v1{path}", data=body)
        assert answer.ok, answer.text()
        return dict(answer.json())

    def room(self, name: str = ROOM) -> str:
        """The id of a room."""
        return str(next(room["id"] for room in self.get("/rooms")["items"] if room["name"] == name))

    def policies(self, **set_: Any) -> None:
        """Change the team's policies; None is the server's own."""
        answer = self.as_(ADMIN).patch("/api/v1/tenant/policies", data=set_)
        assert answer.ok, answer.text()

    def thread(self, room: str | None = None) -> str:
        """A conversation in which nothing was said yet."""
        return str(self.post("/threads", {"room_id": room} if room else {})["id"])

    def say(self, thread: str, content: str) -> None:
        """Say something and wait until its run has ended or asks."""

        def said() -> bool | None:
            answer = self.as_(OPERATOR).post(f"/api/v1/threads/{thread}/messages", data={"content": content})
            assert answer.ok or answer.status == 429, answer.text()  # so many in ten seconds are enough
            return answer.ok or None

        until(said)
        self.settled(thread)

    def asked(self, wish: str, room: str | None = None) -> dict[str, Any]:
        """Have a script written, and give what waits for a decision then."""
        thread = self.thread(room)
        self.post(f"/threads/{thread}/messages", {"content": wish})
        return self.waiting(thread)

    def waiting(self, thread: str) -> dict[str, Any]:
        """What waits for a decision in a conversation, once something does."""

        def waits() -> dict[str, Any] | None:
            items = self.get("/interrupts?status=pending&limit=100")["items"]
            return next((one for one in items if one["thread_id"] == thread), None)

        return until(waits)

    def decide(self, interrupt: dict[str, Any], decision: str = "approve", **more: Any) -> None:
        """Decide as the approver, and wait until the run has ended or asks again."""
        body = {"decision": decision, **more}
        self.post(f"/interrupts/{interrupt['id']}/decide", body, APPROVER)
        self.settled(interrupt["thread_id"])

    def settled(self, thread: str) -> None:
        """Wait until nothing runs in a conversation."""

        def still() -> bool | None:
            runs = self.get(f"/threads/{thread}/snapshot")["snapshot"]["runs"]
            return None if any(run["status"] in ("queued", "running") for run in runs) else True

        until(still)

    def approved(self, wish: str, room: str | None = None) -> dict[str, Any]:
        """Have a script written and approved."""
        interrupt = self.asked(wish, room)
        self.decide(interrupt)
        return interrupt

    def empty_queue(self) -> None:
        """Withdraw all that waits."""
        for row in self.get("/interrupts?status=pending&limit=100")["items"]:
            self.as_(ADMIN).post(f"/api/v1/threads/{row['thread_id']}/cancel")
        until(lambda: not self.get("/interrupts?status=pending")["items"] or None)

    def empty_room(self, room: str) -> None:
        """Take everything off a room's rundown, and have nobody read, nor stand where others would have to wait."""
        state = self.get(f"/rooms/{room}/prompter")
        transport = state.get("transport")
        if transport and (transport["playing"] or transport["position"]):
            order = {"version": transport["version"], "action": "pause", "value": 0}
            self.post(f"/rooms/{room}/prompter", order)
        for one in self.get(f"/rooms/{room}/rundown")["items"]:
            assert self.as_(OPERATOR).delete(f"/api/v1/rooms/{room}/rundown/{one['id']}").ok


def until(found: Callable[[], Found | None]) -> Found:
    """What `found` gives once it gives something."""
    deadline = time.monotonic() + PATIENCE
    while (what := found()) is None:
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.1)
    return what


def in_english(seat: Seat) -> Seat:
    """The same page in English."""
    seat.page.evaluate("() => localStorage.setItem('cuedesk:language', 'en')")
    seat.page.reload()
    expect(seat.page.locator("html")).to_have_attribute("lang", "en")
    return seat
