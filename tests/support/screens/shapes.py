"""Pages in the hand, on a tablet and in the narrowest window; the pages of a team that has nothing yet."""

from playwright.sync_api import expect

from tests.e2e.browser import Seats
from tests.support.desk_client import ADMIN
from tests.support.screens.camera import Camera
from tests.support.screens.team import NARROW, PHONE, SIZE, TABLET, ZOOMED, Team

#: An administrator of a team in which nobody did anything.
NEWCOMER = "admin@shanlan.demo.cuedesk"
PAGES = ("console", "approvals", "scripts", "rundown", "live", "products", "hosts", "memory", "rules", "experiments",
         "audit", "models", "settings")  # fmt: skip
SHAPES = {
    "phone": PHONE,
    "tablet": {"viewport": TABLET},
    "narrow": {"viewport": NARROW},
    "zoomed": ZOOMED,
}
#: What other scenes take on a phone already.
ON_A_PHONE = {"console", "approvals", "scripts", "live", "products", "hosts", "audit", "settings"}


def shapes(seats: Seats, camera: Camera) -> None:
    """Every page with something on it, where there is little room."""
    team = Team(seats)
    team.empty_queue()
    room = team.room()
    team.empty_room(room)
    team.approved("写一段面膜卖点介绍，60秒", room)
    waits = team.asked("给小雅的直播间写一段保温杯开场，30秒，活泼一点", room)
    at = {"console": f"console/{waits['thread_id']}", "approvals": f"approvals/{waits['id']}", "live": f"live/{room}"}
    for name in PAGES:
        for shape, options in SHAPES.items():
            if shape == "phone" and name in ON_A_PHONE:
                continue
            page = seats.take(ADMIN, f"/{at.get(name, name)}", **options).page
            expect(page.locator("main")).to_be_visible()
            camera.take(page, f"{name}-{shape}")
            page.context.close()
    team.empty_queue()
    team.empty_room(room)


def nothing_yet(seats: Seats, camera: Camera) -> None:
    """A team on its first day."""
    for name in PAGES:
        page = seats.take(NEWCOMER, f"/{name}", viewport=SIZE).page
        expect(page.locator("main")).to_be_visible()
        camera.take(page, f"first-day-{name}")
        page.context.close()


SCENES = (shapes, nothing_yet)
