"""A table of hosts: which columns it has, and how their cells are written."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from backend.domain.hosts import contradicting
from backend.domain.record_table import Column, Kind, NotThat, RecordTable, items, read_records
from backend.domain.show_table import RowError, folded
from backend.domain.tables import Line

#: 260, 260字/分, 每分钟260字.
_PACE: Final = re.compile(r"(?:每分钟?)?([0-9]{1,4})字?(?:(?:/|每)?分钟?)?")


def read_hosts(lines: Sequence[Line]) -> RecordTable:
    """Return the hosts of a table whose first line is the heading, and everything that is wrong with it.

    Lists are parted by `；`; the pace is characters a minute.
    """
    return read_records(HOSTS, lines)


def word_errors(row: int, fields: Mapping[str, Any]) -> list[RowError]:
    """Return the catchphrases that hold a word which this host never says."""
    return [
        RowError(
            row, "catchphrases", "catchphrase_taboo", "this phrase holds a word not to be said", phrase, {"word": word}
        )
        for phrase, word in contradicting(fields.get("catchphrases") or (), fields.get("taboo_words") or ())
    ]


def _pace(cell: str) -> int:
    match = _PACE.fullmatch(folded(cell))
    if match is None:
        raise NotThat("bad_pace", "this is no number of characters a minute")
    return int(match[1])


HOSTS: Final = Kind(
    "host",
    {
        "name": Column(
            "主播",
            frozenset({"主播名", "主播名称", "主播姓名", "姓名", "名称", "昵称", "host", "name"}),
            "示例：小雅（以“示例：”开头的行不会导入）",
        ),
        "voice": Column("语气", frozenset({"口吻", "风格", "人设", "voice", "style"}), "亲切、语速快、爱打比方"),
        "audience": Column("受众", frozenset({"观众", "人群", "目标人群", "audience"}), "上班族和宝妈"),
        "pace": Column(
            "语速（字/分）",
            frozenset({"语速", "语速(字/分钟)", "字/分", "字/分钟", "每分钟字数", "pace"}),
            "260",
            _pace,
        ),
        "catchphrases": Column("口头禅", frozenset({"口头语", "catchphrases"}), "听我说完；家人们", items),
        "taboo_words": Column(
            "忌用词",
            frozenset({"禁用词", "忌口", "禁忌词", "不说的词", "taboowords", "taboo_words"}),
            "绝绝子；闭眼入",
            items,
        ),
    },
)
