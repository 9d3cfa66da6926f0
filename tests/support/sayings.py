"""Words out of a script, for a rule that is sure to find them there."""

import re

from backend.quality.context import DENYING

_CLAUSE = re.compile(r"[一-鿿]+")


def plain_words(text: str, length: int) -> str:
    """Return the first `length` characters of a clause of Chinese characters alone, in a sentence that denies nothing.

    A rule does not find its term within a number, across two clauses or where it is denied.
    """
    for sentence in re.split(r"[。！？\n]+", text):
        if not any(sign in sentence for sign in DENYING):
            for clause in re.split(r"[，、；：]", sentence):
                if len(clause) > length and _CLAUSE.fullmatch(clause):
                    return clause[:length]
    raise AssertionError(f"no plain words in {text!r}")
