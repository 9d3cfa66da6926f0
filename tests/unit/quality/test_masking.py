"""Structures without personal data: nothing of it is left anywhere, and what points into a text still does."""

import re
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.quality.lexicon import RuleSnapshot
from backend.quality.masking import mask_values

_RULES = RuleSnapshot.load()
PRIVATE = ("电话138 0013 8000", "0571-84786469转3", "收件人：李娜，", "微信：lina_1990", "工行6222021234567890128")
PLAIN = ("这是国家级的杯子", "大家晚上好。", "全网最低价", "，双层杯身，", "99元两只", "治疗胃病")


def test_ids_and_times_stay_and_texts_are_masked_wherever_they_are():
    ids = [str(uuid4()), uuid4().hex, uuid4().hex * 2, "11111111111111111111111111111111"]
    value = {"ids": ids, "at": "2026-11-22T02:36:01.138001+00:00", "n": 13800138000, "deep": [{"x": "打13800138000"}]}
    masked = mask_values(value)
    assert {name: masked[name] for name in ("ids", "at", "n")} == {name: value[name] for name in ("ids", "at", "n")}
    assert masked["deep"] == [{"x": "打138****8000"}]
    assert mask_values(None) is None


@given(st.lists(st.sampled_from(PRIVATE + PLAIN), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_findings_point_at_the_same_words_after_masking(parts: list[str]):
    content = "。".join(parts)
    findings = [one.model_dump(mode="json") for one in _RULES.scan(content)]
    masked = mask_values({"content": content, "findings": findings})
    text = masked["content"]
    assert not re.search(r"138 ?0013|lina_1990|6222021234|84786469", str(masked))
    for before, after in zip(findings, masked["findings"], strict=True):
        low, high = after["span"]
        assert 0 <= low <= high <= len(text)
        assert after["excerpt"] == text[low:high]
        if not re.search(r"\d|李娜|lina", before["excerpt"]):
            assert after["excerpt"] == before["excerpt"]
