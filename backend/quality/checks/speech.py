"""Q01, Q02, Q13–Q16: how the script sounds: its length, breath, beginning, questions and sums."""

import re
from collections.abc import Iterator

from backend.protocol.events import Finding
from backend.quality import craft
from backend.quality.draft import Draft
from backend.quality.facts import names_of
from backend.quality.numbers import money_in
from backend.quality.rulebook import Severity
from backend.quality.wishes import names_length, wants_shorter


def duration(draft: Draft) -> Iterator[Finding]:
    brief = draft.brief
    if not brief.seconds:
        return
    if brief.previous_texts and wants_shorter(brief.request) and not names_length(brief.request):
        return  # Measured against the text before: see Q17.
    spoken = craft.speakable(draft.text)
    seconds = spoken * 60 / max(60, brief.pace)
    share = seconds / brief.seconds
    if not 0.85 <= share <= 1.18:
        direction = "偏长" if share > 1 else "偏短"
        wanted = round(brief.seconds * brief.pace / 60)
        severity: Severity = "warn" if 0.6 <= share <= 1.5 else "fail"
        message = f"约{seconds:.0f}秒，要求{brief.seconds}秒，{direction}：现在{spoken}字，宜{wanted}字左右"
        if share > 1 and (held := _held(draft) * 60 / max(60, brief.pace)) > brief.seconds * 0.4:
            # Nobody may leave these words out: the length is for a person to settle.
            severity = "warn"
            message += f"；其中商品名和必须说的话就要{held:.0f}秒"
        yield draft.whole("Q01", severity, message)


def _held(draft: Draft) -> int:
    """Return the spoken characters that no script about this product can do without."""
    product = draft.brief.product or {}
    statements = [*draft.brief.must_say, *(product.get("required_statements") or ())]
    return sum(craft.speakable(str(one)) for one in (product.get("name") or "", *statements))


def sentence_length(draft: Draft) -> Iterator[Finding]:
    lengths = craft.clause_lengths(draft.text)
    for mark in craft.long_sentences(draft.text, 50):
        # Breath is taken at commas: where they are near enough, only a sentence out of all measure is a warning.
        breathless = craft.speakable(draft.text[mark.start : mark.end]) > 90 or max(lengths) > 22
        yield draft.finding("Q02", "warn" if breathless else "info", (mark.start, mark.end), mark.problem)
    if lengths and max(lengths) > 26:
        yield draft.whole("Q02", "warn", f"最长的分句{max(lengths)}个字，一口气宜在22字以内")
    elif len(lengths) >= 6 and sum(length > 18 for length in lengths) / len(lengths) > 0.25:
        yield draft.whole("Q02", "warn", "长分句太多，念起来换不过气")


def hook(draft: Draft) -> Iterator[Finding]:
    if draft.brief.scenario in ("opening", "full") and not craft.opens_with_hook(draft.text):
        end = min(len(draft.text), 24)
        yield draft.finding("Q13", "warn", (0, end), "开头没有场景、问题或数字，留不住人")


def interaction(draft: Draft) -> Iterator[Finding]:
    if draft.brief.scenario in ("transition", "closing"):
        return
    seconds = draft.brief.seconds or craft.speakable(draft.text) * 60 / max(60, draft.brief.pace)
    if seconds >= 60 and craft.interactions(draft.text) < max(1, int(seconds // 90)):
        yield draft.whole("Q14", "warn", "一分钟里没有一句和观众互动的话")


def price_timing(draft: Draft) -> Iterator[Finding]:
    if draft.brief.scenario not in ("selling_points", "full", "seeding"):
        return
    first = next(iter(money_in(draft.folded.text)), None)
    if first is not None and first.start < len(draft.folded.text) * 0.2:
        yield draft.finding("Q15", "info", draft.folded.span(first.start, first.end), "先讲价值再报价更好")


def speakability(draft: Draft) -> Iterator[Finding]:
    product = draft.brief.product
    names = [*(names_of(product) if product else ()), str((product or {}).get("brand") or "")]
    # Letters of the record (TSA, IPX5, a certificate's number) are what it is called: they cannot be said otherwise.
    lettered = set(re.findall(r"[A-Za-z][A-Za-z\d+.-]*|\d{6,}", str(dict(product)) if product else ""))
    share = craft.unspeakable_share(
        draft.text, [name for name in (*names, *sorted(lettered, key=len, reverse=True)) if name]
    )
    if craft.is_foreign(draft.text, [name for name in names if name]):
        yield draft.whole("Q16", "block", "不是普通话，主播念不出来")
    elif share > 0.06:
        yield draft.whole("Q16", "warn", f"字母、长数字和符号占{share:.0%}，不好念")
