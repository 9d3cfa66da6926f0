"""The pages through nginx: the socket, the headers, and nothing that the content policy would block."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import seats_at
from tests.e2e.test_main_job import ASK, open_room
from tests.support.desk_client import OPERATOR
from tests.support.nginx import nginx
from tests.support.processes import ServerProcess


@pytest.fixture
def front(server: ServerProcess, tmp_path: Path) -> Iterator[str]:
    with nginx(tmp_path, app_ports=[server.port]) as address:
        yield address


def test_the_main_job_works_through_nginx_without_a_complaint(browser: Browser, front: str) -> None:
    with seats_at(browser, front) as seats:
        host, operator = open_room(seats), seats.take(OPERATOR)
        operator.ask(ASK)
        desk = operator.page
        expect(desk.get_by_test_id("live-text")).to_be_visible()
        desk.get_by_test_id("approve").click()
        expect(host.page.locator(".track")).to_contain_text("保温杯")
        expect(desk.get_by_test_id("on-screen")).to_be_visible()
        for path in ("/approvals", "/scripts", "/products", "/hosts"):
            operator.open(path)
            expect(desk.get_by_role("heading", level=1)).to_be_visible()
        assert [operator.complaints, host.complaints] == [[], []]


def test_pages_are_asked_for_again_and_assets_are_kept(browser: Browser, front: str) -> None:
    with seats_at(browser, front) as seats:
        answers = {}
        page = seats.take(None, "/login").page
        page.on("response", lambda answer: answers.__setitem__(answer.url.removeprefix(front), answer))
        page.reload()
        expect(page.locator("button[type=submit]")).to_be_visible()
    assets = [answer for path, answer in answers.items() if path.startswith("/assets/")]
    assert assets
    for answer in assets:
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    document = answers["/console"] if "/console" in answers else answers["/login"]
    assert document.headers["cache-control"] == "no-cache"
    policy = document.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert document.headers["x-content-type-options"] == "nosniff"


def test_what_is_too_large_is_told_alike_by_the_app_and_by_nginx(front: str) -> None:
    # As everything else is told there: clients of OpenAI read errors of its shape alone.
    for path, kind in (("/v1/chat/completions", "application/json"), ("/api/v1/messages", "application/problem+json")):
        told = []
        for size in (1_500_000, 3_000_000):
            answer = httpx.post(f"{front}{path}", content=b"x" * size, timeout=60)
            assert (answer.status_code, answer.headers["content-type"]) == (413, kind)
            assert answer.headers["x-content-type-options"] == "nosniff"
            told.append({**answer.json(), "details": {}})
        assert told[0] == told[1]
