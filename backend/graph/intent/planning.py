"""Many texts at once as the plan of a show: made of what was asked, said in one line, and read back from that line.

The line is the option that the operator confirms. It says everything, so that nothing has to be remembered between the
question and the answer, and what is confirmed is what was read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from backend.graph.intent.amounts import number
from backend.graph.intent.folding import fold
from backend.graph.intent.naming import Known
from backend.graph.intent.segments import STRONG, segments_in
from backend.graph.intent.situation import Reading, Situation
from backend.graph.intent.vocabulary import SCENARIO_NAMES

#: Products of one plan at most: more are better chosen from a table, on the page of shows.
MOST: Final = 40
#: Seconds of a segment when nobody says how long.
USUAL_SECONDS: Final = {
    "opening": 30, "selling_points": 60, "promotion": 30, "seeding": 45, "transition": 15, "closing": 20,
}  # fmt: skip
_WHOLE: Final = re.compile(r"整场|全场|全套|整套|一条龙|从头到尾|一整[场晚]|整晚")
_WHOLE_SEGMENTS: Final = ("opening", "selling_points", "promotion")
#: Several versions of one text are no show: a product has each segment once.
_VERSIONS: Final = re.compile(
    r"[几两二三四五六七八九十\d](?:个|种)?(?:版本?|写法|说法|稿|备选|方案)|(?:来|写|出|给)我?几[条段]"
)
_PIECES: Final = re.compile(r"[几两二三四五六七八九十\d]+(?:条|段|篇)")
_FOR_ALL: Final = re.compile(r"[各每]|所有|全部|挨个|逐[个款]|统统|产品|商品|品|款")
_COUNT: Final = re.compile(r"([二两三四五六七八九十\d]{1,3})(?:个|款|件|样|种)(?:产品|商品|品|链接|货)?")
_LINE: Final = re.compile(
    r"^按方案开写:(?P<segments>[^|]+)\|每段(?P<seconds>默认|\d+秒)\|(?P<room>[^|]+)\|(?P<count>\d+)款:(?P<names>.+)$"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Each of the products gets each of the segments, in a room. `seconds` is for one text; None for the usual ones."""

    segments: tuple[str, ...]
    seconds: int | None
    room: tuple[str, str]
    products: tuple[Known, ...]

    def line(self) -> str:
        """Say the whole plan."""
        names = "、".join(known.name for known in self.products)
        segments = "、".join(SCENARIO_NAMES[one] for one in self.segments)
        each = f"{self.seconds}秒" if self.seconds else "默认"
        return f"按方案开写：{segments}｜每段{each}｜{self.room[1]}｜{len(self.products)}款：{names}"

    def items(self) -> list[dict[str, Any]]:
        """Return the texts in the order in which they are said."""
        return [
            {"product_id": known.id, "scenario": one, "seconds": self.seconds or USUAL_SECONDS[one]}
            for known in self.products
            for one in self.segments
        ]

    @property
    def total_seconds(self) -> int:
        """How long all of it takes to say."""
        return sum(item["seconds"] for item in self.items())

    def plain(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "room_id": self.room[0],
            "room": self.room[1],
            "segments": list(self.segments),
            "items": self.items(),
            "total_seconds": self.total_seconds,
        }


def plans(reading: Reading, situation: Situation, message: str, room_id: str | None) -> list[Plan]:
    """Return what could be meant, the likeliest first; nothing when no show can be made of it.

    Without a room at hand there is one plan for each room.
    """
    text = fold(message)
    versions = _VERSIONS.search(text) or (_PIECES.search(text) and not _FOR_ALL.search(text))
    if versions or not situation.rooms:
        return []
    chosen = _products(reading, situation.products, text)
    if not 1 < len(chosen) <= MOST:
        return []
    seconds = reading.slots.get("seconds")
    rooms = [(id_, name) for id_, name in situation.rooms.items() if room_id in (None, id_)]
    sets = _segment_sets(reading, text)
    return [Plan(segments, seconds, room, tuple(chosen)) for room in rooms[:3] for segments in sets][:4]


def _products(reading: Reading, products: Sequence[Known], text: str) -> list[Known]:
    """Those of the category that is named, as many as are counted, else all there are."""
    chosen = [known for known in products if not reading.candidates or known.id in reading.candidates]
    counted = _COUNT.search(text)
    if counted is not None and counted[1] != "一" and (count := int(number(counted[1]))) >= 2:
        return chosen[:count]
    return chosen


def _segment_sets(reading: Reading, text: str) -> list[tuple[str, ...]]:
    named = tuple(dict.fromkeys(one.scenario for one in segments_in(text) if one.weight > STRONG))
    if named:
        return [named]
    if reading.scenario is not None:
        return [(reading.scenario,)]
    whole, single = _WHOLE_SEGMENTS, ("selling_points",)
    return [whole, single] if _WHOLE.search(text) else [single, whole]


def read_plan(text: str, situation: Situation) -> Plan | None:
    """Read the folded line of a plan; None when it is none, or what it names is not there (any more)."""
    match = _LINE.match(text)
    if match is None:
        return None
    segments = tuple(key for key, name in SCENARIO_NAMES.items() if fold(name) in match["segments"].split("、"))
    room = next(((id_, name) for id_, name in situation.rooms.items() if fold(name) == match["room"]), None)
    found: list[tuple[int, Known]] = []
    names = match["names"]
    # The longest first: one name may be part of another.
    for known in sorted(situation.products, key=lambda one: -len(one.name)):
        at = names.find(fold(known.name))
        if at >= 0:
            found.append((at, known))
            names = names[:at] + "\0" * len(fold(known.name)) + names[at + len(fold(known.name)) :]
    if room is None or not segments or len(found) != int(match["count"]):
        return None
    seconds = None if match["seconds"] == "默认" else int(match["seconds"].removesuffix("秒"))
    if seconds is not None and not 5 <= seconds <= 1800:
        return None
    return Plan(segments, seconds, room, tuple(known for _, known in sorted(found, key=lambda pair: pair[0])))


def is_plan(text: str) -> bool:
    """Tell whether folded `text` is the line of a plan, whether it can still be done or not."""
    return text.startswith("按方案开写:")
