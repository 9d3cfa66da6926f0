"""The matrix of docs/models.md says what is tested: failure by failure, and every test that the page names is there."""

import re
from pathlib import Path
from typing import Final, get_args

from backend.errors import Failure
from backend.llm.failures import _POLICIES
from tests.integration.llm.test_routes import AFTER_TEXT, BEFORE_TEXT
from tests.support.scripted_answers import Kind, Script

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = (ROOT / "docs" / "models.md").read_text("utf-8")
#: What our server can play that is no failure, or that has a test of its own on the page.
ELSEWHERE: Final = {"text", "tokens", "split_utf8", "half_call"}


def name_of(script: Script) -> str:
    """What a failure is called in the matrix: the kind of the script, or the status with what is particular."""
    if script.kind == "status":
        more = f", Retry-After: {script.retry_after}" if script.retry_after is not None else ""
        more += f", {script.message or script.code}" if script.message or script.code != "scripted" else ""
        return f"{script.status}{more}"
    if script.first_delay:
        return "delay"
    return script.finish_reason if script.finish_reason != "stop" else script.kind


def matrix() -> list[str]:
    """The rows of the matrix, as the tests' own tables say them."""
    after = {name_of(script): reason for script, reason in AFTER_TEXT}
    rows = []
    for script, asked, reason, falls_back in BEFORE_TEXT:
        name = name_of(script)
        follows = (
            f"`{reason}`: asked {'3 times' if asked == 3 else 'once'}, {'then the next' if falls_back else 'told'}"
        )
        later = f"`{after[name]}`, with the text" if name in after else "–"
        rows.append(f"| {name} | {follows} | {later} | {follows} |")
    return rows


def test_the_matrix_is_what_the_tests_play() -> None:
    head, _, rest = PAGE.partition("|---|---|---|---|\n| 500 ")
    assert head != PAGE, "docs/models.md has no matrix"
    found = ("| 500 " + rest).split("\n\n", 1)[0].splitlines()
    assert found == matrix(), "\n".join(["the matrix of docs/models.md should be:", *matrix()])


def test_the_matrix_leaves_out_no_failure() -> None:
    played = {script.kind for script, *_ in BEFORE_TEXT}
    assert played | ELSEWHERE == set(get_args(Kind))
    after = {script.kind for script, _ in AFTER_TEXT}
    broken = {"cut", "abrupt_end", "half_json", "malformed", "undecodable", "huge_line", "error_event", "stall"}
    assert after == {*broken, "tokens"}
    reasons = {reason for _, _, reason, _ in BEFORE_TEXT}
    without = {"connect", "busy", "resting", "rate_exceeded", "budget_spent", "unknown", "unsupported"}
    assert reasons | without >= set(get_args(Failure)), "a failure that nothing plays"
    for failure in set(_POLICIES) - {"rate_exceeded", "budget_spent"}:  # those are ours, and have a part of their own
        assert f"`{failure}`" in PAGE, f"the page does not say what follows {failure}"


def test_every_test_that_the_page_names_is_there() -> None:
    tests = {
        path.relative_to(ROOT / "tests").with_suffix("").as_posix(): path
        for path in (ROOT / "tests").rglob("test_*.py")
    }
    names = re.findall(r"`([\w/…]+)::(test_\w+…?)`", PAGE)
    assert len(names) > 15
    for module, name in names:
        paths = [path for known, path in tests.items() if module == "…" or f"/{known}".endswith(f"/{module}")]
        begun = name.removesuffix("…")
        pattern = rf"def {begun}" + ("" if begun != name else r"\(")
        assert any(re.search(pattern, path.read_text("utf-8")) for path in paths), f"there is no {module}::{name}"
    for module in re.findall(r"`((?:\w+/)*test_\w+)`", PAGE):
        assert any(f"/{known}".endswith(f"/{module}") for known in tests), f"there is no {module}"
