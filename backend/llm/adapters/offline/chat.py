"""Short, honest answers to greetings and to questions about Cuedesk itself."""

import random
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

_KNOWLEDGE: Final = Path(__file__).parent / "phrases" / "chat.txt"
_UNKNOWN: Final = "unknown"
_CLOSERS: Final = ("greeting", "who")


@cache
def _topics() -> dict[str, tuple[re.Pattern[str], list[str]]]:
    """Return by topic the words that ask for it and the answers, in the order of the file."""
    topics: dict[str, tuple[re.Pattern[str], list[str]]] = {}
    answers: list[str] = []
    for row in _KNOWLEDGE.read_text(encoding="utf-8").splitlines():
        if row.startswith("["):
            name, _, words = row[1:].partition("] ")
            answers = []
            topics[name.strip("]")] = (re.compile(words or r"(?!)", re.IGNORECASE), answers)
        elif row.strip() and not row.startswith("#"):
            answers.append(row.strip())
    return topics


def answer(brief: Mapping[str, Any], seed: int) -> str:
    """Answer `brief["question"]`; `brief["topics"]` may name topics that the words alone do not show."""
    question = str(brief.get("question") or "")
    named = brief.get("topics")
    rng = random.Random(f"{seed}-{question}")  # noqa: S311
    topics = _topics()
    hits = [name for name in (named if isinstance(named, list | tuple) else []) if name in topics]
    hits += [name for name, (words, _) in topics.items() if words.search(question) and name not in hits]
    # A greeting in front of a question is answered by the answer.
    asked = [name for name in hits if name not in _CLOSERS] or hits
    if not asked:
        asked = [_UNKNOWN]
    return "\n".join(rng.choice(topics[name][1]) for name in asked[:2])
