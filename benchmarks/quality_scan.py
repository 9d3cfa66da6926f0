"""How fast the quality room is. Run: PYTHONPATH=. python benchmarks/quality_scan.py

The copy is varied: the different sentences of the evaluation sets and sample scripts, shuffled (with a fixed seed) and
put together until they are a megabyte; each comes a few times, with other neighbours. The sets are dense with what is
forbidden, so the clean sample scripts are measured by themselves as well. Throughput is of processor time, the best of
a few rounds, latency of the clock; on a busy machine the ratio to the bare search of the same run says most.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from statistics import quantiles

from backend.quality.context import Surroundings
from backend.quality.lexicon import RuleSnapshot, _outermost
from backend.quality.normalize import fold
from backend.quality.pii import find_pii
from backend.quality.rubric import ScriptBrief, review

_ROOT = Path(__file__).parent.parent
_SETS = ("tests/eval/*.jsonl", "tests/unit/quality/data/*.jsonl")
_CLEAN = ("tests/unit/quality/data/*clean*.jsonl",)
_CUP = {"name": "保温杯", "price": 129, "facts": {"材质": "316不锈钢"}, "points": [{"feature": "泡茶不串味"}]}
_BYTES = 1_050_000


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


def varied(patterns: tuple[str, ...] = _SETS) -> str:
    """Return at least a megabyte: all sentences, shuffled, again and again, so that each has new neighbours."""
    sentences = _sentences(patterns)
    random = Random(7)
    lines: list[str] = []
    size = 0
    while size < _BYTES:
        random.shuffle(sentences)
        for at in range(0, len(sentences), 6):
            lines.append("".join(sentences[at : at + 6]) + "\n")
            size += len(lines[-1].encode())
    return "".join(lines)


def _best(work: Callable[[], object], rounds: int = 5) -> float:
    return min(_seconds(work, rounds, time.process_time))


def _seconds(work: Callable[[], object], rounds: int, clock: Callable[[], float]) -> list[float]:
    taken = []
    for _ in range(rounds):
        begin = clock()
        work()
        taken.append(clock() - begin)
    return taken


def main() -> None:
    """Print load time, throughput and cost of the passes, and the latency of all checks on one script."""
    begin = time.perf_counter()
    rules = RuleSnapshot.load()
    print(f"load and compile          {(time.perf_counter() - begin) * 1000:7.0f} ms")
    for name, sets in (
        ("sets and samples", _SETS),
        ("sample scripts only", ("tests/unit/quality/data/*clean*.jsonl",)),
    ):
        _passes(rules, name, varied(sets))
    script = varied()[:600]
    brief = ScriptBrief("selling_points", 120, _CUP, ["卫龙辣条"], (), (), "写一段保温杯卖点")
    for name, work in (
        ("scan", lambda: rules.scan(script)),
        ("scan and learned", lambda: rules.check(script)),
        ("whole rubric", lambda: review(script, brief, rules)),
        ("personal data", lambda: find_pii(script)),
    ):

        def fresh(work: Callable[[], object] = work) -> object:
            fold.cache_clear()
            return work()

        taken = _seconds(fresh, 200, time.perf_counter)
        print(
            f"600 characters, {name:16} p50 {quantiles(taken, n=20)[9] * 1000:5.2f} ms"
            f"  p95 {quantiles(taken, n=20)[-1] * 1000:5.2f} ms"
        )


def _passes(rules: RuleSnapshot, name: str, sets: tuple[str, ...]) -> None:
    text = varied(sets)
    size = len(text.encode()) / 1e6
    folded = fold.__wrapped__(text)
    swept = rules._sweep(folded.text)
    hits = list(rules._hits(folded, swept.sightings))

    def whole() -> int:
        fold.cache_clear()
        return len(rules.scan(text))

    bare = _best(lambda: rules.scan_surface(folded.text))
    scan = _best(whole)
    print(f"{name}: {size:.2f} MB, {len(_sentences(sets))} different sentences, {whole()} findings")
    print(f"  bare Aho-Corasick       {size / bare:7.1f} MB/s")
    print(f"  whole scan              {size / scan:7.2f} MB/s, {scan / bare:.1f} times the bare search")
    for part, work in (
        ("fold", lambda: fold.__wrapped__(text)),
        ("terms and patterns", lambda: rules._sweep(folded.text)),
        ("sound", lambda: list(rules._sounds.find(folded.text))),
        ("surroundings", lambda: Surroundings(folded.text)),
        ("outermost, before allowing", lambda: _outermost(hits)),
    ):
        taken = _best(work)
        print(f"    {part:28} {taken * 1000:7.1f} ms, {taken / scan:4.0%}")


if __name__ == "__main__":
    main()
