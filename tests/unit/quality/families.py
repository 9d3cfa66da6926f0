"""Families of sentences about goods and their records: honest talk beside faults of one shape (`data/*.jsonl`)."""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.protocol.events import Finding
from tests.unit.quality.test_let_through import said_of


class Families:
    """The lines of a file: `goods` with their `record`, and texts about them; a fault says what it `stops`."""

    def __init__(self, name: str) -> None:
        text = (Path(__file__).parent / "data" / name).read_text(encoding="utf-8")
        self._lines: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
        self.records: dict[str, dict[str, Any]] = {
            line["goods"]: line["record"] for line in self._lines if "record" in line
        }

    def cases(self, *, planted: bool) -> list[Any]:
        """Return the faults, or the honest texts, each named by what it is about."""
        return [
            pytest.param(line, id=f"{line['about']}: {line['text']}")
            for line in self._lines
            if "text" in line and planted == ("stops" in line)
        ]

    def found_in(self, line: dict[str, Any]) -> list[Finding]:
        """Return what is found in a text as part of a promotion, but for remarks and what its record itself lacks."""
        record = self.records[line["goods"]]
        found = said_of(record, line["text"], scenario="promotion", behind="点购物车一号链接下单。")
        return [one for one in found if one.severity != "info" and not one.rule.startswith("REG")]
