"""What is opened rarely, by axe in both themes and both languages: a drawer and a fold."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import TALL, Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.e2e.test_every_page import in_language, none_of
from tests.support.desk_client import ADMIN
from tests.support.processes import ServerProcess

#: How the page says that something is never to be said.
WISH = {"zh-CN": "都不要说", "en": "Never to be said"}


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_wish_is_kept_in_mind_as_soon_as_it_is_said_and_so_is_told_whole(seats: Seats, language: str) -> None:
    seat = seats.take(ADMIN, "/login", locale=language, viewport=TALL)
    in_language(seat, language)
    page = seat.open("/console").page
    seat.connected()
    seat.ask("你好")
    # Until the answer is whole, steps come in above what is folded, and what is sent is refused and stays in the field.
    expect(page.get_by_test_id("message-assistant")).to_have_count(1)
    expect(page.get_by_test_id("stop")).to_have_count(0)
    notes = page.get_by_test_id("in-mind")
    notes.locator("summary").click()
    expect(notes.locator("p")).to_be_visible()
    seat.ask("以后每篇都别提价格")
    expect(notes).to_contain_text(WISH[language])
    expect(notes).to_contain_text("价格")
    faults = {"notes": serious(page, AXE)}
    # Another conversation has none of it, not even for a moment after its own are read.
    seat.open("/console")
    expect(page.get_by_text("价格")).to_have_count(0)

    page = seat.open("/memory").page
    page.get_by_role("button", name="Search by meaning" if language == "en" else "语义检索").click()
    expect(page.get_by_test_id("embedders")).to_be_visible()
    faults["embedders"] = serious(page, AXE)
    none_of(faults)
