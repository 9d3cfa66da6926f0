"""What only a record can bear out (honours, institutions, materials, ingredients, origins of parts, terms of redress).

The words are those of the world, by class, in backing.toml. What is told of the goods and stands nowhere in the record
is unproven, for a person to look at; where the record lists what there is (配料, 材质) and the word is not in it, it is
contradicted.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from ahocorasick_rs import AhoCorasick, MatchKind

from backend.quality.context import clause
from backend.quality.normalize import fold
from backend.quality.opposites import is_claimed
from backend.quality.record import FactFault, record_text

_FILE: Final = Path(__file__).with_name("backing.toml")
#: Classes of what is cited for the goods: without a source nobody may.
_CITED: Final = frozenset({"媒体", "奖项", "机构", "人物", "认证", "承保"})
#: Stands for the word in its clause, so that one pattern serves all words of a class.
_WORD: Final = "\ue000"
#: Around a word, told of people and of other goods.
_ASIDE: Final = re.compile(
    "弹幕|公屏|评论|粉丝|别家|友商|同行|隔壁|市面|网上|我不|不提|不吹|不拿|不说|没拿|没上|没有|不是|不搞|不整|买过|用过|以前|以为"
)


@dataclass(frozen=True, slots=True)
class _Class:
    name: str
    said: re.Pattern[str] | None
    beside: re.Pattern[str] | None
    fields: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class _Lexicon:
    search: AhoCorasick
    #: Of each word: its class, and the words for the same thing.
    kinds: tuple[tuple[_Class, tuple[str, ...]], ...]


@cache
def _lexicon() -> _Lexicon:
    words: dict[str, tuple[_Class, tuple[str, ...]]] = {}
    for table in tomllib.loads(_FILE.read_text(encoding="utf-8"))["class"]:
        said = table.get("said", "{}")
        kind = _Class(
            table["name"],
            re.compile(said.replace("{}", _WORD)) if said != "{}" else None,
            re.compile(table["beside"]) if "beside" in table else None,
            re.compile(table["fields"]) if "fields" in table else None,
        )
        for group in table["words"].split():
            same = tuple(fold(word).text for word in group.split("="))
            for word in same:
                # A word of two classes (维c, 鹿皮) belongs to the first.
                words.setdefault(word, (kind, same))
    return _Lexicon(AhoCorasick(list(words), matchkind=MatchKind.LeftmostLongest), tuple(words.values()))


def backing_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield what a folded text claims of the goods and the record says nothing of."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping) or not facts:
        return
    lexicon = _lexicon()
    record = record_text(product)
    for number, start, end in lexicon.search.find_matches_as_indexes(text):
        kind, same = lexicon.kinds[number]
        if any(word in record for word in same) or _is_inside_a_word(text, start, end):
            continue
        of = re.escape(text[start + 1 : end])
        if text[start] in "纯全" and re.search(rf"100%[^，。；、]{{0,4}}{of}|{of}[^，。；、]{{0,4}}100%", record):
            continue  # 纯棉: 100%棉
        low, high = clause(text, start, end)
        if kind.beside is not None and kind.beside.search(text, low, high):
            continue
        if kind.said is not None and not kind.said.search(f"{text[low:start]}{_WORD}{text[end : high + 1]}"):
            continue
        if _ASIDE.search(text, low, high) or not is_claimed(text, start, end):
            continue
        grave = kind.fields is not None and any(kind.fields.search(str(name)) for name in facts)
        said = text[start:end]
        problem = f"“{said}”不在商品资料里（{kind.name}）" if grave else f"{kind.name}“{said}”在商品资料里没有依据"
        rule = "FAC-001" if grave else "DAT-003" if kind.name in _CITED else "FAC-004"
        yield FactFault(rule, start, end, problem, grave)


def has_by_another_name(thing: str, record: str) -> bool:
    """Tell whether a record has a thing by one of its other names: 酒精 as 乙醇."""
    lexicon = _lexicon()
    return any(
        any(word in record for word in lexicon.kinds[number][1])
        for number, _, _ in lexicon.search.find_matches_as_indexes(thing)
    )


def _is_inside_a_word(text: str, start: int, end: int) -> bool:
    """Tell whether letters go on before or behind a word in letters: pp in app."""
    head, tail = text[start], text[end - 1]
    before, after = text[start - 1 : start], text[end : end + 1]
    return (head.isascii() and before.isascii() and before.isalnum()) or (
        tail.isascii() and after.isascii() and after.isalnum()
    )
