"""The part of a text that a message speaks of and nothing else: 第二段删掉, 第一句换个说法, 结尾重写."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from backend.graph.intent.references import CHINESE_DIGITS
from backend.quality.craft import sentences

Unit = Literal["sentence", "paragraph"]

_CLAUSE: Final = re.compile(r"[，。；！？,;!?\s]+")
_ASKED: Final = r"(?:请|麻烦|帮我|给我|帮忙|你|先|就|只|能不能|可不可以|可以)*(?:把|将)?"
_IN_IT: Final = r"(?:(?:刚才|刚刚|上面|这|那|它|稿子?|文案|话术|里面?|中|的)|(?:[这那]|刚才|上)(?:一)?[个段条版篇稿])*"
_N: Final = r"(?P<{0}>[一二两三四五六七八九十]|\d{{1,2}})"
_WHERE: Final = (
    rf"(?:第{_N.format('nth')}(?P<unit>自然段|段|句话?|句)|倒数第{_N.format('back')}(?P<back_unit>自然段|段|句话?|句)"
    r"|(?P<end>开头|首|结尾|末尾|最后|收尾|尾)的?(?:[那这])?一?(?P<end_unit>段|句话?|句)?)(?:的?(?:话|内容|部分|文字))?"
)
_GO: Final = r"(?:删(?:掉|了|除|去)?|去(?:掉|除)|拿掉|砍掉|划掉|不要了?|省(?:掉|了))"
_ANEW: Final = (
    r"(?:换(?:一?[个种句下])?(?:说法|讲法|写法|表达|表述|别的|新的)?|换掉|改(?:一?[下改]|掉|个说法)|改写|"
    r"重写|重新写|另写一?句?|再写一?[遍句])"
)
_TAIL: Final = r"(?:一下|吧|了|啊|哈|呗|就行|就好|即可|行吗|好吗|可以吗)*"
_EDIT: Final = re.compile(
    rf"{_ASKED}{_IN_IT}{_WHERE}(?:给我|帮我|请|再|就|也|都|给|直接)*(?:(?P<go>{_GO})|(?P<anew>{_ANEW})){_TAIL}"
)
_PARAGRAPH: Final = re.compile(r"[^\n]*\S[^\n]*")
#: 第一句太平了, before 换一个.
_FAULT: Final = re.compile(
    rf"{_ASKED}{_IN_IT}{_WHERE}(?:有点|太|不太|不够|不|听着|读着|感觉|不好|别扭|拗口|绕口|生硬|平淡).{{0,6}}"
)
_ONLY: Final = re.compile(rf"(?:给我|帮我|请|就|直接)*(?:(?P<go>{_GO})|(?P<anew>{_ANEW})){_TAIL}")
_REST_STAYS: Final = re.compile(
    r"(?:其[他它余]|别的|剩下的?|另外的?|[前后]面的?)(?:地方|内容|部分|都|的|全部?|一律|就)*"
    r"(?:不变|不动|不改|别[动改]|不[用要](?:再)?[动改]|保[持留](?:不[变动]|原样)?|照旧|留着|原样)(?:了|吧|就行|就好)*"
)
_COURTEOUS: Final = re.compile(r"(?:请|麻烦|谢谢|多谢|辛苦了?|好的?|嗯|ok|那)?(?:了|你|您|啦)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PartChange:
    """Which part is meant, counted from 0 or, negative, from the end, and whether it goes or is said anew."""

    unit: Unit
    place: int
    goes: bool


def part_meant(request: str) -> PartChange | None:
    """Return the one part that a request speaks of and nothing else; None for every other request.

    第二段 that is to be said anew may be the second script of the conversation: only 第二自然段 is surely a paragraph.
    """
    found: PartChange | None = None
    fault: re.Match[str] | None = None
    for clause in _CLAUSE.split(request.strip()):
        if not clause or _REST_STAYS.fullmatch(clause) or _COURTEOUS.fullmatch(clause):
            continue
        match = _EDIT.fullmatch(clause)
        if match is not None and found is None and fault is None:
            found = _part(match, goes=match["go"] is not None)
            if found is None:
                return None
        elif found is None and fault is None and (fault := _FAULT.fullmatch(clause)) is not None:
            continue
        elif found is None and fault is not None and (only := _ONLY.fullmatch(clause)) is not None:
            found = _part(fault, goes=only["go"] is not None)
            if found is None:
                return None
        else:
            return None
    return found


def _part(match: re.Match[str], *, goes: bool) -> PartChange | None:
    unit = match["unit"] or match["back_unit"] or match["end_unit"] or "句"
    if unit == "段" and not goes and match["end"] is None:
        return None
    if match["end"] is not None:
        place = 0 if match["end"][0] in "开首" else -1
    else:
        said = match["nth"] or match["back"]
        number = int(said) if said.isdigit() else 2 if said == "两" else CHINESE_DIGITS[said]
        if number == 0:
            return None
        place = number - 1 if match["nth"] else -number
    return PartChange("paragraph" if unit.endswith("段") else "sentence", place, goes)


def bounds(text: str, unit: Unit) -> list[tuple[int, int]]:
    """Return where the sentences of `text`, or its paragraphs, begin and end."""
    if unit == "sentence":
        return list(sentences(text))
    return [match.span() for match in _PARAGRAPH.finditer(text)]


def span_of(text: str, part: PartChange) -> tuple[int, int] | None:
    """Return where the part begins and ends in `text`; None when there is none, or nothing but it would go."""
    found = bounds(text, part.unit)
    if not -len(found) <= part.place < len(found) or (part.goes and len(found) == 1):
        return None
    return found[part.place]
