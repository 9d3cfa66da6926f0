"""The camera: pictures of pages, by name, in light and dark; and the few that are kept, with fewer colours."""

import base64
import json
import re
from pathlib import Path
from typing import Final

import numpy
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from tests.support.processes import ROOT
from tests.support.screens.palette import paletted

#: Where the few pictures are that the README there shows.
KEPT: Final = ROOT / "docs" / "screens"

#: The page has been still for a moment (its parts and their data have come), its fonts are there and it was painted.
#: Some pages are never still, and one that another window lies over does not draw: for those a second and a half do.
SETTLED: Final = """() => Promise.race([
    new Promise(done => {
        let timer = setTimeout(done, 250)
        const watch = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(done, 250) })
        watch.observe(document.body, { childList: true, subtree: true, attributes: true }) })
        .then(() => document.fonts.ready)
        .then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))),
    new Promise(done => setTimeout(done, 1500))]).then(() => true)"""
#: Where the clock stands on a page: times of day, what is counted down, how long something took, codes and ids. Each
#: is the box of a piece of text, a little wider, because the next time's digits may be; and of what is drawn by chance.
BY_THE_CLOCK: Final = """() => {
    const boxes = []
    const put = rect => { if (rect.width) boxes.push([rect.left - 6, rect.top - 2, rect.right + 6, rect.bottom + 2]) }
    const clock = new RegExp([
        /\\d{1,2}:\\d{2}/, /\\d+([.]\\d+)? ?(ms|s|秒|毫秒|分|分钟|seconds?|minutes?|min)(?![a-z])/,
        /\\d{1,4}[-/]\\d{1,2}/,
        /[0-9a-f]{8}/, /\\d{3} \\d{3}/].map(one => one.source).join('|'))
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (!clock.test(node.data) || node.data.length > 60) continue
        const range = document.createRange()
        range.selectNodeContents(node)
        for (const rect of range.getClientRects()) put(rect)
    }
    const drawn = '[data-testid=qr], [role=progressbar], [role=meter], [role=slider], canvas'
    for (const one of document.querySelectorAll(drawn)) put(one.getBoundingClientRect())
    return boxes }"""
#: Two pixels are the same as long as no part of their colours is further apart: fewer colours move each a little.
ALIKE: Final = 40
#: What an image holds, as the browser that drew it reads it: nothing else here can.
PIXELS: Final = """async png => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob())
    const canvas = new OffscreenCanvas(image.width, image.height)
    const context = canvas.getContext('2d')
    context.drawImage(image, 0, 0)
    const { data } = context.getImageData(0, 0, image.width, image.height)
    let text = ''
    for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768))
    return [image.width, image.height, btoa(text)] }"""


class Camera:
    """Takes pictures into a folder and knows which were taken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken: list[str] = []

    def take(self, page: Page, name: str, *, dark: bool = False, waits: bool = False) -> None:
        """Write `name`.png of what is to be seen, and `name`-dark.png if asked.

        `waits`: for an answer that is kept back.
        """
        if not waits:
            page.wait_for_load_state("networkidle")
        self._shoot(page, name)
        if dark:
            page.emulate_media(color_scheme="dark")
            self._shoot(page, f"{name}-dark")
            page.emulate_media(color_scheme="light")

    def _shoot(self, page: Page, name: str) -> None:
        assert name not in self.taken, f"two pictures are called {name}"
        page.evaluate(SETTLED)
        # What moves is left as it is: the teleprompter's text is an animation, which would be shown at its end.
        page.screenshot(path=self.folder / f"{name}.png", animations="allow", caret="hide")
        (self.folder / f"{name}.json").write_text(json.dumps(page.evaluate(BY_THE_CLOCK)), "utf-8")
        self.taken.append(name)
        print(name, flush=True)


def named_in(readme: Path) -> list[str]:
    """The pictures that a page of Markdown shows, in its order."""
    return list(dict.fromkeys(re.findall(r"\(([\w-]+)\.png\)", readme.read_text("utf-8"))))


def keep(browser: Browser, taken: Path, kept: Path, names: list[str]) -> int:
    """Write these pictures to `kept`, in 256 colours, and remove all others from there. Returns their bytes.

    One that shows nothing new but the time stays as it is, to the byte.
    """
    page = browser.new_page()
    total = 0
    for name in names:
        there = kept / f"{name}.png"
        new = _pixels(page, taken / there.name)
        if not there.is_file() or not same_but_for_the_time(_pixels(page, there), new, taken / f"{name}.json"):
            there.write_bytes(paletted(new))
            print(f"new: {name}", flush=True)
        total += there.stat().st_size
    page.close()
    for old in kept.glob("*.png"):
        if old.stem not in names:
            old.unlink()
    return total


def _pixels(page: Page, png: Path) -> NDArray[numpy.uint8]:
    """Height x width x 3."""
    width, height, data = page.evaluate(PIXELS, base64.b64encode(png.read_bytes()).decode())
    return numpy.frombuffer(base64.b64decode(data), numpy.uint8).reshape(height, width, 4)[:, :, :3]


def same_but_for_the_time(old: NDArray[numpy.uint8], new: NDArray[numpy.uint8], boxes: Path) -> bool:
    """Whether two pictures differ at most where `boxes` says that the clock stands."""
    if old.shape != new.shape:
        return False
    other = (numpy.abs(old.astype(numpy.int16) - new.astype(numpy.int16)) > ALIKE).any(axis=2)
    for left, top, right, bottom in json.loads(boxes.read_text("utf-8")):
        other[max(0, int(top)) : max(0, int(bottom) + 1), max(0, int(left)) : max(0, int(right) + 1)] = False
    return not other.any()
