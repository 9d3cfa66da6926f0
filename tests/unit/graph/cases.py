"""The labelled messages and the situations they are read in. Every third one is held out: rules are not tuned on it."""

import json
from pathlib import Path
from typing import Any

from backend.graph.intent.naming import Known
from backend.graph.intent.reading import read
from backend.graph.intent.situation import Draft, Reading, Situation

_PRODUCTS = (
    Known("cup", "青禾316不锈钢保温杯", "青禾", "水杯水壶", ("保温杯",)),
    Known("snack", "卫龙辣条", "卫龙", "休闲零食", ("辣条",)),
    Known("towel", "云柔洗脸巾", "云柔", "个护清洁", ("洗脸巾",)),
    Known("cream", "润之源保湿面霜", "润之源", "护肤", ("面霜",)),
    Known("coffee", "晨野冻干咖啡", "晨野", "饮品冲调", ("咖啡",)),
    Known("brush", "净齿声波电动牙刷", "净齿", "个护清洁", ("电动牙刷",)),
    Known("rice", "黑土五常大米", "黑土", "粮油调味", ("大米",)),
)
_BASE: dict[str, Any] = {
    "products": _PRODUCTS,
    "hosts": {"xiaoya": "小雅", "daliu": "大刘"},
    "rooms": {"room-xiaoya": "小雅的直播间", "room-daliu": "大刘的直播间"},
}
_OPENING = Draft("大家好，今天聊聊喝水这件事。", "opening", "cup", "青禾316不锈钢保温杯", 30)
_POINTS = Draft("这包辣条我自己也囤。", "selling_points", "snack", "卫龙辣条", 60)
SITUATIONS = {
    "empty": Situation(**_BASE),
    "cup": Situation(**_BASE, product_id="cup", product_name="青禾316不锈钢保温杯", drafts=(_OPENING,)),
    "two": Situation(**_BASE, product_id="snack", product_name="卫龙辣条", drafts=(_OPENING, _POINTS)),
}
CASES: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("intent_cases.jsonl").read_text(encoding="utf-8").splitlines()
]
TUNED = [case for place, case in enumerate(CASES) if place % 3 != 2]
HELD_OUT = [case for place, case in enumerate(CASES) if place % 3 == 2]


def understood(case: dict[str, Any]) -> Reading:
    return read(case["message"], SITUATIONS[case["context"]])


def kind_is_right(case: dict[str, Any], reading: Reading) -> bool:
    return reading.kind == case["kind"] and (case["scenario"] is None or reading.scenario == case["scenario"])


def slot_is_right(case: dict[str, Any], reading: Reading, name: str) -> bool:
    """Whether a labelled slot was found; a list must hold what the label holds."""
    wanted, situation = case["slots"][name], SITUATIONS[case["context"]]
    if name in ("about", "missing"):
        return bool(getattr(reading, name) == wanted)
    if name == "product":
        draft = situation.drafts[reading.draft].product_id if reading.draft is not None else situation.product_id
        return bool(reading.slots.get("product_id", draft) == wanted)
    if name == "host":
        return wanted in (reading.slots.get("host_id"), str(reading.slots.get("room_id")).removeprefix("room-"))
    found = reading.slots.get(name)
    return set(wanted) <= set(found or ()) if isinstance(wanted, list) else found == wanted


def figures(cases: list[dict[str, Any]]) -> tuple[float, float, list[str]]:
    """Return the shares of right kinds and of right slots, and the errors in words."""
    kinds, slots, errors = [], [], []
    for case in cases:
        reading = understood(case)
        kinds.append(kind_is_right(case, reading))
        if not kinds[-1]:
            wanted = (case["kind"], case["scenario"])
            errors.append(f"{case['context']}: {case['message']} → {reading.kind}/{reading.scenario}, not {wanted}")
            continue
        for name in case["slots"]:
            slots.append(slot_is_right(case, reading, name))
            if not slots[-1]:
                errors.append(f"{case['context']}: {case['message']}: {name} {case['slots'][name]} in {reading}")
    return sum(kinds) / len(kinds), sum(slots) / max(len(slots), 1), errors
