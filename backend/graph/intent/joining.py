"""Several texts of the thread that are to become one: 刚才那两段合成一段."""

import re
from collections.abc import Sequence
from typing import Final

from backend.graph.intent.amounts import number
from backend.graph.intent.finds import Finds
from backend.graph.intent.references import numbered
from backend.graph.intent.segments import segments_in
from backend.graph.intent.situation import Draft, Reading
from backend.graph.intent.vocabulary import SCENARIO_NAMES

_ONE: Final = r"(?:一|1)(?:整)?(?:段|条|篇|版|个|份|块儿?|起|稿|套)"
_JOIN: Final = re.compile(
    rf"(?:合|并|拼|捏|揉|凑|融|整(?=[合并成到在为])|串|连|缝|粘|(?<!再)接|综)(?:合|并)?(?:成|到|在|为|进|做|着)?(?:{_ONE}|起来|完整的?一)|"
    r"合并|(?:合成|并成|整合|融合|拼接|拼起来|合到|合在|捏合|并到|揉成)|二合一|三合一|合二为一|\b(?:merge|combine|join)\b"
)
#: It must be texts that become one: 把保温杯和辣条合并讲 is about products.
_TEXTS: Final = re.compile(
    r"[段条篇版稿]|刚才|上面|前面|之前|它们|这些|那些|这[几两俩三四五]|那[几两俩三四五]|前[几两俩三四五]|[两俩二三四五几]个|话术|文案|"
    r"都|全部?|\b(?:both|them|these|those|two|scripts?|drafts?|versions?)\b"
)
_HOW_MANY: Final = re.compile(r"([两俩二三四五六七八九十\d]+)(?:段|条|篇|版|个|份|稿)?(?=[^一]|$)")
_FIRST_ONES: Final = re.compile(
    r"(?<![目之以])(?:最?前|开头|开始(?:的|那))(?:面|边)?(?:的|那)?([两俩二三四五六])(?:段|条|篇|版|个|份)"
)
_EVERYTHING: Final = re.compile(r"全部|所有|都|这些|那些|整个|每[段条]")
_FEWEST: Final = 2
#: What a text made of others is, the gravest first.
_GRAVITY: Final = ("promotion", "selling_points", "seeding", "opening", "transition", "closing")
_QUESTION: Final = "这几段讲的不是同一个产品（{names}），合成一段会把价格和卖点串在一起。要怎么接？"


def join(finds: Finds) -> Reading | None:
    """Texts of the thread are to become one; of different products they are asked about."""
    text = _without_names(finds)
    match = _JOIN.search(text)
    drafts = finds.situation.drafts
    if match is None:
        return None
    rest = text[: match.start()] + "," + text[match.end() :]
    if not _TEXTS.search(rest) and len(_last_of(drafts, list({one.scenario for one in segments_in(rest)}))) < _FEWEST:
        return None
    if len(drafts) < _FEWEST:
        return finds.answer("unclear", 0.85, "fewer than two texts to join", missing="draft")
    places = _places(finds, rest)
    chosen = [drafts[place] for place in places]
    about = list(dict.fromkeys(draft.product_name for draft in chosen if draft.product_name))
    if len(about) > 1:
        finds.slots["odds"] = {"question": _QUESTION.format(names="、".join(about)), "options": _ways(about)}
        return finds.answer("unclear", 0.9, "texts of different products", missing="odds")
    wanted = next((one.scenario for one in reversed(finds.mentions) if one.start >= match.end()), None)
    scenario = wanted or min((one.scenario or "selling_points" for one in chosen), key=_GRAVITY.index)
    return finds.answer(
        "restyle", 0.92, "several texts as one", scenario=scenario, draft=places[-1], then="join", joined=tuple(places)
    )


def _without_names(finds: Finds) -> str:
    """Return what is wanted without the names of goods: a 三合一冲锋衣 joins nothing. Places stay places."""
    text = finds.positive
    for match in finds.products:
        text = text[: match.start] + "某" * (match.end - match.start) + text[match.end :]
    return text


def _places(finds: Finds, text: str) -> list[int]:
    """Return which texts are meant, at least two, in the order in which they were written."""
    drafts = finds.situation.drafts
    if len(named := numbered(text, drafts)) > 1:
        return sorted(named)
    segments = list(dict.fromkeys(one.scenario for one in segments_in(text)))
    if len(segments) > 1 and len(found := _last_of(drafts, segments)) > 1:
        return sorted(found)
    if (first := _FIRST_ONES.search(text)) and (count := _count(first[1])) <= len(drafts):
        return list(range(count))
    if (counted := _HOW_MANY.search(text)) and 2 <= (count := _count(counted[1])) <= len(drafts):
        return list(range(len(drafts) - count, len(drafts)))
    return list(range(len(drafts))) if _EVERYTHING.search(text) else [len(drafts) - 2, len(drafts) - 1]


def _last_of(drafts: Sequence[Draft], segments: Sequence[str]) -> list[int]:
    places = {draft.scenario: place for place, draft in enumerate(drafts)}
    return [places[one] for one in segments if one in places]


def _count(word: str) -> int:
    return 2 if word == "俩" else int(number(word))


def _ways(names: Sequence[str]) -> list[list[str]]:
    first, last = names[0], names[-1]
    over = f"写一段从{first}过到{last}的{SCENARIO_NAMES['transition']}"
    return [
        [f"写一句从{first}接到{last}的过款", over],
        *([f"只留{one}的", f"写一段{one}的{SCENARIO_NAMES['selling_points']}"] for one in names[:3]),
    ]
