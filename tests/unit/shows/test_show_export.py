"""What people take along: nothing that is said is lost, and the times add up."""

import io
import re
from datetime import UTC, datetime
from itertools import pairwise

import docx
from hypothesis import given
from hypothesis import strategies as st

from backend.api.files import attachment
from backend.domain.show_export import Spoken, as_cues, as_docx, as_text, cue_texts
from backend.quality.craft import speakable

SCRIPTS = [
    Spoken("保温杯 · 开场", "姐妹们晚上好！今天这款保温杯，早上灌热水，晚上还是温的。\n点个关注再走。", 30),
    Spoken("辣条 · 促销", "199元拿走三箱，手慢无。", 20),
]
AT = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
STAMP = re.compile(r"(\d\d):(\d\d):(\d\d),(\d{3}) --> (\d\d):(\d\d):(\d\d),(\d{3})")


def times(cues: str) -> list[tuple[float, float]]:
    def seconds(h: str, m: str, s: str, ms: str) -> float:
        return int(h) * 3600 + int(m) * 60 + int(s) + int(ms) / 1000

    return [(seconds(*found[:4]), seconds(*found[4:])) for found in STAMP.findall(cues)]


def test_cues_follow_each_other_without_a_gap_at_the_hosts_pace() -> None:
    cues = as_cues(SCRIPTS, 260, speakable)
    spans = times(cues)
    assert spans[0][0] == 0
    assert all(end == begin for (_, end), (begin, _) in pairwise(spans))
    said = sum(speakable(script.text) for script in SCRIPTS)
    assert abs(spans[-1][1] - said * 60 / 260) < 0.001
    assert [int(block.split("\n")[0]) for block in cues.split("\n\n")] == list(range(1, len(spans) + 1))
    assert "【辣条 · 促销】\n199元拿走三箱，手慢无。" in cues


@given(st.text(alphabet="今天，。！？的杯子199a 、\n…”", max_size=120))
def test_nothing_that_is_said_is_left_out_of_the_cues(text: str) -> None:
    joined = "".join(cue_texts(text, speakable))
    assert re.sub(r"\W", "", joined) == re.sub(r"\W", "", text)
    assert all(speakable(cue) > 0 for cue in cue_texts(text, speakable))


def test_the_text_names_each_script_with_the_time_it_begins() -> None:
    text = as_text("双十一大场", AT, SCRIPTS, 260, speakable)
    assert text.startswith("双十一大场\r\n2026-11-30 20:00")
    assert "1. [00:00:00] 保温杯 · 开场" in text
    assert re.search(r"2\. \[00:00:\d\d\] 辣条 · 促销", text)


def test_the_document_opens_and_holds_headings_and_every_paragraph() -> None:
    document = docx.Document(io.BytesIO(as_docx("双十一\x07大场", AT, SCRIPTS, 260, speakable)))
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert texts[0] == "双十一大场"
    assert "1. 保温杯 · 开场" in texts
    assert "点个关注再走。" in texts
    assert document.core_properties.title == "双十一大场"


def test_a_chinese_file_name_is_said_as_rfc_5987_wants_it() -> None:
    header = attachment("双十一/大场.docx")
    header.encode("latin-1")  # a header cannot hold anything else
    assert header == (
        "attachment; filename=\"______.docx\"; filename*=UTF-8''%E5%8F%8C%E5%8D%81%E4%B8%80_%E5%A4%A7%E5%9C%BA.docx"
    )
    assert '"' not in attachment('a"b.txt').split("filename*")[0].replace('filename="', "").rstrip("; ").rstrip('"')
