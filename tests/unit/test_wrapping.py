"""Where the lines of a teleprompter may end."""

import pytest

from backend.domain.wrapping import pieces

NAMES = (
    *("初澄玻尿酸补水面膜 25ml×10 片", "初澄", "面膜", "补水面膜", "玻尿酸面膜", "保温杯", "净日"),
    *("6 小时 68℃", "316 不锈钢"),
)


def shown(content: str, names: tuple[str, ...] = NAMES) -> str:
    """The text with its pieces apart; a name in brackets."""
    told, at = [], 0

    def take(length: int) -> str:
        nonlocal at
        at += length
        return content[at - length : at]

    for piece in pieces(content, names):
        told.append(f"[{'|'.join(map(take, piece))}]" if isinstance(piece, list) else take(piece))
    assert at == len(content)
    return "/".join(told)


@pytest.mark.parametrize(
    ("content", "apart"),
    [
        # The record's names, whole where there is room, and what they are made of in any case.
        ("初澄玻尿酸补水面膜好用", "[初澄|玻尿酸|补水面膜]/好用"),
        ("这款玻尿酸补水", "这/款/[玻尿酸|补水]"),
        ("保温 6 小时 68℃", "保温/ /[6| |小时| |68|℃]"),
        # No name that is only there by chance: words begin and end where it does.
        ("干净日子", "干净/日子"),
        # Words of the trade, and doubled ones.
        ("姐妹们的玻尿酸", "姐妹们/的/玻尿酸"),
        ("瓶瓶罐罐研究研究", "瓶瓶罐罐/研究研究"),
        ("一行\n\n两行", "一行/\n/\n/两行"),
        ("", ""),
    ],
)
def test_words_and_names_stay_together(content: str, apart: str) -> None:
    assert shown(content) == apart


def test_without_a_record_there_are_words() -> None:
    assert shown("初澄玻尿酸补水面膜", ()) == "初澄/玻尿酸/补水/面膜"


def test_every_character_is_in_a_piece() -> None:
    content = "【举起产品】25ml×10片，到手￥89.9！😀 A-1\t\n\n  完"
    flat = [n for piece in pieces(content) for n in (piece if isinstance(piece, list) else [piece])]
    assert sum(flat) == len(content)
    assert all(flat)
