"""How fast the quality room is. Run: PYTHONPATH=. python benchmarks/quality_scan.py

Three kinds of copy, each a megabyte, put together from different sentences with a fixed seed. *Spoken* is what a seller
says: sentences of the clean sample scripts, with a forbidden one every six hundred characters (a finding about every
three hundred: clean copy has hints and warnings too). *Clean* leaves the forbidden ones out. *Dense* is all sentences
of the evaluation sets, which are made of what is forbidden.

Times are of the processor. Throughput is the best of a few rounds, with its ratio to a bare Aho-Corasick over the same
terms in the same run: on a busy machine the ratio says most. The collector is set as the server sets it.
"""

import gc
import json
import re
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from statistics import quantiles

from ahocorasick_rs import AhoCorasick, MatchKind

from backend.quality.codepoints import codes_of
from backend.quality.layering import compiled, plain
from backend.quality.lexicon import RuleSnapshot
from backend.quality.normalize import fold, with_digits
from backend.quality.overlay import Overlay, OwnRule
from backend.quality.pii import find_pii
from backend.quality.rubric import ScriptBrief, review
from backend.quality.sound import Heard

_ROOT = Path(__file__).parent.parent
_SETS = ("tests/eval/*.jsonl", "tests/unit/quality/data/*.jsonl")
_CUP = {"name": "保温杯", "price": 129, "facts": {"材质": "316不锈钢"}, "points": [{"feature": "泡茶不串味"}]}
_BYTES = 1_050_000
_SENTENCE = re.compile(r"[^。！？\n]{4,}[。！？]?")


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


def _sentences(patterns: tuple[str, ...]) -> list[str]:
    """Return the different sentences of the sets that are Chinese copy."""
    seen: dict[str, None] = {}
    for pattern in patterns:
        for path in sorted(_ROOT.glob(pattern)):
            for line in path.read_text(encoding="utf-8").splitlines():
                if line.startswith("{"):
                    for string in _strings(json.loads(line)):
                        seen.update(dict.fromkeys(re.findall(r"[^。！？\n]{6,}[。！？]?", string)))
    return [one for one in seen if len(re.findall(r"[\u4e00-\u9fff]", one)) > len(one) / 2]


def dense() -> str:
    """Return at least a megabyte: all sentences, shuffled, again and again, so that each has new neighbours."""
    sentences = _sentences(_SETS)
    random = Random(7)
    lines: list[str] = []
    size = 0
    while size < _BYTES:
        random.shuffle(sentences)
        for at in range(0, len(sentences), 6):
            lines.append("".join(sentences[at : at + 6]) + "\n")
            size += len(lines[-1].encode())
    return "".join(lines)


def _rows(*names: str) -> Iterator[dict[str, object]]:
    for name in names:
        for line in (_ROOT / "tests" / name).read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def spoken(every: int = 600) -> str:
    """Return at least a megabyte of clean copy with a forbidden sentence in so many characters (0: none)."""
    scripts = _rows("unit/quality/data/scripts_clean.jsonl", "unit/quality/data/scripts_clean_unseen.jsonl")
    clean = list(dict.fromkeys(one for row in scripts for one in _SENTENCE.findall(str(row["text"]))))
    sets = _rows("eval/compliance.jsonl", "eval/compliance_fresh.jsonl")
    forbidden = list(dict.fromkeys(f"{row['text']}。\n" for row in sets if row.get("spans")))
    random = Random(7)
    pieces: list[str] = []
    size = since = 0
    while size < _BYTES:
        random.shuffle(clean)
        for sentence in clean:
            pieces.append(sentence)
            since += len(sentence)
            if every and since >= every:
                pieces.append(random.choice(forbidden))
                since = 0
            size += len(sentence.encode())
    return "".join(pieces)


def _best(work: Callable[[], object], rounds: int = 7) -> float:
    taken = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        taken.append(time.process_time() - begin)
    return min(taken)


def main() -> None:
    """Print the cost of a start and of an overlay, throughput, cost of the passes, latency of all checks."""
    tracemalloc.start()
    begin = time.process_time()
    rules = plain(None)
    first = (time.process_time() - begin) * 1000
    print(f"our rules, compiled (memory traced) {first:5.0f} ms, {tracemalloc.get_traced_memory()[0] / 1e6:5.1f} MB")
    held, begin = tracemalloc.get_traced_memory()[0], time.process_time()
    overlay = compiled("douyin", Overlay(rules=[OwnRule(id="H-1", terms=["老铁们", "宝子们"])]), 1)
    taken = (time.process_time() - begin) * 1000
    more = (tracemalloc.get_traced_memory()[0] - held) / 1e3
    print(f"{len(overlay.rules)} rules with an overlay {taken:5.1f} ms, {more:5.0f} KB more")
    tracemalloc.stop()
    texts = {"spoken": spoken(), "clean": spoken(0), "dense": dense()}
    rules.scan(texts["dense"])  # patterns are compiled when they are first needed
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)
    for name, text in texts.items():
        _passes(rules, name, text)
    for name, text in texts.items():
        _latencies(rules, name, [text[at : at + 600] for at in range(0, 120_000, 600)])
    _own_records(rules)


def _own_records(rules: RuleSnapshot) -> None:
    """Print how long scripts take with their own records: each record for the first time, then all of them again."""
    sets = (
        "eval/scripts.jsonl",
        "eval/unseen_scripts.jsonl",
        "eval/judge_scripts.jsonl",
        "eval/ordinary_scripts.jsonl",
    )
    told = [(str(row["text"]), row["brief"]) for row in _rows(*sets) if isinstance(row.get("brief"), dict)]
    asked = [
        (text, ScriptBrief(brief["scenario"], brief.get("seconds"), brief["product"], (), (), (), brief["request"]))
        for text, brief in told
        if brief.get("product") and "request" in brief and "scenario" in brief
    ]
    Random(7).shuffle(asked)
    for seen in ("new", "known"):
        taken = []
        for text, brief in asked[:500]:
            begin = time.thread_time()
            review(text, brief, rules)
            taken.append((time.thread_time() - begin) * 1000)
        cuts = quantiles(taken, n=20)
        print(f"500 scripts, records {seen:5} whole rubric   p50 {cuts[9]:5.2f} ms  p95 {cuts[-1]:5.2f} ms")


def _latencies(rules: RuleSnapshot, name: str, scripts: list[str]) -> None:
    brief = ScriptBrief("selling_points", 120, _CUP, ["卫龙辣条"], (), (), "写一段保温杯卖点")
    works: dict[str, Callable[[str], object]] = {
        "scan": rules.scan,
        "scan and learned": rules.check,
        "whole rubric": lambda script: review(script, brief, rules),
        "personal data": find_pii,
    }
    for work_name, work in works.items():
        taken = []
        for script in scripts:
            fold.cache_clear()
            begin = time.thread_time()
            work(script)
            taken.append((time.thread_time() - begin) * 1000)
        cuts = quantiles(taken, n=20)
        print(f"600 characters, {name:6} {work_name:16} p50 {cuts[9]:5.2f} ms  p95 {cuts[-1]:5.2f} ms")


def _passes(rules: RuleSnapshot, name: str, text: str) -> None:
    size = len(text.encode()) / 1e6
    folded = fold.__wrapped__(text)
    codes = codes_of(folded.text)
    sights, _ = rules._search(folded.text)
    terms = AhoCorasick(sorted({term for rule in rules.rules for term in rule.terms}), matchkind=MatchKind.Standard)
    layer = rules._search.layers[0][0]

    def whole() -> int:
        fold.cache_clear()
        return len(rules.scan(text))

    bare = _best(lambda: terms.find_matches_as_indexes(folded.text, overlapping=True))
    scan = _best(whole)
    print(f"{name}: {size:.2f} MB, a finding every {len(text) // whole()} characters")
    print(f"  bare Aho-Corasick       {size / bare:7.1f} MB/s")
    print(f"  whole scan              {size / scan:7.2f} MB/s, {scan / bare:.1f} times the bare search")
    heard = Heard(folded.text, codes)
    for part, work in (
        ("fold", lambda: fold.__wrapped__(text)),
        ("terms and patterns", lambda: layer.sweep(folded.text, with_digits.codes(codes))),
        ("sound: text", lambda: Heard(folded.text, codes)),
        ("sound: terms", lambda: list(layer.sounds.find(heard))),
        ("context", lambda: rules._meant(folded, sights)),
    ):
        taken = _best(work)
        print(f"    {part:28} {taken * 1000:7.1f} ms, {taken / scan:4.0%}")


if __name__ == "__main__":
    main()
