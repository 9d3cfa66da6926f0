"""What a reviewer's words keep out of the text that is written anew: matters they do not want told (价格别放进去)."""

from typing import Final

from backend.graph.intent.folding import fold
from backend.graph.intent.situation import Situation
from backend.graph.intent.slots import read_slots
from backend.graph.intent.wording import plainly
from backend.graph.state import ScriptState
from backend.quality import untold

#: A length in characters says nothing of what is not to be said; any pace does.
_PACE: Final = 260


def unwanted(state: ScriptState) -> list[str]:
    """Return what must not be said in this run's next text: what the request says, and the matters of the remarks.

    Of two remarks the later counts: who asks for the price again gets it. Words that name no matter are left to the
    writer, who reads the remarks as they are.
    """
    found = list(state["slots"].get("must_not_say") or [])
    product = state["product"]
    for remark in (*state.get("remarks", []), state["feedback"]):
        if not remark:
            continue
        slots, _ = read_slots(plainly(fold(remark), Situation()), state["host"].get("pace") or _PACE)
        asked = {*slots.get("must_say", []), *slots.get("say_if_held", [])}
        found = [one for one in found if one not in asked]
        found += [one for one in slots.get("must_not_say", []) if untold.matters_of([one], product)]
    return list(dict.fromkeys(found))
