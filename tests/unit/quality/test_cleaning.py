"""The stream's cleaner: what no host would say never appears, everything else does, however the pieces fall."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.quality.cleaning import Cleaner

CLEAN = [
    json.loads(line)["text"]
    for line in (Path(__file__).parent / "data/scripts_clean.jsonl").read_text(encoding="utf-8").splitlines()
]
BODY = "早上出门灌一杯热水，到了下午还是烫的。这款保温杯，泡茶不串味！喜欢的点下方链接下单。"


def cleaned(text: str, sizes: random.Random | None = None) -> tuple[str, Cleaner]:
    cleaner, out, at = Cleaner(), "", 0
    while at < len(text):
        size = sizes.randint(1, 9) if sizes else len(text)
        out += cleaner.feed(text[at : at + size])
        at += size
    return out + cleaner.end(), cleaner


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("好的，以下是为您准备的话术：\n" + BODY, "assistant"),
        ("没问题！下面是保温杯的口播：\n\n" + BODY, "assistant"),
        ("好的，以下是话术：" + BODY, "assistant"),
        ("Sure, here is the script:\n" + BODY, "assistant"),
        ("作为AI助手，我为你写了这段。" + BODY, "assistant"),
        (BODY + "\n希望这段话术对您有帮助。如需修改请告诉我。", "assistant"),
        (BODY + "\n（以上约60字，时长约15秒）", "direction"),
        ("<think>用户要保温杯，先写钩子。</think>\n" + BODY, "thought"),
        ("# 保温杯话术\n" + BODY, "heading"),
        ("【开场】\n" + BODY, "heading"),
        ("主播：" + BODY, "label"),
        ("```text\n" + BODY + "\n```", "markup"),
        ("- " + BODY, "markup"),
        ("1. " + BODY, "markup"),
        (BODY.replace("泡茶不串味", "**泡茶不串味**"), "markup"),
        (BODY.replace("这款", "（拿起杯子展示）这款"), "direction"),
        (BODY.replace("还是烫的", "还是烫的🔥"), "emoji"),
        (BODY + "这款保温杯，泡茶不串味！", "repeat"),
    ],
)
def test_what_no_host_would_say_is_left_out(written: str, kind: str) -> None:
    for seed in range(5):
        shown, cleaner = cleaned(written, random.Random(seed))
        assert shown.strip() == BODY
        assert cleaner.removed[kind]


@pytest.mark.parametrize("text", CLEAN)
def test_an_ordinary_script_passes_unchanged(text: str) -> None:
    shown, cleaner = cleaned(text, random.Random(1))
    assert shown == text
    assert not cleaner.removed


@pytest.mark.parametrize(
    "text",
    [
        "今天【产品名】只要{price}元。",
        "长宽80*40，放得下。",
        "气温-5度也不怕。",
        "129元一只。",
        "标价***元。",
        "（6小时）保温。",
        "2<3对吧？",
    ],
)
def test_what_only_looks_like_markup_is_left_to_the_checks(text: str) -> None:
    assert cleaned(text, random.Random(2))[0] == text


PARTS = st.sampled_from([
    "好的，", "以下是为您准备的话术：", "\n", "**", "【开场】", "（微笑）", "(", "）", "[", "<think>", "</think>",
    "<br>", "`", "```", "- ", "# ", "1.", "主播：", "😀", "热水倒进去还是烫的。", "你喜欢吗？", "希望对您有帮助。",
    "129元", "*", "---", "。", "，", " ", "a",
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(PARTS, max_size=25).map("".join), st.integers(0, 1000))
def test_how_the_pieces_fall_changes_nothing(text: str, seed: int) -> None:
    whole, _ = cleaned(text)
    pieces, _ = cleaned(text, random.Random(seed))
    assert pieces == whole
    rest = iter(text)
    assert all(character in rest for character in whole), "something was added or moved"


def test_an_ordinary_text_is_hardly_held_back() -> None:
    held = []
    for text in CLEAN:
        cleaner, shown = Cleaner(), 0
        for at, character in enumerate(text, 1):
            shown += len(cleaner.feed(character))
            held.append(at - shown)
    held.sort()
    assert held[len(held) // 2] == 0
    assert held[len(held) * 99 // 100] <= 12
