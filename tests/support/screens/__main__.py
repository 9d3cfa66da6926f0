"""`python -m tests.support.screens`: the real server with the demo's data, real people at real browsers.

Nothing on a picture is painted. All pictures go to one folder (build/screens); those that docs/screens/README.md shows
are kept there, in fewer colours. A scene that fails is told of, and the others are taken all the same.
"""

import argparse
import os
import re
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.browser import built, launch, seats_at
from tests.support.processes import ROOT
from tests.support.screens import approving, desk, directing, keeping, pairing, retelling, shapes, trouble, upkeep
from tests.support.screens.camera import KEPT, Camera, keep, named_in
from tests.support.screens.served import StudioServer

SCENES: Final = (
    *desk.SCENES,
    *approving.SCENES,
    *keeping.SCENES,
    *directing.SCENES,
    *pairing.SCENES,
    *retelling.SCENES,
    *upkeep.SCENES,
    *shapes.SCENES,
    *trouble.SCENES,
)


def photograph(chromium: Browser, folder: Path, only: re.Pattern[str]) -> list[str]:
    """Take the pictures of the scenes whose names fit. Returns the scenes that failed."""
    camera, failed = Camera(folder), []
    server_settings = {
        "offline_pace": 80,
        # Nobody has to be quick while a rejection is photographed.
        "reject_undo_window": 90,
        "tenant_key__qinghe__glm": "sk-of-the-team",
        "tenant_model_urls": upkeep.NOBODY,
    }
    with tempfile.TemporaryDirectory() as data, StudioServer(Path(data), server_settings).start() as server:
        server.wait_healthy(120)
        scenes = [(scene.__name__, scene, ()) for scene in SCENES]
        scenes.append(("broken_line", trouble.broken_line, (server,)))
        for name, scene, more in scenes:
            if not only.search(name):
                continue
            print(f"-- {name}", flush=True)
            with seats_at(chromium, server.url) as seats:
                began = time.monotonic()
                try:
                    scene(seats, camera, *more)
                except Exception as error:  # noqa: BLE001 - a picture that cannot be taken must not cost the others
                    _tell(error)
                    failed.append(name)
                print(f"   {time.monotonic() - began:.0f} s", flush=True)
    return failed


def kept(chromium: Browser, folder: Path) -> list[str]:
    """Keep what the README shows, and nothing else; if something of it was not taken, all stays as it was."""
    names = named_in(KEPT / "README.md")
    lacking = [f"{name}.png, which the README shows" for name in names if not (folder / f"{name}.png").is_file()]
    if not lacking:
        print(f"{KEPT}: {keep(chromium, folder, KEPT, names) / 1e6:.1f} MB")
    return lacking


def _tell(error: Exception) -> None:
    """Where a scene stopped and why, without the page's whole text."""
    ours = [step for step in traceback.extract_tb(error.__traceback__) if "screens" in step.filename]
    print(*(f"   {Path(step.filename).name}:{step.lineno} {step.line}" for step in ours), sep="\n", file=sys.stderr)
    print("  ", *str(error).splitlines()[:8], sep="\n   ", file=sys.stderr)


def main() -> int:
    """Take the pictures, and keep those that the README shows."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--to", type=Path, default=ROOT / "build" / "screens")
    reader.add_argument("--only", type=re.compile, default=re.compile(""), help="scenes whose names fit; none is kept")
    reader.add_argument("--keep", action="store_true", help="take none, keep those that were taken before")
    reader.add_argument("--patience", type=int, default=int(os.environ.get("PATIENCE", "45")), help="seconds")
    given = reader.parse_args()
    built()
    # Chromium's own parts of a page, as the field of a date, in the team's language.
    os.environ["LANGUAGE"] = "zh_CN"
    folder: Path = given.to
    folder.mkdir(parents=True, exist_ok=True)
    if not given.only.pattern and not given.keep:
        for old in [*folder.glob("*.png"), *folder.glob("*.json")]:
            old.unlink()
    expect.set_options(timeout=given.patience * 1000)
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        failed = [] if given.keep else photograph(chromium, folder, given.only)
        if given.keep or not given.only.pattern:
            failed += kept(chromium, folder)
        chromium.close()
    for name in failed:
        print(f"failed: {name}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
