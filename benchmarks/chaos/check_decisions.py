"""Checks: one outcome a question, one effect an approval, and everybody told so."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from benchmarks.chaos.history import Frame, History, InterruptRow, Truth

Found = Iterator[tuple[str, str, str]]

OUTCOME = {"approve": "approved", "edit": "edited", "reject": "rejected", "respond": "responded"}
_DECISION = {outcome: decision for decision, outcome in OUTCOME.items()}


def accepted_decisions_stand(history: History, truth: Truth) -> Found:
    """Of all decisions on a question at most one was accepted, and that is its outcome."""
    accepted: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for client in history.clients:
        for sent in client.sent.values():
            if sent.type != "interrupt_response":
                continue
            interrupt_id, choice = sent.body["interrupt_id"], sent.body["decision"]
            if sent.accepted is not None:
                accepted[interrupt_id].append((client.user_id, choice, client.name))
            if sent.refused is not None and sent.refused.code == "already_resolved":
                row = truth.interrupts.get(interrupt_id)
                told = sent.refused.details.get("decision")
                if row is not None and told != row.status:
                    yield "loser_told_wrong", f"{client.name}, {interrupt_id}", f"told {told}, it is {row.status}"
    for interrupt_id, winners in accepted.items():
        if len(winners) > 1:
            yield "decision_doubled", interrupt_id, f"accepted: {[(name, choice) for _, choice, name in winners]}"
        row = truth.interrupts.get(interrupt_id)
        for user_id, choice, name in winners[:1]:
            outcome = (row.status, row.decided_by) if row else ("unknown", None)
            if outcome != (OUTCOME[choice], user_id):
                yield "decision_lost", interrupt_id, f"{name} decided {choice}; the outcome is {outcome}"


def outcomes_are_told_once(_: History, truth: Truth) -> Found:
    """The log raises each question once and tells its outcome once, and the audit names who decided once."""
    told: dict[str, list[Frame]] = defaultdict(list)
    raised: Counter[str] = Counter()
    for log in truth.events.values():
        for event in log:
            if event["type"] == "interrupt":
                raised[event["interrupt_id"]] += 1
            elif event["type"] in ("interrupt_resolved", "interrupt_expired"):
                told[event["interrupt_id"]].append(event)
    audited = Counter(
        (entry.subject, entry.action.removeprefix("interrupt."))
        for entry in truth.audit
        if entry.action.removeprefix("interrupt.") in (*OUTCOME, "expired")
    )
    for row in truth.interrupts.values():
        found = ["expired" if e["type"] == "interrupt_expired" else e["decision"] for e in told.get(row.id, [])]
        due = [] if row.status == "pending" else [_DECISION.get(row.status, row.status)]
        if found != due or raised[row.id] != 1:
            yield "outcome_told_wrong", row.id, f"it is {row.status}; raised {raised[row.id]} times, told {found}"
        entries = {action: times for (subject, action), times in audited.items() if subject == row.id}
        expected = {} if row.status in ("pending", "cancelled") else {due[0]: 1}
        if entries != expected:
            yield "decision_not_audited", row.id, f"it is {row.status}; audited {entries}"


def approved_was_published_once(_: History, truth: Truth) -> Found:
    """An approval that ran to its end published its text once; nothing else was published."""
    last = _last_questions(truth)
    versions: dict[str, list[str]] = defaultdict(list)
    for version in truth.versions:
        if version.run_id is not None:
            versions[version.run_id].append(version.content)
    published = Counter(e.detail.get("run_id") for e in truth.audit if e.action == "script.published")
    for run_id, run in truth.runs.items():
        texts, row = versions.get(run_id, []), last.get(run_id)
        approved = row is not None and row.status in ("approved", "edited")
        effect = truth.effects.get(f"finalize:{run_id}")
        counts = (len(texts), published[run_id], int(effect is not None))
        if run.status == "cancelled" and any(counts):
            # Whichever was first: what is published can not be cancelled any more, what is cancelled not published.
            yield "effect_cancelled", f"run {run_id}", f"(versions, audit, ledger) = {counts}"
        if max(counts) > 1:
            yield "effect_doubled", f"run {run_id}", f"(versions, audit, ledger) = {counts}"
        elif not approved:
            if any(counts):
                yield "effect_undecided", f"run {run_id}", f"its question is {row.status if row else 'not there'}"
        elif len(set(counts)) > 1 or (run.status == "completed" and counts != (1, 1, 1)):
            yield "effect_missing", f"run {run_id} ({run.status})", f"(versions, audit, ledger) = {counts}"
        if approved and row is not None and texts and texts[0] != _approved_text(row):
            yield "published_text_differs", f"run {run_id}", f"…{texts[0][-40:]!r}"


def publications_are_told(_: History, truth: Truth) -> Found:
    """The log of a run that published says so; when a crash made it say so twice, it says the same."""
    told: dict[str, list[Frame]] = defaultdict(list)
    for log in truth.events.values():
        for event in log:
            if event["type"] == "script_finalized":
                told[event["run_id"]].append(event)
    for key, effect in truth.effects.items():
        kind, _, run_id = key.partition(":")
        if kind != "finalize" or run_id not in truth.runs:
            continue
        found = [{name: event.get(name) for name in effect} for event in told.pop(run_id, [])]
        ended = truth.runs[run_id].status == "completed"
        if (ended and not found) or any(one != effect for one in found):
            wrong = "not told" if not found else "told otherwise"
            yield "publication_told_wrong", f"run {run_id} ({truth.runs[run_id].status})", wrong
    for run_id in told:
        yield "publication_told_wrong", f"run {run_id}", "told, and never published"


def screens_hold_the_latest(_: History, truth: Truth) -> Found:
    """Each room was cued once a publication, and holds the last."""
    cued: dict[str, dict[int, list[Frame]]] = defaultdict(lambda: defaultdict(list))
    for key, effect in truth.effects.items():
        if key.startswith("finalize:") and effect.get("room_id"):
            cued[effect["room_id"]][effect["prompter_version"]].append(effect)
    for room_id, row in truth.screens.items():
        versions = cued.get(room_id, {})
        if sorted(versions) != list(range(1, row.version + 1)) or any(len(one) != 1 for one in versions.values()):
            missing = sorted(set(range(1, row.version + 1)) ^ set(versions))
            yield "effect_doubled", f"room {room_id}", f"at version {row.version}; cues unaccounted for: {missing}"
        latest = versions.get(row.version, [{}])[0]
        shown = (row.script_id, row.script_version, row.content)
        if shown != (latest.get("script_id"), latest.get("version"), latest.get("content")):
            yield "screen_not_latest", f"room {room_id}", f"version {row.version} shows {shown[:2]}"


def audit_holds(_: History, truth: Truth) -> Found:
    """Nobody changed, removed or inserted an entry."""
    for tenant, number in truth.audit_broken_at.items():
        yield "audit_broken", f"tenant {tenant}", f"entry {number}"


CHECKS = (
    accepted_decisions_stand,
    outcomes_are_told_once,
    approved_was_published_once,
    publications_are_told,
    screens_hold_the_latest,
    audit_holds,
)


def _last_questions(truth: Truth) -> dict[str, InterruptRow]:
    last: dict[str, InterruptRow] = {}
    for row in sorted(truth.interrupts.values(), key=lambda one: one.created_at):
        last[row.run_id] = row
    return last


def _approved_text(row: InterruptRow) -> str | None:
    answer = row.decision or {}
    return answer.get("content") if row.status == "edited" else row.params.get("content")
