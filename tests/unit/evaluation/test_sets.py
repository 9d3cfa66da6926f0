"""Sets are read line by line, run, told in figures, and compared."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from backend.__main__ import main
from backend.errors import SetupError
from backend.evaluation.cases import IntentCase, read_sets
from backend.evaluation.intents import situation_of
from backend.evaluation.outcomes import Outcome, confusions, reliability, scores, worst
from backend.evaluation.report import load_result
from tests.support import make_sets
from tests.support.eval_sources import FOLDER

WORLD = {
    "type": "situation",
    "name": "shop",
    "products": ["锅巴薯片", {"name": "山楂条", "aliases": ["山楂"]}],
    "hosts": ["小林"],
}
SHORTER = {
    "type": "intent",
    "message": "再短点",
    "situation": "shop",
    "history": ["写一段锅巴薯片的开场", "大家好，今天聊聊锅巴薯片。"],
    "expect": {"kind": "restyle", "scenario": "opening", "slots": {"product": "锅巴薯片", "length_change": "shorter"}},
}


def file_of(folder: Path, *lines: Any, name: str = "set.jsonl") -> Path:
    path = folder / name
    text = "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text(text, encoding="utf-8")
    return path


def result_of(folder: Path, *lines: Any, code: int = 0, arguments: tuple[str, ...] = ()) -> dict[str, Any]:
    json_file = folder / "result.json"
    assert main(["eval", str(file_of(folder, *lines)), "--json", str(json_file), *arguments]) == code
    return load_result(json_file)


def test_a_bad_line_is_named_and_the_rest_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = result_of(
        tmp_path,
        WORLD,
        '{"type": "intent"',
        SHORTER,
        {"type": "intent", "message": "x", "expect": "fly"},
        {**SHORTER, "situation": "nowhere"},
        {"type": "pii", "text": "没有", "spans": ["电话"]},
        [1],
        {"text": "what am I"},
        code=1,
    )
    assert result["sets"]["intent"]["n"] == 1
    assert [one["line"] for one in result["unread"]] == [2, 4, 6, 7, 8, 5]
    reasons = {one["line"]: one["reason"] for one in result["unread"]}
    assert "is not JSON" in reasons[2]
    assert "no intent is called 'fly'" in reasons[4]
    assert "no situation is called 'nowhere'" in reasons[5]
    assert "'电话' are not in the text" in reasons[6]
    assert f"{tmp_path / 'set.jsonl'}:2: is not JSON" in capsys.readouterr().out


def test_bytes_that_are_no_text_are_a_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "gbk.jsonl"
    path.write_bytes('{"type": "pii", "text": "电话"}'.encode("gbk") + b'\n{"type": "pii", "text": "ok"}\n')
    sets = read_sets([path])
    assert [one.reason for one in sets.unread] == ["is not UTF-8"]
    assert len(sets.cases) == 1


def test_a_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SetupError):
        read_sets([tmp_path / "nothing.jsonl"])
    with pytest.raises(SetupError):
        read_sets([tmp_path])
    assert main(["eval", str(tmp_path / "nothing.jsonl")]) == 2


def test_a_kind_can_be_told_by_the_command(tmp_path: Path) -> None:
    result = result_of(tmp_path, {"text": "电话13812345678", "spans": ["13812345678"]}, arguments=("--as", "pii"))
    assert result["sets"]["pii"]["right"] == 1


def test_only_the_part_that_is_asked_for_is_run(tmp_path: Path) -> None:
    lines = [
        {"type": "pii", "text": f"第{place}行", "split": split} for place, split in enumerate(("dev", "test", "test"))
    ]
    assert result_of(tmp_path, *lines, arguments=("--split", "test"))["sets"]["pii"]["n"] == 2


def test_history_becomes_the_scripts_and_the_question_of_the_thread() -> None:
    case = IntentCase.model_validate(
        {
            "type": "intent",
            "message": "山楂",
            "expect": "opening",
            "situation": {"products": WORLD["products"]},
            "history": [
                "写一段锅巴薯片的开场，30秒",
                "大家好，今天聊聊锅巴薯片。",
                {"role": "user", "content": "再写一个开场"},
                {"role": "assistant", "content": "讲哪个产品？", "options": ["锅巴薯片", "山楂条"]},
            ],
        }
    )
    situation = situation_of(case)
    assert [(draft.scenario, draft.product_name, draft.seconds) for draft in situation.drafts] == [
        ("opening", "锅巴薯片", 30)
    ]
    assert situation.asked
    assert situation.asked_about == "再写一个开场"
    assert [label for label, _ in situation.options] == ["锅巴薯片", "山楂条"]
    assert case.expect.kind == "write"
    assert case.expect.scenario == "opening"


def test_each_kind_is_judged_by_what_it_is_about(tmp_path: Path) -> None:
    product = {"name": "山楂条", "price": 19.9, "list_price": 29.9, "facts": {}}
    result = result_of(
        tmp_path,
        WORLD,
        SHORTER,
        {"type": "compliance", "tier": "lexical", "text": "这是全国第一的零食", "spans": ["全国第一"]},
        {"type": "compliance", "tier": "clean", "text": "第一个链接是山楂条"},
        {"type": "compliance", "tier": "program", "text": "今天到手只要九块九", "product": product},
        {"type": "script", "text": "好的，以下是为您准备的话术：大家好", "defects": ["Q08"]},
        {
            "type": "pii",
            "text": "货号13912345有三个颜色，电话13812345678",
            "spans": ["13812345678"],
            "keep": ["13912345"],
        },
        arguments=("--tier", "rules"),
    )
    assert {kind: (one["right"], one["n"]) for kind, one in result["sets"].items()} == {
        "intent": (1, 1),
        "compliance": (3, 3),
        "script": (1, 1),
        "pii": (1, 1),
    }
    assert result["sets"]["intent"]["parts"] == {
        "scenario": {"right": 1, "n": 1},
        "product": {"right": 1, "n": 1},
        "length_change": {"right": 1, "n": 1},
    }


def test_a_wrong_reading_a_leak_and_a_false_alarm_are_errors(tmp_path: Path) -> None:
    result = result_of(
        tmp_path,
        {"type": "intent", "message": "谢谢", "expect": "promotion"},
        {"type": "pii", "text": "电话13812345678", "spans": []},
        {"type": "pii", "text": "我住在三楼", "spans": ["三楼"]},
        {"type": "compliance", "tier": "clean", "text": "这是全国第一的零食"},
        {"type": "script", "text": "好的，以下是为您准备的话术：大家好", "defects": []},
    )
    assert {kind: one["right"] for kind, one in result["sets"].items()} == {
        "intent": 0,
        "pii": 0,
        "compliance": 0,
        "script": 0,
    }
    assert {one["got"] for one in result["outcomes"] if one["kind"] == "pii"} == {"personal", "look-alike"}


def test_two_results_are_compared_case_by_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = [
        Outcome("pii", "a", "mobile", "personal", "personal", True, "一").plain(),
        Outcome("pii", "b", "mobile", "personal", "look-alike", False, "二").plain(),
        Outcome("pii", "c", "mobile", "personal", "personal", True, "三").plain(),
    ]
    figures = {"n": 3, "right": 2, "tiers": {"mobile": {"right": 2, "n": 3}}}
    before = {"format": 1, "sets": {"pii": figures}, "outcomes": outcomes}
    turned = [{**outcomes[0], "right": False, "got": "look-alike"}, {**outcomes[1], "right": True, "got": "personal"}]
    after = {**before, "outcomes": turned}
    for name, result in (("before", before), ("after", after)):
        (tmp_path / name).write_text(json.dumps(result), encoding="utf-8")
    assert main(["eval", "--compare", str(tmp_path / "before"), str(tmp_path / "after")]) == 0
    said = capsys.readouterr().out
    assert "1 cases are only in the first result" in said
    assert said.index("worse: 1") < said.index("一") < said.index("better: 1") < said.index("二")
    assert main(["eval", "--compare", str(tmp_path / "before"), str(tmp_path / "nothing")]) == 2


def outcome(expected: str, got: str, confidence: float | None = None, cost: float = 1.0) -> Outcome:
    return Outcome(
        "intent", f"{expected}{got}{confidence}", "", expected, got, expected == got, "", {}, confidence, cost=cost
    )


def test_precision_and_recall_are_counted_by_label() -> None:
    found = scores([outcome("a", "a"), outcome("a", "b"), outcome("b", "b"), outcome("c", "b")])
    assert [(one.label, one.n, one.precision, one.recall) for one in found] == [
        ("a", 2, 1.0, 0.5),
        ("b", 1, 1 / 3, 1.0),
        ("c", 1, None, 0.0),
    ]
    assert confusions([outcome("a", "b"), outcome("a", "b"), outcome("c", "b")]) == [("a", "b", 2), ("c", "b", 1)]


def test_a_confidence_that_keeps_its_word_has_no_calibration_error() -> None:
    kept = reliability([outcome("a", "a", 0.75)] * 3 + [outcome("a", "b", 0.75)])
    assert kept is not None
    assert kept.error == 0
    boasting = reliability([outcome("a", "a", 0.95), outcome("a", "b", 0.95)])
    assert boasting is not None
    assert boasting.error == pytest.approx(0.45)
    assert reliability([outcome("a", "a")]) is None


def test_the_worst_errors_are_those_that_cost_most_and_were_said_most_surely() -> None:
    errors = [outcome("a", "b", 0.9), outcome("a", "c", 0.5, cost=3), outcome("a", "d", 0.99), outcome("a", "a", 1.0)]
    assert [one.got for one in worst(errors)] == ["c", "d", "b"]


def test_our_sets_are_what_their_sources_make_and_every_line_is_read(tmp_path: Path) -> None:
    make_sets.main(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        assert path.read_bytes() == (FOLDER / path.name).read_bytes(), (
            f"run python -m tests.support.make_sets: {path.name}"
        )
    sets = read_sets([FOLDER])
    assert sets.unread == []
    count = {kind: sum(one.type == kind for one in sets.cases) for kind in ("intent", "compliance", "pii", "script")}
    assert count["intent"] >= 350, count
    assert count["compliance"] >= 300, count
    assert count["pii"] >= 120, count
    assert count["script"] >= 60, count


def test_no_pattern_is_in_two_parts_of_a_set_and_no_lesson_is_judged() -> None:
    parts: dict[str, set[str]] = {}
    for case in read_sets([FOLDER]).cases:
        parts.setdefault(f"{case.type} {case.template}", set()).add(case.split)
    assert {key for key, splits in parts.items() if len(splits) > 1} == set()
    judged = {case.message for case in read_sets([FOLDER]).cases if isinstance(case, IntentCase)}
    lessons = {
        line.rsplit("|", 1)[1]
        for line in (FOLDER / "sources/intents_train.txt").read_text("utf-8").splitlines()
        if "|" in line
    }
    # Single words that everybody says are in both; a sentence is not.
    assert {message for message in judged & lessons if len(message) > 6} == set()


def test_the_examples_of_the_page_are_lines_of_a_set(tmp_path: Path) -> None:
    page = (FOLDER.parents[1] / "docs/evaluation.md").read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]
    sets = read_sets([file_of(tmp_path, *lines)])
    assert sets.unread == []
    assert {case.type for case in sets.cases} == {"intent", "compliance", "script", "pii", "recall", "injection"}
