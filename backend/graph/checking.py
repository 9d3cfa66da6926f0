"""What nodes that check a text share: the rules in force, what was asked for, and the report as the state keeps it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from backend.graph import remarked
from backend.graph.prompts import fixed_words, without_slots
from backend.graph.state import GraphContext, ScriptState
from backend.graph.variants import sections_of
from backend.protocol.events import Finding, QualityFeedback
from backend.quality.checks.compliance import compliance
from backend.quality.draft import Draft
from backend.quality.lexicon import IMPLIED, RuleSnapshot
from backend.quality.normalize import fold
from backend.quality.rubric import UNAPPROVED, QualityReport, ScriptBrief, score_of, verdict_of

#: What a draft of ours is sent back for; warnings are for the person to weigh.
SERIOUS: Final = frozenset({"block", "fail"})
#: Rules whose findings hang on what the product's record says: its price, stock, facts, gifts, honours and dates.
OF_THE_RECORD: Final = frozenset({"PRI-002", "PRI-005", "PRI-010", "FAC-001", "FAC-004", "FAC-005", "DAT-003"})
_CLAUSE_END: Final = frozenset("，。！？；…\n")
_SENTENCE_END: Final = frozenset("。！？\n")
#: Longer than any sentence that can be said; what never ends must not be read again and again.
_LONGEST: Final = 160
#: So often at most is a draft underlined anew; each time is an event of the thread's log.
_MOST_OFTEN: Final = 20


async def rules_in_force(state: ScriptState, context: GraphContext) -> RuleSnapshot:
    """Return the rules that hold now for the tenant and the state's room; whoever asks uses them to its end."""
    room = state.get("room")
    return await context.rules(context.tenant_id, UUID(room["id"]) if room else None)


def brief_of(state: ScriptState, product: dict[str, Any]) -> ScriptBrief:
    """Return what a text of this run is checked against, with these facts of its product."""
    # A text that was wanted back is the same as before on purpose.
    restored = state["reading"]["then"] == "restore"
    slots, previous = state["slots"], {} if restored else state.get("previous") or {}
    others = [state["previous_product"]] if state["previous_product"] else []
    return ScriptBrief(
        scenario=slots["scenario"],
        seconds=slots.get("seconds"),
        product=product or None,
        other_products=others,
        must_say=slots.get("must_say") or [],
        must_not_say=[*remarked.unwanted(state), *(state["host"].get("taboo_words") or [])],
        request=state["request"]["content"],
        pace=state["host"]["pace"],
        catchphrases=state["host"].get("catchphrases") or [],
        previous_texts=[previous["content"]] if previous.get("content") else [],
        # Figures that the words themselves put in are not the old ones on purpose.
        restyled=state["kind"] == "restyle" and not restored and not slots.get("prices"),
        room_texts=[] if restored else state.get("aired") or [],
        prompt="\n".join([fixed_words("script"), *map(without_slots, sections_of(state).values())]),
        finished=state["edited"] or state.get("finished", True),
        ended=state.get("ended", "length"),
    )


def plain_report(report: QualityReport, retry: bool) -> dict[str, Any]:
    """Return a report as plain JSON, with what the writer is to mend."""
    return {
        "verdict": report.verdict,
        "score": report.score,
        "findings": [finding.model_dump(mode="json") for finding in report.findings],
        "checks": [check.model_dump(mode="json") for check in report.checks],
        "rules_version": report.rules_version,
        "retry": retry,
        "to_fix": [
            {"excerpt": finding.excerpt, "suggestion": finding.suggestion, "message": finding.message}
            for finding in report.findings
            if finding.severity in SERIOUS and finding.category != UNAPPROVED
        ],
    }


def newly_forbidden(now: Sequence[Finding], before: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Return what blocks a text now and did not when somebody decided about it.

    `before` are the findings of that time as plain JSON: what a person overrode stays overridden.
    """
    known = {(one["rule"], one["excerpt"]) for one in before if one["severity"] == "block"}
    return [one for one in now if one.severity == "block" and (one.rule, one.excerpt) not in known]


def no_longer_borne_out(
    now: Sequence[Finding], then: Sequence[Finding], before: Sequence[Mapping[str, Any]]
) -> list[Finding]:
    """Return what a text says that the record bore out when somebody decided about it and no longer does.

    `now` and `then` are findings by the same rules, with the record of now and that of then; `before` are those that
    the person saw, as plain JSON. A doubt is enough: nobody has weighed it.
    """
    seen = {(one.rule, one.excerpt) for one in then} | {(one["rule"], one["excerpt"]) for one in before}
    return [
        one
        for one in now
        if one.rule in OF_THE_RECORD and one.severity != "info" and (one.rule, one.excerpt) not in seen
    ]


class Underlining:
    """Checks a text clause by clause while it is written, so that what is wrong is underlined as it appears.

    A clause is looked at within its sentence, as far as that goes: a later clause may take back what an earlier one
    seems to say. Only the rules are asked; what needs the whole text comes with the report.
    """

    def __init__(
        self, rules: RuleSnapshot, brief: ScriptBrief, message_id: UUID, say: Callable[[QualityFeedback], None]
    ) -> None:
        self._rules, self._brief, self._message_id, self._say = rules, brief, message_id, say
        self._text = ""
        #: Where the sentence under way begins, and what was found before it and in it.
        self._begin = 0
        self._before: list[Finding] = []
        self._now: list[Finding] = []
        self._left = _MOST_OFTEN

    def feed(self, piece: str) -> None:
        """Take the next piece of the text as it was shown."""
        for part in _clauses(piece):
            self._text += part
            if self._left and part[-1] in _CLAUSE_END:
                self._look(ended=part[-1] in _SENTENCE_END or len(self._text) - self._begin > _LONGEST)

    def _look(self, *, ended: bool) -> None:
        sentence = self._text[self._begin :]
        found = [
            finding.model_copy(update={"span": (finding.span[0] + self._begin, finding.span[1] + self._begin)})
            for finding in compliance(Draft(sentence, fold(sentence), self._brief, self._rules, ()))
            # What a sentence implies without a word of it shows when it is whole.
            if ended or not finding.rule.startswith(IMPLIED)
        ]
        if found != self._now:
            self._now = found
            self._tell()
        if ended:
            self._before += found
            self._now = []
            self._begin = len(self._text)

    def _tell(self) -> None:
        findings = [*self._before, *self._now]
        self._left -= 1
        self._say(
            QualityFeedback(
                message_id=self._message_id,
                content=self._text,
                verdict=verdict_of(findings),
                score=score_of(findings),
                findings=findings,
                checks=[],
                rules_version=self._rules.version,
                final=False,
            )
        )


def _clauses(text: str) -> Iterator[str]:
    begin = 0
    for place, character in enumerate(text):
        if character in _CLAUSE_END:
            yield text[begin : place + 1]
            begin = place + 1
    if begin < len(text):
        yield text[begin:]
