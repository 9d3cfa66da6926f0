"""The hand-written sources of the judged sets (`tests/eval/sources`), and which part of a set a pattern is in."""

import hashlib
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "eval"
SOURCES = FOLDER / "sources"


def lines_of(name: str) -> list[list[str]]:
    """The fields of a source's lines; `#` begins a comment."""
    text = (SOURCES / name).read_text(encoding="utf-8")
    return [line.split("|") for line in text.splitlines() if line.strip() and not line.startswith("#")]


def part_of(template: str) -> str:
    """In which part of a set a pattern is: a third to look at while building, the rest to be judged by."""
    return "dev" if int(hashlib.sha256(template.encode()).hexdigest(), 16) % 3 == 0 else "test"


def half_of(template: str) -> str:
    """In which half of a fresh set a pattern is: one was looked at while building, the other only judged at the end."""
    return "dev" if int(hashlib.sha256(template.encode()).hexdigest(), 16) % 2 == 0 else "test"
