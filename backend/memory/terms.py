"""The words of a text: what a search by words looks for, and how much each weighs in the text."""

import re
import unicodedata
import zlib
from collections import Counter
from functools import cache, lru_cache
from typing import Any, Final

import rjieba

#: Term ids are hashes into this many places; two words share one about once in a million pairs. 0 is no term.
TERM_SPACE: Final = 1 << 20
_K1: Final = 1.2
_B: Final = 0.75
#: The usual length of a text in terms. A constant, so that a stored weight never goes stale.
_USUAL_LENGTH: Final = 300
_WORD: Final = re.compile(r"[a-z0-9]+(?:\.[0-9]+)?|[\u3400-\u9fff]+")


@cache
def _simplified() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


@lru_cache(maxsize=256)
def folded(text: str) -> str:
    """Return the text in simplified characters, half width and lower case: one spelling for what means the same."""
    plain: str = _simplified().convert(unicodedata.normalize("NFKC", text))
    return plain.lower()


def terms_of(text: str) -> list[str]:
    """Return the terms of a text: its words, and the pairs of neighbouring characters of its Chinese parts."""
    plain = unicodedata.normalize("NFKC", text).lower()
    words = [word for word in rjieba.cut_for_search(plain) if _WORD.fullmatch(word)]
    pairs = [run[i : i + 2] for run in _WORD.findall(plain) if run[0] > "\u33ff" for i in range(len(run) - 1)]
    # A pair that is a word as well counts once per place, not twice.
    both = Counter(words) & Counter(pairs)
    return words + list((Counter(pairs) - both).elements())


def term_ids(text: str) -> list[int]:
    """Return the ids of a text's terms, each once, in order."""
    return sorted({_term_id(term) for term in terms_of(text)})


def term_weights(text: str) -> dict[int, float]:
    """Return the text's side of BM25: saturated, length-normalised counts by term id."""
    terms = terms_of(text)
    norm = _K1 * (1 - _B + _B * len(terms) / _USUAL_LENGTH)
    counts = Counter(_term_id(term) for term in terms)
    return {term: round(count * (_K1 + 1) / (count + norm), 4) for term, count in counts.items()}


def sparsevec(weights: dict[int, float]) -> str:
    """Return the weights as PostgreSQL reads a `sparsevec`."""
    return "{" + ",".join(f"{term}:{weight}" for term, weight in sorted(weights.items())) + f"}}/{TERM_SPACE}"


def _term_id(term: str) -> int:
    # sparsevec counts its places from 1.
    return zlib.crc32(term.encode()) % TERM_SPACE + 1
