"""Take one mechanism after the other out of the code and see its tests fail: `make breaks`.

What is taken out is told in `scenarios.toml`, as `[[row.break]]`: `what` is missing then, `file`, `old` text that
stands in it once, the `new` text instead, and `tests` (names below tests/) where not all of the row's notice. What no
row is about stands in `areas.toml`, as `[[area.break]]`.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.scenarios import AREAS_FILE, ROWS_FILE, tests_of_scenarios

_ROOT = Path(__file__).resolve().parents[2]
#: Seconds a broken code may take until its tests have failed.
_LIMIT = 300


@dataclass(frozen=True)
class Break:
    """One mechanism to take out, and the tests that must notice."""

    #: Its row's number, or the name of its area.
    of: str
    what: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def applied(self, text: str) -> str:
        """Return the file's text without the mechanism; ValueError when `old` is not there exactly once."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.of}: {self.old!r} is {text.count(self.old)} times in {self.file}")
        return text.replace(self.old, self.new)


def breaks() -> Iterator[Break]:
    """Yield everything that is to be broken."""
    tests = tests_of_scenarios()
    for row in tomllib.loads(ROWS_FILE.read_text(encoding="utf-8"))["row"]:
        for one in row.get("break", []):
            names = tuple(one.get("tests") or tests[row["number"]])
            yield Break(str(row["number"]), one["what"], one["file"], one["old"], one["new"], names)
    for area in tomllib.loads(AREAS_FILE.read_text(encoding="utf-8"))["area"]:
        for one in area["break"]:
            yield Break(area["name"], one["what"], one["file"], one["old"], one["new"], tuple(one["tests"]))


def noticed(one: Break) -> tuple[bool, str]:
    """Return whether the tests fail on a copy of the tree in which this is broken, and what they printed."""
    with tempfile.TemporaryDirectory(prefix="cuedesk-broken-") as folder:
        tree = Path(folder)
        names = subprocess.run(["git", "ls-files", "-z"], cwd=_ROOT, check=True, capture_output=True, text=True)
        for name in filter(None, names.stdout.split("\0")):
            if (_ROOT / name).is_file():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(_ROOT / name, tree / name)
        for link in (".git", ".venv", "frontend/dist", "frontend/node_modules"):
            if (_ROOT / link).exists():
                (tree / link).symlink_to((_ROOT / link).resolve())
        path = tree / one.file
        path.write_text(one.applied(path.read_text(encoding="utf-8")), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            *(f"tests/{t}" for t in one.tests),
        ]
        done = subprocess.Popen(
            command, cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            said, _ = done.communicate(timeout=_LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(done.pid, 9)
            said, _ = done.communicate()
            return False, said + f"\nneither failed nor passed within {_LIMIT} s"
        # A line of the summary for a test that failed; all else (no such test, a fixture or an import that breaks)
        # proves nothing.
        return done.returncode == 1 and "\nFAILED " in said, said


def main() -> None:
    """Break what was asked for, or everything; end with 1 when something goes unnoticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wanted", nargs="*", help="numbers of rows, names of areas; all without")
    wanted = set(parser.parse_args().wanted)
    unnoticed = 0
    for one in breaks():
        if wanted and one.of not in wanted:
            continue
        began = time.monotonic()
        seen, said = noticed(one)
        unnoticed += not seen
        verdict = "noticed" if seen else "UNSEEN"
        print(f"{verdict:8} {one.of:>13} {time.monotonic() - began:5.0f} s  {one.what}", flush=True)
        if not seen:
            print(said[-3000:], flush=True)
    sys.exit(bool(unnoticed))


if __name__ == "__main__":
    main()
