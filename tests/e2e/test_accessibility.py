"""axe on every page, in both themes: nothing, however small."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import Seats, seats_at
from tests.e2e.test_main_job import ASK
from tests.support.desk_client import APPROVER, HOST, OPERATOR
from tests.support.processes import ROOT, ServerProcess

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


#: Colours change at once: one half-way between two themes is nobody's.
AT_ONCE = """() => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync('*, ::before, ::after { transition: none !important }')
    document.adoptedStyleSheets.push(sheet)
}"""
#: WCAG 2.2 asks for it; axe leaves it out unless it is asked, too.
MORE_RULES = {"target-size": {"enabled": True}}
#: The rules whose answer the theme changes.
OF_COLOUR = ["color-contrast", "link-in-text-block"]


def serious(page: Page, axe: Path) -> list[str]:
    """What axe finds, a line for each element, and all of it is taken for serious: minor and moderate faults, best
    practice and the size of targets, too. In the light theme, and by colour in the dark.
    """
    # Evaluated, not added as a script: the pages' content policy lets no foreign script in.
    page.evaluate(axe.read_text("utf-8"))
    page.evaluate(AT_ONCE)
    found = [*_violations(page, "light"), *_violations(page, "dark", runOnly=OF_COLOUR, rules={})]
    page.emulate_media(color_scheme="light")
    return found


def _violations(page: Page, theme: str, **options: Any) -> list[str]:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    if page.locator("html[data-theme]").count():  # the teleprompter has themes of its own
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
    found: list[dict[str, Any]] = page.evaluate(
        """async options => {
            for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame)
            const found = (await axe.run(document, options)).violations
            for (const { nodes } of found)
                for (const node of nodes) // closed since: the pointer has left its button
                    node.closed = !document.querySelector(node.target.at(-1))?.textContent
            return found
        }""",
        # The elements in which nothing is wrong are not of interest, and to describe them takes most of the time.
        {"resultTypes": ["violations"], "rules": MORE_RULES, **options},
    )
    return [
        f"{theme}: {violation['id']} ({violation['impact']}): {node['target']}: {node['failureSummary']}"
        for violation in found
        for node in violation["nodes"]
        if not (violation["id"] == "region" and node["closed"])
    ]


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


def test_no_page_has_a_serious_fault(browser: Browser, server: ServerProcess) -> None:
    assert AXE.is_file(), "axe-core is not installed: run `npm ci` in frontend"
    faults: dict[str, list[str]] = {}
    with seats_at(browser, server.url) as seats:
        visit(seats, faults)
    assert {place: found for place, found in faults.items() if found} == {}


def visit(seats: Seats, faults: dict[str, list[str]]) -> None:
    """Go everywhere and note what axe finds."""
    page = seats.take(None, "/login").page
    expect(page.locator("button[type=submit]")).to_be_visible()
    faults["login"] = serious(page, AXE)

    operator = seats.take(OPERATOR)
    faults["console"] = serious(operator.page, AXE)
    operator.ask(ASK)
    expect(operator.page.get_by_test_id("approve")).to_be_enabled()
    faults["thread"] = serious(operator.page, AXE)

    approver = seats.take(APPROVER, "/approvals")
    approver.page.get_by_test_id("queue-row").first.click()
    approver.page.get_by_test_id("edit").click()
    approver.page.get_by_test_id("approval-editor").fill("全网第一的保温杯，姐妹们晚上好。")
    expect(approver.page.get_by_test_id("quality-card")).to_be_visible()
    faults["approvals"] = serious(approver.page, AXE)

    operator.page.get_by_test_id("approve").click()
    # A page that is left at once takes the click along.
    expect(operator.page.get_by_test_id("approval-card")).to_have_attribute("data-status", "approve")
    for path in ("/scripts", "/products", "/hosts"):
        operator.open(path)
        expect(operator.page.get_by_role("row").nth(1)).to_be_visible()
        faults[path] = serious(operator.page, AXE)
    operator.open("/products")
    operator.page.get_by_role("button", name="编辑").first.click()
    expect(operator.page.get_by_role("dialog")).to_be_visible()
    faults["product"] = serious(operator.page, AXE)

    host = seats.take(HOST, "/prompter.html")
    faults["rooms"] = serious(host.page, AXE)
    host.page.get_by_role("link", name="小雅的直播间").click()
    expect(host.page.locator(".track")).to_contain_text("保温杯")
    faults["prompter"] = serious(host.page, AXE)
    host.page.keyboard.press("Escape")
    faults["prompter settings"] = serious(host.page, AXE)
