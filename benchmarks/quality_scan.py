"""How fast the quality room is. Run: PYTHONPATH=. python benchmarks/quality_scan.py"""

import time
from collections.abc import Callable
from statistics import median, quantiles

from backend.quality.lexicon import RuleSnapshot
from backend.quality.pii import find_pii
from backend.quality.rubric import ScriptBrief, review

_LINE = (
    "早上出门灌一杯热水，到了下午还是烫的。今天这款保温杯，内胆用的是316不锈钢，泡茶泡果汁都不串味，今"
    "天直播间129元。喜欢的朋友点下方一号链接。\n"
)
_CUP = {"name": "保温杯", "price": 129, "facts": {"材质": "316不锈钢"}, "points": [{"feature": "泡茶不串味"}]}


def _seconds(work: Callable[[], object], rounds: int) -> list[float]:
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return taken


def main() -> None:
    """Print load time, throughput of the passes and the latency of all checks on one script."""
    begin = time.perf_counter()
    rules = RuleSnapshot.load()
    print(f"load and compile          {(time.perf_counter() - begin) * 1000:7.0f} ms")
    big = _LINE * (1_000_000 // len(_LINE.encode()))
    size = len(big.encode()) / 1e6
    print(f"terms on the surface      {size / median(_seconds(lambda: rules.scan_surface(big), 7)):7.1f} MB/s")
    part = big[: len(big) // 10]
    print(f"whole scan                {size / 10 / median(_seconds(lambda: rules.scan(part), 3)):7.2f} MB/s")
    script = (_LINE * 10)[:600]
    brief = ScriptBrief("selling_points", 120, _CUP, ["卫龙辣条"], (), (), "写一段保温杯卖点")
    for name, work in (
        ("scan", lambda: rules.scan(script)),
        ("whole rubric", lambda: review(script, brief, rules)),
        ("personal data", lambda: find_pii(script)),
    ):
        taken = _seconds(work, 200)
        print(
            f"600 characters, {name:13} p50 {median(taken) * 1000:5.2f} ms"
            f"  p95 {quantiles(taken, n=20)[-1] * 1000:5.2f} ms"
        )


if __name__ == "__main__":
    main()
