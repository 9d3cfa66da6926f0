"""The table of docs/reliability.md: what the server must survive, the tests that are it, how each is doubted.

`python -m tests.support.scenarios` prints the page; `make generated` fails when the stored one is another.
"""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

_TESTS = Path(__file__).resolve().parents[1]
ROWS_FILE = Path(__file__).with_suffix(".toml")
AREAS_FILE = ROWS_FILE.with_name("areas.toml")


def marked(source: str) -> Iterator[tuple[str, list[int]]]:
    """Yield the name and the scenario numbers of each test in a module's source; a module's mark holds for all."""
    tree = ast.parse(source)
    of_module = [
        number
        for node in tree.body
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets)
        for number in _numbers(node.value)
    ]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name, of_module + [n for mark in node.decorator_list for n in _numbers(mark)]
        elif isinstance(node, ast.Assign):
            # `TestLife = Life.TestCase` of a hypothesis state machine, marked by its module.
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id.startswith("Test"):
                    yield target.id, of_module


def _numbers(node: ast.AST) -> list[int]:
    return [
        argument.value
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "scenario"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, int)
    ]


def tests_of_scenarios() -> dict[int, list[str]]:
    """Return for each scenario its tests, as `path::name` below tests/."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in sorted(_TESTS.rglob("test_*.py")):
        for name, numbers in marked(path.read_text(encoding="utf-8")):
            for number in sorted(set(numbers)):
                found[number].append(f"{path.relative_to(_TESTS).as_posix()}::{name}")
    return dict(found)


def all_tests() -> set[str]:
    """Return every test, as `path::name` below tests/."""
    return {
        f"{path.relative_to(_TESTS).as_posix()}::{name}"
        for path in _TESTS.rglob("test_*.py")
        for name, _ in marked(path.read_text(encoding="utf-8"))
    }


def page() -> str:
    """Return the page."""
    data = tomllib.loads(ROWS_FILE.read_text(encoding="utf-8"))
    tests = tests_of_scenarios()
    lines = [
        data["head"].strip(),
        "",
        "| # | situation | tests | they fail when |",
        "|---|---|---|---|",
    ]
    for row in data["row"]:
        shown = "<br>".join(f"`{test}`" for test in tests.get(row["number"], [])) or row["no_test"]
        broken = "<br>".join(one["what"] for one in row.get("break", [])) or row.get("not_broken", "–")
        lines.append(f"| {row['number']} | {row['situation']} | {shown} | {broken} |")
    beyond = tomllib.loads(AREAS_FILE.read_text(encoding="utf-8"))
    lines += ["", beyond["head"].strip(), "", "| area | tests | they fail when |", "|---|---|---|"]
    for area in beyond["area"]:
        shown = "<br>".join(f"`{test}`" for test in dict.fromkeys(t for one in area["break"] for t in one["tests"]))
        lines.append(f"| {area['name']} | {shown} | {'<br>'.join(one['what'] for one in area['break'])} |")
    return "\n".join([*lines, "", data["foot"].strip(), ""])


if __name__ == "__main__":
    print(page(), end="")
