"""The folded text and its way back."""

from hypothesis import given
from hypothesis import strategies as st

from backend.quality.normalize import NUMERALS, fold

_CHARS = st.sampled_from(list("最好的用❤️\u200b \n。，.．Ｎo１①頂級👨‍👩‍👧💯廋V信➕abc99½ﬀ㎏𝐍〇两-*"))
_TEXTS = st.one_of(st.text(_CHARS, max_size=40), st.text(max_size=40))


@given(_TEXTS)
def test_every_folded_position_leads_to_a_range_of_the_original_and_ranges_never_run_backwards(text: str) -> None:
    folded = fold(text)
    last = 0
    for at in range(len(folded.text)):
        start, end = folded.span(at, at + 1)
        assert 0 <= last <= start < end <= len(text)
        last = start


@given(_TEXTS)
def test_what_folding_leaves_alone_stays_where_it_was(text: str) -> None:
    folded = fold(text)
    for at, char in enumerate(folded.text):
        start, end = folded.span(at, at + 1)
        if char not in "。\n" and end - start == 1 and text[start] in "的用好":
            assert text[start:end] == char


def test_width_script_case_and_separators_fold_away() -> None:
    assert fold("全網 最\u200b低 價，頂級").text == "全网最低价，顶级"
    assert fold("Ｎｏ．１").text.replace(" ", "") == "no.1"
    assert fold("最❤️好🌸用").text == "最好用"


def test_numbers_and_clause_marks_survive() -> None:
    assert fold("1,299元,20:00!").text == "1,299元，20:00！"
    assert fold("9.9元 138 0013").text == "9.9元138 0013"


def test_numerals_fold_one_to_one() -> None:
    assert "第一名，两盒".translate(NUMERALS) == "第1名，2盒"
