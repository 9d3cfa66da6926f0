"""From the approver's click to the text on the teleprompter, and from the end of the undo window to it.

`python -m benchmarks.pages.on_air --times 100 [--held 20]`. Two windows at the real server: the approver's queue and
the host's teleprompter. The click is noted by the approver's page, the text by the host's page in the task after the
frame in which it is there; pages and database of one machine read one clock, so the way is also told in parts: to the
decision (the database's stamp), to the room's new text (its stamp), to the paint. `--held`: so many more in a room that
holds what is approved for a second; there the way begins at the moment that the server gave for it. Goal: 300 ms at
p95.
"""

import asyncio
import json
import statistics
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
from playwright.sync_api import APIRequestContext, Page, expect

from benchmarks.pages.copies import ASK
from benchmarks.pages.house import House, chromium, in_a_thread, load, open_house, parser_of
from tests.e2e.browser import Seats, seats_at
from tests.support.desk_client import ADMIN, APPROVER, HOST, OPERATOR

NOW: Final = "performance.timeOrigin + performance.now()"
NOTE_THE_CLICK: Final = f"""() => {{ window.clicked = new Promise(resolve => addEventListener('click', event => {{
    if (event.target.closest('[data-testid=approve]')) resolve({NOW}) }}, {{capture: true}})) ; return null }}"""
#: Resolves when the frame with the wanted text has been painted: the task that follows its animation frame.
NOTE_THE_TEXT: Final = f"""wanted => {{ window.painted = new Promise(resolve => {{
    const look = () => {{
        if (document.querySelector('.track')?.textContent.replace(/\\s/g, '') !== wanted) return
        watch.disconnect()
        requestAnimationFrame(() => {{ const after = new MessageChannel()
            after.port1.onmessage = () => resolve({NOW}); after.port2.postMessage(0) }}) }}
    const watch = new MutationObserver(look)
    watch.observe(document.body, {{childList: true, subtree: true, characterData: true}}) }}); return null }}"""


def p95(values: Sequence[float]) -> float:
    """The value that 95 of 100 do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def told(name: str, values: Sequence[float]) -> str:
    """One row of the table."""
    return f"| {name} | {statistics.median(values):.0f} | {p95(values):.0f} | {max(values):.0f} |"


class Clerk:
    """Asks for scripts and reads the stamps of what became of them."""

    def __init__(self, house: House, api: APIRequestContext) -> None:
        self._url = house.database_url
        self._api = api

    def question(self) -> dict[str, Any]:
        """Have a script written and return the interrupt that waits for its approval."""
        thread = self._api.post("/api/v1/threads", data={}).json()["id"]
        assert self._api.post(f"/api/v1/threads/{thread}/messages", data={"content": ASK}).ok
        return dict(in_a_thread(self._waits(UUID(thread))))

    async def _waits(self, thread: UUID) -> "asyncpg.Record":
        owner = await asyncpg.connect(self._url)
        try:
            while True:
                row = await owner.fetchrow(
                    "SELECT id, params FROM interrupts WHERE thread_id = $1 AND status = 'pending'", thread
                )
                if row is not None:
                    return row
                await asyncio.sleep(0.05)
        finally:
            await owner.close()

    def stamps(self, interrupt: str, room: str) -> tuple[float, float, float]:
        """When it was decided, when the room's text was another, when it was held until: milliseconds since 1970."""
        return in_a_thread(self._stamps(interrupt, UUID(room)))

    async def _stamps(self, interrupt: str, room: UUID) -> tuple[float, float, float]:
        owner = await asyncpg.connect(self._url)
        try:
            row = await owner.fetchrow(
                """SELECT extract(epoch FROM i.decided_at)::float8 AS decided,
                     extract(epoch FROM p.updated_at)::float8 AS cued,
                     (SELECT extract(epoch FROM max(h.on_air_at))::float8 FROM interrupts h
                      WHERE h.run_id = i.run_id) AS held
                   FROM interrupts i, prompter_state p WHERE i.id = $1 AND p.room_id = $2""",
                interrupt, room,
            )  # fmt: skip
        finally:
            await owner.close()
        assert row is not None
        return row["decided"] * 1000, row["cued"] * 1000, (row["held"] or 0) * 1000


def approve(approver: Page, host: Page, question: dict[str, Any]) -> tuple[float, float]:
    """Open the question in the queue, approve it, and return the moments of the click and of the painted text."""
    content = json.loads(question["params"])["content"]
    approver.locator(f"a[href='/approvals/{question['id']}']").click()
    button = approver.get_by_test_id("approve")
    expect(button).to_be_enabled()
    approver.evaluate(NOTE_THE_CLICK)
    host.evaluate(NOTE_THE_TEXT, "".join(content.split()))
    button.click()
    return approver.evaluate("clicked"), host.evaluate("painted")


def measure(house: House, seats: Seats, times: int, held: int) -> None:
    """Approve and print."""
    clerk = Clerk(house, seats.take(OPERATOR, "/api/v1/health").context.request)
    admin = seats.take(ADMIN, "/api/v1/health").context.request
    room = next(one for one in admin.get("/api/v1/rooms").json()["items"] if one["name"] == "小雅的直播间")["id"]
    host = seats.take(HOST, f"/prompter.html?room={room}", reduced_motion="no-preference").page
    expect(host.locator(".line")).to_contain_text("已连接")
    approver = seats.take(APPROVER, "/approvals").page
    for window, count in ((0, times), (1, held)):
        if not count:
            continue
        assert admin.patch(f"/api/v1/rooms/{room}", data={"undo_window": window}).ok
        ways: dict[str, list[float]] = {}
        for _ in range(count):
            question = clerk.question()
            clicked, painted = approve(approver, host, question)
            decided, cued, until = clerk.stamps(question["id"], room)
            parts = {"click → decided": decided - clicked, "decided → on air": cued - decided} if not window else {
                "end of the window → on air": cued - until}  # fmt: skip
            whole = painted - (until if window else clicked)
            for name, took in {**parts, "on air → painted": painted - cued, "all": whole}.items():
                ways.setdefault(name, []).append(took)
        print(f"\n{'held for a second' if window else 'at once'}, {count} times, {load()}\n")
        print("| ms | median | p95 | most |\n|---|---|---|---|")
        for name, values in ways.items():
            print(told(name, values), flush=True)


def main() -> None:
    """Measure and print."""
    parser = parser_of(__doc__)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--held", type=int, default=20)
    options = parser.parse_args()
    with open_house(options.old) as house, chromium() as browser:
        for name, server in house.servers.items():
            print(f"\n{name}")
            with seats_at(browser, server.url) as seats:
                measure(house, seats, options.times, options.held)


if __name__ == "__main__":
    main()
