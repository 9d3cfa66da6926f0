"""Where the lines of a teleprompter may end: between words, and not within what the goods are called.

A screen knows how long its lines are, but no word that its browser's dictionary lacks (玻|尿酸, 初|澄). So it is told
the words, and which of them stay together where they fit on a line: names and figures as the product's record has them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final
from uuid import UUID

import rjieba

from backend.protocol.events import Piece
from backend.storage.postgres import Connection, Record

#: Up to so many characters a word is not broken on any screen; of a longer one its parts are not.
_SHORT: Final = 4
#: Longer than any line: what is told as a fact is sometimes a sentence.
_LONGEST: Final = 24
#: Said of a part of a longer name (玻尿酸面膜 of 初澄玻尿酸补水面膜 25ml×10 片), which takes this much to be no chance.
_PART: Final = re.compile(r"[\u4e00-\u9fff]{3}")
_BETWEEN_FACTS: Final = re.compile(r"[、，,；;。：/（）()]+")
#: 白白净净, 研究研究.
_DOUBLED: Final = re.compile(r"([\u4e00-\u9fff])\1([\u4e00-\u9fff])\2|([\u4e00-\u9fff]{2})\3")
#: Words of the trade that the dictionary cuts.
_TRADE: Final = tuple(
    re.findall(
        r"\w+",
        """
        玻尿酸 透明质酸 依克多因 玻色因 二裂酵母 虾青素 熊果苷 乳木果 益生元 膳食纤维 乳清蛋白 氨糖 锌硒
        白鸭绒 白鹅绒 莱赛尔 天丝 打底裤 阔腿裤 防晒衣 记忆棉 乳胶枕
        唇釉 身体乳 洗衣液 洗衣凝珠 拉拉裤 空气炸锅 破壁机 筋膜枪 充电宝 蓝牙耳机 随行杯
        螺蛳粉 自热锅 猪肉脯 每日坚果 车厘子
        上链接 小黄车 到手价 宝宝们 姐妹们 家人们 老铁们 运费险 七天无理由 第二件半价
        成分党 敏感肌 混油皮 混干皮
        """,
    )
)


async def names_of(conn: Connection, script_ids: Iterable[UUID]) -> dict[UUID, tuple[str, ...]]:
    """Return what stays whole in the texts of these scripts: what their goods and their hosts are called, and facts."""
    rows = await conn.fetch(
        """SELECT s.id, p.name, p.brand, p.category, p.aliases, p.facts, h.name AS host
           FROM scripts s LEFT JOIN products p ON p.id = s.product_id LEFT JOIN hosts h ON h.id = s.host_id
           WHERE s.id = ANY($1)""",
        list(script_ids),
    )
    return {row["id"]: _names(row) for row in rows}


def _names(row: Record) -> tuple[str, ...]:
    facts = (part for fact in (row["facts"] or {}).items() for told in fact for part in _BETWEEN_FACTS.split(told))
    told = (row["name"], row["brand"], row["category"], row["host"], *(row["aliases"] or ()), *facts)
    names = dict.fromkeys(name.strip() for name in told if name)
    return tuple(name for name in names if 2 <= len(name) <= _LONGEST)


def pieces(content: str, names: Sequence[str] = ()) -> list[Piece]:
    """Return the lengths (characters) of what stays together, one after the other, of the whole text.

    A list is a name: it stays on one line where it fits, and each of its parts in any case.
    """
    return [list(piece) if isinstance(piece, tuple) else piece for piece in _pieces(content, tuple(names))]


# Read again at every order and every confirmation of a display; a text is one of a few for a long time.
@lru_cache(maxsize=64)
def _pieces(content: str, names: tuple[str, ...]) -> tuple[int | tuple[int, ...], ...]:
    whole = frozenset((*names, *_TRADE))
    known = "\n".join((*names, *_TRADE))
    found: list[int | tuple[int, ...]] = []
    for line in re.split(r"(\n)", content):
        for word, is_name in _words(line, whole, known):
            parts = tuple(_parts(word, whole)) if is_name and len(word) > _SHORT else ()
            found.append(parts if len(parts) > 1 else len(word))
    return tuple(found)


def _words(line: str, whole: frozenset[str], known: str) -> Iterator[tuple[str, bool]]:
    """Cut a line into words, and say of each whether it is a name. A name begins and ends where known words do."""
    # Without guesses at new words, which would see some in a brand and its neighbour.
    ends = _ends(line)
    read = 0
    for at, start in enumerate([0, *ends]):
        if start < read:
            continue
        end = _name_end(line, start, ends[at : at + _LONGEST], whole, known)
        if end:
            yield from ((word, False) for word in rjieba.cut(line[read:start], True))
            yield line[start:end], True
            read = end
    yield from ((word, False) for word in rjieba.cut(line[read:], True))


def _name_end(line: str, start: int, ends: Sequence[int], whole: frozenset[str], known: str) -> int:
    """Return where the longest name that begins here ends, 0 if none does."""
    double = _DOUBLED.match(line, start)
    found = double.end() if double and double.end() in ends else 0
    for end in ends:
        said = line[start:end]
        if said not in known:
            break
        if (end - start > 1 and said in whole) or _PART.search(said):
            found = max(found, end)
    return found


def _parts(name: str, whole: frozenset[str]) -> Iterator[int]:
    """Cut a name into the words and shorter names that it is made of."""
    ends = _ends(name)
    read = 0
    for at, start in enumerate([0, *ends]):
        if start < read:
            continue
        inner = (end for end in ends[at:] if 1 < end - start <= _SHORT and name[start:end] in whole)
        end = max(inner, default=0)
        if end:
            yield from map(len, rjieba.cut(name[read:start], True))
            yield end - start
            read = end
    yield from map(len, rjieba.cut(name[read:], True))


def _ends(text: str) -> list[int]:
    """Return where the words of a text end, by the dictionary alone."""
    at = 0
    return [at := at + len(word) for word in rjieba.cut(text, False)]
