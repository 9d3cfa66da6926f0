"""A person without a pointer: every key goes where the focus is, and each place the focus comes to is looked at."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, expect

from tests.e2e.browser import Seat

#: Notes what a pointer does; a key that presses a button makes a click, too, without one.
NOTE_THE_POINTER = """() => {
    window.pointed = 0
    for (const name of ['pointerdown', 'mousedown', 'touchstart'])
        addEventListener(name, event => { if (event.isTrusted) pointed++ }, true) }"""

#: What has the focus, and what is wrong with how that is shown.
LOOK = """wanted => {
    const at = document.activeElement
    if (!at || at === document.body) return { there: false, body: true, name: 'body', fault: null }
    // What is drawn for a hidden field: its label, or the whole control.
    const control = at.closest('.ant-select, .ant-slider-handle, .ant-checkbox-wrapper, .ant-radio-wrapper, '
        + '.ant-segmented-item, .ant-input-number, .ant-input-affix-wrapper, .ant-sender, .ant-picker, .ant-switch, '
        + '.command-field, .lined-text, label')
    const label = at.matches('input') ? control ?? (at.id && document.querySelector(`label[for="${at.id}"]`)) : null
    const box = at.getBoundingClientRect()
    const shown = at.matches('input, textarea') && (control || box.width < 4) ? (control ?? label ?? at) : at
    const name = (at.getAttribute('aria-label') || at.innerText || at.id || at.className || at.tagName).toString()
        .replace(/\\s+/g, ' ').trim().slice(0, 40)
    const rect = shown.getBoundingClientRect()
    const part = { left: Math.max(rect.left, 0), top: Math.max(rect.top, 0),
        right: Math.min(rect.right, innerWidth), bottom: Math.min(rect.bottom, innerHeight) }
    let fault = null
    if (part.right - part.left < 1 || part.bottom - part.top < 1) fault = 'is out of sight'
    else {
        const across = [0.5, 0.15, 0.85].map(share => part.left + (part.right - part.left) * share)
        const down = [0.5, 0.15, 0.85].map(share => part.top + (part.bottom - part.top) * share)
        const hits = across.flatMap(x => down.map(y => document.elementFromPoint(x, y)))
        const own = hit => hit && (shown.contains(hit) || at.contains(hit) || (label && label.contains(hit))
            || (hit.contains(at) && hit.closest('.ant-select, .ant-slider, label') !== null))
        if (!hits.some(own)) fault = `lies under ${hits[0]?.className || hits[0]?.tagName}`
    }
    // Its ring: of its own, of what is around the field, or of what is drawn in its place.
    const ringed = element => [undefined, '::before', '::after'].some(part => {
        const { content, outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element, part)
        if (part && content === 'none') return false
        return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 || /0px 0px 0px [1-9]/.test(boxShadow)
    })
    const drawn = at.matches('.ant-drawer') ? at.querySelector('.ant-drawer-section') : null
    const near = [at, drawn, shown, label, at.nextElementSibling, at.previousElementSibling]
    for (let up = at.parentElement, n = 0; up && n < 4; up = up.parentElement, n++) near.push(up)
    if (!fault && !near.filter(Boolean).some(ringed)) fault = 'has no ring'
    return { there: at === wanted, body: false, name, fault }
}"""
#: Looks, twenty a second, before a fault is one.
SOON = 80
ELSEWHERE = f"() => ({LOOK})(document.createElement('p'))"


class Hands:
    """The keyboard of a seat. Whatever gets the focus must show it, uncovered."""

    def __init__(self, seat: Seat) -> None:
        self.seat, self.page = seat, seat.page
        self.page.add_init_script(f"({NOTE_THE_POINTER})()")
        self.page.evaluate(NOTE_THE_POINTER)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, wherever the focus is."""
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Write where the focus is."""
        self.page.keyboard.type(text)

    def replace(self, text: str) -> None:
        """Write in the place of all that stands in the field."""
        self.press("Control+a")
        self.type(text)

    def go(self, letter: str) -> None:
        """To a page, by G and its letter."""
        self.press("g", letter)

    def to(self, wanted: Locator, *, back: bool = False, most: int = 90) -> None:
        """Go by Tab until this has the focus; each stop on the way is looked at."""
        expect(wanted).to_be_attached()
        ends = 0
        for _ in range(most):
            seen = self._look(wanted)
            if seen["there"]:
                return
            self.press("Shift+Tab" if back else "Tab")
            ends += self._body()
            assert ends < 3, f"from end to end of the page, and {wanted} had the focus nowhere"
        raise AssertionError(f"{wanted} has not got the focus by {most} times Tab")

    def do(self, wanted: Locator, key: str = "Enter", **options: Any) -> None:
        """Go there and press a key."""
        # Before one goes: Tab passes by what cannot be pressed yet.
        expect(wanted).to_be_enabled()
        self.to(wanted, **options)
        expect(wanted).to_be_enabled()
        self.press(key)

    def write(self, field: Locator, text: str, **options: Any) -> None:
        """Go to a field and write in the place of what it holds."""
        self.to(field, **options)
        self.replace(text)

    def choose(self, field: Locator, option: str, **options: Any) -> None:
        """Open a list and go down it to this choice."""
        self.to(field, **options)
        if field.get_attribute("aria-expanded") != "true":
            self.press("Enter")
        expect(field).to_have_attribute("aria-expanded", "true")
        active = self.page.locator(".ant-select-dropdown:visible .ant-select-item-option-active")
        expect(active).to_have_count(1)
        for _ in range(40):
            if option in active.inner_text():
                break
            before = active.inner_text()
            self.press("ArrowDown")
            expect(active).not_to_have_text(before)
        self.press("Enter")

    def here(self, wanted: Locator) -> None:
        """This has the focus, and shows it."""
        expect(wanted).to_be_focused()
        assert self._look(wanted)["there"]

    def kept(self, within: Locator | None = None) -> None:
        """After something went or was closed, the focus is on something that shows it: in this part of the page."""
        self.page.wait_for_function(
            "part => document.activeElement !== document.body && (part ?? document).contains(document.activeElement)",
            arg=within.element_handle() if within is not None else None,
        )
        self._look(None)

    def no_pointer(self) -> None:
        """Nothing was pointed at."""
        assert self.page.evaluate("window.pointed") == 0

    def until(self, done: Callable[[], bool], *keys: str, most: int = 40) -> None:
        """Press these keys again and again until it is so."""
        for _ in range(most):
            if done():
                return
            self.press(*keys)
        raise AssertionError(f"{keys} pressed {most} times and it did not come to that")

    def _look(self, wanted: Locator | None) -> dict[str, Any]:
        seen: dict[str, Any] = {}

        def shown() -> bool:
            seen.update(self.page.evaluate(ELSEWHERE) if wanted is None else wanted.evaluate(LOOK))
            return seen["fault"] is None

        # Rings grow, and what was scrolled to may still be on its way.
        for _ in range(SOON):
            if shown():
                return seen
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{seen['name']} has the focus and {seen['fault']}")

    def _body(self) -> bool:
        return bool(self.page.evaluate("document.activeElement === document.body"))
