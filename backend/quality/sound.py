"""Find terms written by their sound: 蕞好用, zui好用, 国j级. Homophones that are ordinary words do not count."""

import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

import rjieba
from ahocorasick_rs import AhoCorasick, MatchKind

# Only the table of characters is used; the one of phrases takes a second to load. pypinyin reads this when imported.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")

from pypinyin.pinyin_dict import pinyin_dict

from backend.quality.codepoints import Swap
from backend.quality.context import clause
from backend.quality.normalize import Folded, is_han, rewrite

_TONES: Final = str.maketrans("āáǎàēéěèōóǒòīíǐìūúǔùüǖǘǚǜńňǹḿ", "aaaaeeeeooooiiiiuuuuvvvvvnnnm")
_LATIN: Final = re.compile(r"[a-z]{2,}")
_LETTER: Final = re.compile(r"[a-z]")
_CODES: Final = 0xE000
# Characters so common that one of them beside a part of a term is no disguise.
_COMMON: Final = frozenset(
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学么之都好看起发当没成"
    "只如事把还用第样道想作种开美总从无情己面最女但现前些所同日手又行意动方期它头经长儿回位分爱老因很给名法间斯知世什两次使身者被高已亲"
    "其进此话常与活正感见明问力理尔点文几定本公特做外孩相西果走将月十实向声车全信重三机工物气每并别真打太新比才便夫再书部水像眼等体却"
    "加电主界门利海受听表德少克代员许先口由死安写性马光白或住难望教命花结乐色更拉东神记处让母父应直字场平报友关放至张认接告入笑内英军候"
    "民岁往何度山觉路带万男边风解叫任金快原吃妈变通师立象数四失满战远格士音轻目条呢病始达深完今提求清王化空业思切怎非找片罗钱吗语元喜"
    "单包送价买卖穿件款号色装套双袋盒瓶片支只条杯收链低底级试先按弹红黑味香甜辣洗拍搭配挑选换退修品牌质"
)
Hit = tuple[int, int, str]


class Sounds:
    """Terms compiled for the search by sound."""

    def __init__(self, terms: Iterable[str]) -> None:
        self._terms = [term for term in terms if len(term) >= 2 and all(map(is_han, term))]
        self._by_sound = AhoCorasick([_codes()(term) for term in self._terms], matchkind=MatchKind.Standard)
        shortened = [(_shorten(term, at), term) for term in self._terms for at in range(len(term))]
        self._short_of = [term for short, term in shortened if short]
        self._shortened = AhoCorasick([short for short, _ in shortened if short], matchkind=MatchKind.Standard)

    def find(self, text: str) -> Iterator[Hit]:
        """Yield `(start, end, term)` for every disguised term of a folded text; plain ones are not repeated."""
        sounded = rewrite(text, _LATIN, lambda match, _: _spell(match.group()))
        codes = _codes()(sounded.text)
        for index, start, end in self._by_sound.find_matches_as_indexes(codes, overlapping=True):
            begin, stop = sounded.span(start, end)
            if self._is_disguise(text, sounded, (start, end), self._terms[index]):
                yield begin, stop, self._terms[index]
        if _LETTER.search(text):
            for index, start, end in self._shortened.find_matches_as_indexes(text, overlapping=True):
                if not _touches_latin(text, start, end):
                    yield start, end, self._short_of[index]

    def _is_disguise(self, text: str, sounded: Folded, where: tuple[int, int], term: str) -> bool:
        units = [text[slice(*sounded.span(at, at + 1))] for at in range(*where)]
        same = sum(unit == char for unit, char in zip(units, term, strict=True))
        if same == len(term):
            return False
        latin = [unit for unit in units if unit.isascii()]
        altered = [
            (at, unit)
            for at, (unit, char) in enumerate(zip(units, term, strict=True))
            if unit != char and not unit.isascii()
        ]
        if latin:
            return len(altered) <= 1 and (same >= 1 or len("".join(latin)) >= 6)
        if same * 2 < len(term) or (len(term) < 4 and any(unit in _COMMON for _, unit in altered)):
            return False
        begin, stop = sounded.span(*where)
        return _stands_alone(text, begin, stop, [begin + at for at, _ in altered])


def _stands_alone(text: str, begin: int, stop: int, altered: list[int]) -> bool:
    """Tell whether the odd characters belong to no ordinary word, and no word runs across the hit's ends."""
    low, high = clause(text, begin, stop)
    at = low
    for word in rjieba.cut(text[low:high], False):
        end = at + len(word)
        across = at < begin < end or at < stop < end
        if across or (len(word) > 1 and any(at <= odd < end for odd in altered)):
            return False
        at = end
    return True


def _shorten(term: str, at: int) -> str:
    syllable = _syllable(term[at])
    if not syllable or len(term) < 2:
        return ""
    return term[:at] + syllable[0] + term[at + 1 :]


def _touches_latin(text: str, start: int, end: int) -> bool:
    for at in range(start, end):
        if text[at].isascii():
            around = text[max(0, at - 1) : at] + text[at + 1 : at + 2]
            return any(char.isascii() and char.isalnum() for char in around)
    return True


@cache
def _syllable(char: str) -> str:
    readings = pinyin_dict.get(ord(char), "")
    return _flatten(readings.split(",")[0]) if readings else ""


def _flatten(reading: str) -> str:
    """Drop tones and what many speakers do not tell apart: zh/z, ch/c, sh/s, final ng/n."""
    plain = reading.translate(_TONES)
    if plain[:2] in ("zh", "ch", "sh"):
        plain = plain[0] + plain[2:]
    return plain[:-1] if plain.endswith("ng") else plain


@cache
def _spellings() -> tuple[dict[str, str], re.Pattern[str]]:
    """Return toneless spelling to code, and a pattern for one spelling, longest first."""
    full = {reading.translate(_TONES) for readings in pinyin_dict.values() for reading in readings.split(",")}
    known = sorted(spelling for spelling in full if spelling.isalpha() and spelling.isascii() and len(spelling) > 1)
    flat = sorted({_flatten(spelling) for spelling in known} | {"a", "e", "o"})
    codes = {syllable: chr(_CODES + number) for number, syllable in enumerate(flat)}
    spelled = {spelling: codes[_flatten(spelling)] for spelling in known}
    return spelled, re.compile("|".join(sorted(spelled, key=len, reverse=True)))


@cache
def _codes() -> Swap:
    spelled, _ = _spellings()
    table: dict[int, str] = {}
    for code in range(0x4E00, 0xA000):
        syllable = _syllable(chr(code))
        if syllable in spelled:
            table[code] = spelled[syllable]
    return Swap(table)


def _spell(run: str) -> str:
    """Turn Latin letters into sound codes when all of them are pinyin, else keep them."""
    spelled, one = _spellings()
    syllables = one.findall(run)
    if "".join(syllables) != run:
        return run
    return "".join(spelled[syllable] for syllable in syllables)
