"""Q08–Q12: nothing in the text but what the host says, whole and once."""

import re
from collections.abc import Iterator
from typing import Final

from backend.protocol.events import Finding
from backend.quality import craft
from backend.quality.draft import Draft
from backend.quality.facts import names_of
from backend.quality.normalize import fold
from backend.quality.record import fields_of
from backend.quality.rulebook import Severity

#: A catchphrase that calls people: 家人们, 姐妹们, 来来来.
_CALL: Final = re.compile(".{1,4}们|.{1,3}")
#: What the operator is told of a text that its model did not end by itself.
_BROKE_OFF: Final = "模型没有写完就停了，结尾可能缺了话"
_CUT_OFF: Final = {
    "length": "模型写到长度上限就停了，没有写完，结尾可能缺了话",
    "content_filter": "模型服务商按内容规则拦下了后文，这段话没有写完：可以换个写法再写一次，或者自己补完",
}


def voice(draft: Draft) -> Iterator[Finding]:
    for mark in craft.assistant_voice(draft.text):
        yield draft.finding("Q08", "block", (mark.start, mark.end), mark.problem, suggestion="")
    for mark in craft.copied(draft.text, draft.brief.prompt):
        yield draft.finding("Q08", "block", (mark.start, mark.end), mark.problem, suggestion="")
    request = fold(draft.brief.request).text
    product = draft.brief.product
    known = [*map(str, draft.brief.must_say)]
    if product is not None:
        known += [*names_of(product), fold(str(product["name"])).text.strip()]
        known += [value for field in fields_of(product) for value in (field, field.rpartition("：")[2])]
    # A wish may name what is in the record; saying that is no echo of the wish.
    for said in sorted((fold(one).text for one in known), key=len, reverse=True):
        if len(said) >= 2:
            request = request.replace(said, "。")
    if len(request) >= 14 and craft.overlap(request, draft.folded.text) > 0.2:
        yield draft.whole("Q08", "block", "把要求复述进了口播")


def ending(draft: Draft) -> Iterator[Finding]:
    mark, end = craft.truncation(draft.text), len(draft.text)
    if not draft.brief.finished:
        where = (mark.start, mark.end) if mark else (max(0, end - 6), end)
        yield draft.finding("Q09", "block", where, _CUT_OFF.get(draft.brief.ended, _BROKE_OFF))
    elif mark:
        yield draft.finding("Q09", "block", (mark.start, mark.end), mark.problem)


def repetition(draft: Draft) -> Iterator[Finding]:
    brief = draft.brief
    yield from _overdone(draft)
    exempt = [*brief.must_say, "本品不能代替药物", *((brief.product or {}).get("required_statements") or ())]
    if brief.product is not None:
        exempt += [*names_of(brief.product), str(brief.product["name"])]
    inside = craft.repetition(draft.text, exempt)
    if inside > 0.06:
        yield draft.whole("Q10", "fail", f"重复的话占{inside:.0%}")
    if brief.restyled:
        return
    across = max((craft.overlap(draft.text, other) for other in brief.previous_texts[-5:]), default=0.0)
    if across > 0.35:
        yield draft.whole("Q10", "fail", f"与之前的稿子有{across:.0%}相同")
    heard = max((craft.overlap(draft.text, other) for other in brief.room_texts[:5]), default=0.0)
    if heard > 0.35 >= across:
        # For a person to weigh: a room may want its call to action said the same way every time.
        yield draft.whole("Q10", "warn", f"与直播间刚播过的稿子有{heard:.0%}相同")


def _overdone(draft: Draft) -> Iterator[Finding]:
    """A catchphrase now and then makes a voice, in every second sentence a caricature; people are called more often."""
    seconds = craft.speakable(draft.text) * 60 / max(60, draft.brief.pace)
    for phrase in dict.fromkeys(filter(None, (fold(one).text.strip() for one in draft.brief.catchphrases))):
        places = [match.span() for match in re.finditer(re.escape(phrase), draft.folded.text)]
        most = 1 + int(seconds // (20 if _CALL.fullmatch(phrase) else 45))
        if len(places) > most:
            severity: Severity = "fail" if len(places) > 2 * most else "warn"
            message = f"口头禅“{phrase}”说了{len(places)}次，这么长的话术宜在{most}次以内"
            yield draft.finding("Q10", severity, draft.folded.span(*places[most]), message)


def markup(draft: Draft) -> Iterator[Finding]:
    for mark in craft.markup(draft.text):
        yield draft.finding("Q11", "block", (mark.start, mark.end), mark.problem, suggestion="")


def placeholders(draft: Draft) -> Iterator[Finding]:
    record = str(dict(draft.brief.product)) if draft.brief.product is not None else ""
    for mark in craft.placeholders(draft.text):
        said = draft.text[mark.start : mark.end]
        if said[0] in "（(" and said in record:
            continue  # the number of an approval: 苏食健广审（文）第251131号
        yield draft.finding("Q12", "block", (mark.start, mark.end), mark.problem)
