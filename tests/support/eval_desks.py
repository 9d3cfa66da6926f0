"""Scripts of many trades in other voices, each with what may be planted in it (`tests/eval/sources/desks*.txt`)."""

import json
from collections.abc import Iterator
from typing import Any

from tests.support.eval_sources import SOURCES

_TIERS = {
    "Q01": "length", "Q03": "price", "Q05": "fact", "Q07": "stale name", "Q08": "assistant", "Q09": "cut",
    "Q11": "markup", "Q12": "placeholder", "Q17": "obedience", "Q18": "stock", "Q19": "statement", "Q20": "violation",
}  # fmt: skip


def desks() -> Iterator[dict[str, Any]]:
    """The clean scripts and those with a defect: the checks were mended by the first file, the second judges."""
    yield from _of_file("desks.txt", "dev")
    yield from _of_file("desks_fresh.txt", "test")


def _of_file(name: str, part: str) -> Iterator[dict[str, Any]]:
    lines = (SOURCES / name).read_text(encoding="utf-8").splitlines()
    products = [json.loads(line[1:]) for line in lines if line.startswith("@")]
    trades = [product.pop("trade") for product in products]
    place, brief, clean = -1, dict[str, Any](), dict[str, Any]()
    for line in lines:
        if line.startswith("@"):
            place += 1
        elif line.startswith("="):
            scenario, seconds, request = (part.strip() for part in line[1:].split("|"))
            others = [one["name"] for one, trade in zip(products, trades, strict=True) if trade != trades[place]]
            others += [one["name"] for at, one in enumerate(products) if trades[at] == trades[place] and at != place]
            brief = {
                "scenario": scenario, "seconds": int(seconds) if seconds else None, "request": request,
                "product": products[place], "other_products": others,
            }  # fmt: skip
            clean = {}
        elif line.startswith("- "):
            yield _planted(clean, line[2:])
        elif line and not line.startswith("#"):
            clean = {
                "type": "script",
                "text": line,
                "brief": brief,
                "split": part,
                "template": f"{products[place]['name']} {brief['request']}",
            }
            yield {**clean, "tier": "clean", "defects": []}


def _planted(clean: dict[str, Any], row: str) -> dict[str, Any]:
    check, _, change = (part.strip() for part in row.partition("|"))
    case = {**clean, "tier": _TIERS[check], "defects": [check]}
    text = clean["text"]
    if check == "Q01":
        return {**case, "brief": {**clean["brief"], "seconds": int(change.partition("=>")[2])}}
    if check == "Q17":
        return {**case, "brief": {**clean["brief"], "must_say": [change.partition("=>")[2].strip()]}}
    if change.startswith("^"):
        return {**case, "text": change[1:].strip().replace("\\n", "\n") + text}
    if change.startswith("+"):
        return {**case, "text": text + change[1:].strip()}
    old, _, new = (part.strip() for part in change.partition("=>"))
    assert old in text, (old, text)
    return {**case, "text": text.replace(old, new, 1)}
