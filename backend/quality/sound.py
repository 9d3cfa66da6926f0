"""Find terms written by their sound: 蕞好用, zui好用, 国j级. Homophones that are ordinary words do not count."""

import os
import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from operator import eq
from typing import Final

import numpy as np
import rjieba
from numpy.typing import NDArray

# Only the table of characters is used; the one of phrases takes a second to load. pypinyin reads this when imported.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")

from pypinyin.pinyin_dict import pinyin_dict

from backend.quality.codepoints import Swap, codes_of
from backend.quality.context import clause
from backend.quality.normalize import is_han, rewrite_at
from backend.quality.strings import Links, Strings

_TONES: Final = str.maketrans("āáǎàēéěèōóǒòīíǐìūúǔùüǖǘǚǜńňǹḿ", "aaaaeeeeooooiiiiuuuuvvvvvnnnm")
_LATIN: Final = re.compile(r"[a-z]{2,}")
_CODES: Final = 0xE000
_LAST: Final = 0xF8FF
_NO: Final = np.zeros(1, dtype=bool)
# Characters so common that one of them beside a part of a term is no disguise.
_COMMON: Final = frozenset(
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学么之都好看起发当没成"
    "只如事把还用第样道想作种开美总从无情己面最女但现前些所同日手又行意动方期它头经长儿回位分爱老因很给名法间斯知世什两次使身者被高已亲"
    "其进此话常与活正感见明问力理尔点文几定本公特做外孩相西果走将月十实向声车全信重三机工物气每并别真打太新比才便夫再书部水像眼等体却"
    "加电主界门利海受听表德少克代员许先口由死安写性马光白或住难望教命花结乐色更拉东神记处让母父应直字场平报友关放至张认接告入笑内英军候"
    "民岁往何度山觉路带万男边风解叫任金快原吃妈变通师立象数四失满战远格士音轻目条呢病始达深完今提求清王化空业思切怎非找片罗钱吗语元喜"
    "单包送价买卖穿件款号色装套双袋盒瓶片支只条杯收链低底级试先按弹红黑味香甜辣洗拍搭配挑选换退修品牌质跟与及或被给且则"
)
#: Such characters stand beside a letter that is one.
_SMALL: Final = frozenset("的了是我不一")
_NAMED: Final = tuple("口线位罩码款型号端座版区级楼站字形杯档领扣头")
Hit = tuple[int, int, str]


class Heard:
    """A folded text as it sounds."""

    def __init__(self, text: str, codes: NDArray[np.uint32]) -> None:
        self.text = text
        letters = np.flatnonzero((codes >= ord("a")) & (codes <= ord("z")))
        #: The text with one sign for each syllable that is spelled in letters, …
        self.sounded = rewrite_at(text, _spelled_runs(text, letters), lambda match, _: _spell(match.group()))
        #: … its code points, and with a sign for each other syllable too.
        self.surface = codes if self.sounded.text is text else codes_of(self.sounded.text)
        self.sounds = _codes().codes(self.surface)
        around = np.concatenate(([0], codes, [0])).astype(np.uint32)
        before, after = around[letters], around[letters + 2]
        alone = ~(_is_alnum(before) | _is_alnum(after))
        #: Where a letter has no other beside it, …
        self.lone = letters[alone]
        letter = codes[self.lone]
        #: … what stands before it with it, and, for each again, it with what stands behind.
        self.pairs = np.concatenate((_pair(before[alone], letter), _pair(letter, after[alone])))


def _pair(left: NDArray[np.uint32], right: NDArray[np.uint32]) -> NDArray[np.uint64]:
    return (left.astype(np.uint64) << np.uint64(32)) | right


def _is_alnum(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Tell for each code point whether it is an ASCII letter or digit."""
    lower = codes | np.uint32(0x20)
    return ((codes >= ord("0")) & (codes <= ord("9"))) | ((lower >= ord("a")) & (lower <= ord("z")))


class Sounds:
    """Terms compiled for the search by sound."""

    def __init__(self, terms: Iterable[str]) -> None:
        self._terms = [term for term in terms if len(term) >= 2 and all(map(is_han, term))]
        self._sizes = np.array([len(term) for term in self._terms], dtype=np.int64)
        self._firsts = np.cumsum(self._sizes) - self._sizes
        together = "".join(self._terms)
        self._codes = codes_of(together)
        sounds = _codes()(together)
        # What sounds alike is one string of sounds.
        sounding: dict[str, list[int]] = {}
        for number, (first, size) in enumerate(zip(self._firsts.tolist(), self._sizes.tolist(), strict=True)):
            sounding.setdefault(sounds[first : first + size], []).append(number)
        self._alike = Links(list(sounding.values()))
        self._by_sound = Strings(list(sounding))
        self._pairs, self._numbers, self._places = self._with_letters()

    def _with_letters(self) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
        """Return in columns, ordered by the first: a character with a letter behind it (or a letter with a character
        behind it, at a term's begin); a term in which a character of that initial stands there; its place in it."""
        numbers = np.repeat(np.arange(len(self._terms)), self._sizes)
        places = np.arange(len(self._codes)) - self._firsts[numbers]
        chars, which = np.unique(self._codes, return_inverse=True)
        initials = np.array([ord(_initial(chr(char)) or "\0") for char in chars], dtype=np.uint32)[which]
        beside = np.where(places > 0, np.roll(self._codes, 1), np.roll(self._codes, -1))
        pairs = np.where(places > 0, _pair(beside, initials), _pair(initials, beside))
        order = np.flatnonzero(initials)
        order = order[np.argsort(pairs[order], kind="stable")]
        return pairs[order], numbers[order], places[order]

    def find(self, heard: Heard) -> Iterator[Hit]:
        """Yield `(start, end, term)` for every disguised term of a text; plain ones are not repeated."""
        if not self._terms:
            return
        for number, start, end in self._sounding(heard):
            term = self._terms[number]
            if _is_disguise(heard, (start, end), term):
                yield *heard.sounded.span(start, end), term
        yield from self._initials(heard)

    def _sounding(self, heard: Heard) -> Iterator[tuple[int, int, int]]:
        """Yield `(number of the term, start, end)` where something sounds like a term and may be a disguise of it."""
        codes = heard.surface
        found = self._by_sound.find(heard.sounds)
        which, numbers = self._alike.follow(found.numbers)
        if not numbers.size:
            return
        starts, sizes = found.starts[which], self._sizes[numbers]
        # The characters of all of them, one after the other: what is said, and what is meant.
        ends = sizes.cumsum()
        begins, at = ends - sizes, np.arange(ends[-1])
        said = codes[at + (starts - begins).repeat(sizes)]
        equal = said == self._codes[at + (self._firsts[numbers] - begins).repeat(sizes)]
        same = np.add.reduceat(equal, begins, dtype=np.int64)
        spelled = np.logical_or.reduceat((said >= _CODES) & (said <= _LAST), begins)
        common = np.logical_or.reduceat(~equal & _is_common().take(said, mode="clip"), begins)
        # What `_is_disguise` says of nearly all of them, said at once.
        likely = spelled | ((same * 2 >= sizes) & ~((sizes < 4) & common))
        for row in np.flatnonzero(likely & (same < sizes)).tolist():
            yield int(numbers[row]), int(starts[row]), int(starts[row] + sizes[row])

    def _initials(self, heard: Heard) -> Iterator[Hit]:
        """Yield terms in which a letter with no other beside it stands for a character of that initial."""
        text = heard.text
        lows, highs = (np.searchsorted(self._pairs, heard.pairs, side=side) for side in ("left", "right"))
        for row in np.flatnonzero(lows < highs).tolist():
            at = int(heard.lone[row % len(heard.lone)])
            for entry in range(int(lows[row]), int(highs[row])):
                term, place = self._terms[self._numbers[entry]], int(self._places[entry])
                start = at - place
                if start < 0 or not (
                    text.startswith(term[:place], start) and text.startswith(term[place + 1 :], at + 1)
                ):
                    continue
                # 一根C口线, 穿M的: beside one character a letter is more often the name of a size, a plug, a model.
                if len(term) > 2 or not (term[1 - place] in _SMALL or text[at + 1 : at + 2] in _NAMED):
                    yield start, start + len(term), term


def _is_disguise(heard: Heard, where: tuple[int, int], term: str) -> bool:
    text, sounded = heard.text, heard.sounded
    # What was copied stands in both texts alike; a spelled syllable is no character of a term.
    said = sounded.text[slice(*where)]
    same = sum(map(eq, said, term))
    if any(map(_is_sound, said)):
        units = [text[slice(*sounded.span(at, at + 1))] for at in range(*where)]
    elif same * 2 < len(term):
        return False
    else:
        units = list(said)  # all of it was copied
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


def is_chance(said: str, term: str) -> bool:
    """Tell whether what sounds like a term differs in everyday characters of another tone only: 孩子比吃, 必吃.

    Who hides a term takes odd ones (薇, 嚎) or the very same sound (做 for 作).
    """
    return len(said) == len(term) and all(
        one in _COMMON and _toned(one) != _toned(other) for one, other in zip(said, term, strict=True) if one != other
    )


@cache
def _toned(char: str) -> str:
    """Return a character's most common reading, with its tone."""
    return pinyin_dict.get(ord(char), char).split(",")[0]


def _spelled_runs(text: str, letters: NDArray[np.int64]) -> Iterator[re.Match[str]]:
    """Yield the runs of small letters (which stand at `letters`) that are pinyin altogether."""
    neighbours = np.diff(letters) == 1
    firsts = letters[:-1][neighbours & ~np.concatenate((_NO, neighbours[:-1]))]
    for start in firsts.tolist():
        match = _LATIN.match(text, start)
        if match and _spell(match.group()) != match.group():
            yield match


def _is_sound(char: str) -> bool:
    return _CODES <= ord(char) <= _LAST


@cache
def _is_common() -> NDArray[np.bool_]:
    """Return for each code point up to the last sound whether its character is a common one."""
    table = np.zeros(_LAST + 1, dtype=bool)
    table[list(map(ord, _COMMON))] = True
    return table


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
        if at >= stop:
            break  # what stands behind has nothing of it
    return True


@cache
def _initial(char: str) -> str:
    """Return the letter with which a character's sound begins; empty when it has none."""
    syllable = _syllable(char)
    return syllable[0] if syllable and syllable[0].isascii() else ""


@cache
def _syllable(char: str) -> str:
    readings = pinyin_dict.get(ord(char), "")
    return _flatten(readings.split(",")[0]) if readings else ""


@lru_cache(maxsize=2048)  # there are as many readings, and twenty thousand characters
def _flatten(reading: str) -> str:
    """Drop tones and what many speakers do not tell apart: zh/z, ch/c, sh/s, final ng/n."""
    plain = reading.translate(_TONES)
    if plain[:2] in ("zh", "ch", "sh"):
        plain = plain[0] + plain[2:]
    return plain[:-1] if plain.endswith("ng") else plain


@cache
def _spellings() -> tuple[dict[str, str], re.Pattern[str]]:
    """Return toneless spelling to code, and a pattern for one spelling, longest first."""
    toned = {reading for readings in pinyin_dict.values() for reading in readings.split(",")}
    full = {reading.translate(_TONES) for reading in toned}
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


@lru_cache(maxsize=4096)  # names and units come again and again
def _spell(run: str) -> str:
    """Turn Latin letters into sound codes when all of them are pinyin, else keep them."""
    spelled, one = _spellings()
    syllables = one.findall(run)
    if "".join(syllables) != run:
        return run
    return "".join(spelled[syllable] for syllable in syllables)
