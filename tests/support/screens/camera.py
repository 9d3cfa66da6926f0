"""The camera: pictures of pages, by name, in light and dark; and the few that are kept, with fewer colours."""

import base64
import re
from pathlib import Path
from typing import Final

import numpy
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
        self.taken.append(name)
        print(name, flush=True)


def named_in(readme: Path) -> list[str]:
    """The pictures that a page of Markdown shows, in its order."""
    return list(dict.fromkeys(re.findall(r"\(([\w-]+)\.png\)", readme.read_text("utf-8"))))


def keep(browser: Browser, taken: Path, kept: Path, names: list[str]) -> int:
    """Write these pictures to `kept`, in 256 colours, and remove all others from there. Returns their bytes."""
    page = browser.new_page()
    total = 0
    for name in names:
        png = base64.b64encode((taken / f"{name}.png").read_bytes()).decode()
        width, height, data = page.evaluate(PIXELS, png)
        pixels = numpy.frombuffer(base64.b64decode(data), numpy.uint8).reshape(height, width, 4)
        small = paletted(pixels[:, :, :3])
        (kept / f"{name}.png").write_bytes(small)
        total += len(small)
    page.close()
    for old in kept.glob("*.png"):
        if old.stem not in names:
            old.unlink()
    return total
